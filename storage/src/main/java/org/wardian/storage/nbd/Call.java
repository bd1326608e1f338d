package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A request of a client that waits for its answer. One thread waits, another fills. */
final class Call {
  /** A range of what a metadata context says. */
  record Status(long length, int flags) {}

  final int type;
  final long offset;
  final long length;

  /** Room for what is read, or null. */
  final ByteBuffer target;

  final Coverage coverage;
  final List<Status> statuses = new ArrayList<>();

  /** The server's error, or 0. */
  int error;

  String message = "";

  private final Thread waiter = Thread.currentThread();
  private volatile boolean done;
  private IOException failure;

  Call(int type, long offset, long length, ByteBuffer target) {
    this.type = type;
    this.offset = offset;
    this.length = length;
    this.target = target;
    coverage = new Coverage(type == Protocol.CMD_READ ? length : 0);
  }

  /** The answer has come whole. */
  void answered() {
    done = true;
    LockSupport.unpark(waiter);
  }

  /** There will be no answer. */
  void lost(IOException cause) {
    failure = cause;
    answered();
  }

  /**
   * Waits for the answer.
   *
   * @throws IOException where none will come
   */
  void await() throws IOException {
    boolean interrupted = false;
    while (!done) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      waiter.interrupt();
    }
    if (failure != null) {
      throw failure;
    }
  }
}

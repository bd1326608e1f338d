package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** One client's connection from its first byte to its last. */
final class ServerConnection {
  private final NbdServer server;
  private final Wire wire;
  private final CountDownLatch end = new CountDownLatch(1);
  private volatile NbdExport export;
  private volatile boolean chosen;
  private volatile Future<?> deadline;

  ServerConnection(NbdServer server, Wire wire) {
    this.server = server;
    this.wire = wire;
  }

  /** Talks to the client until one of both leaves. */
  void run() {
    try {
      WireInput input = new WireInput(wire);
      int flags = greet(input);
      OptionHaggling haggling = new OptionHaggling(server, this, wire, input, flags);
      Agreement agreement = haggling.run();
      if (agreement != null) {
        chosen = true;
        new Transmission(server, agreement, wire, input).run();
      }
    } catch (IOException | OutOfMemoryError e) {
      // A client that leaves or talks nonsense: the connection ends, which is all the protocol has.
      return;
    } finally {
      wire.close();
    }
  }

  private int greet(WireInput input) throws IOException {
    ByteBuffer greeting = ByteBuffer.allocate(18);
    greeting.putLong(Protocol.NBDMAGIC).putLong(Protocol.IHAVEOPT);
    greeting.putShort((short) (Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES));
    wire.write(greeting.flip());
    input.need(4);
    int flags = input.getInt();
    if ((flags & ~(Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES)) != 0) {
      throw new ProtocolException("unknown client flags 0x" + Integer.toHexString(flags));
    }
    return flags;
  }

  /** Whether it has chosen this export. */
  boolean uses(NbdExport asked) {
    return asked.equals(export);
  }

  void use(NbdExport value) {
    export = value;
  }

  /** What it has chosen, or null. */
  NbdExport export() {
    return export;
  }

  /** Time is up for a client that has not chosen. */
  void endUnlessChosen() {
    if (!chosen) {
      wire.close();
    }
  }

  /** Lets requests that are under way end, and takes no others. */
  void dismiss() {
    wire.endInput();
    if (!chosen) {
      wire.close();
    }
  }

  /** What ends it in time unless it has chosen. */
  void limit(Future<?> task) {
    deadline = task;
  }

  void ended() {
    Future<?> task = deadline;
    if (task != null) {
      task.cancel(false);
    }
    end.countDown();
  }

  /**
   * Waits until nothing of the connection is under way.
   *
   * @param until by {@link System#nanoTime}: then its answers find no way any more
   */
  void awaitEnd(long until) {
    boolean interrupted = false;
    boolean patient = true;
    while (true) {
      try {
        if (patient && !end.await(until - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          wire.close();
          patient = false;
        }
        end.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
        patient = false;
        wire.close();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

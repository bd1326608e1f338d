package org.wardian.cli.console;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Takes the guest's characters on the processor's thread and writes them on its own, so that a slow
 * terminal does not stop the guest until {@value #CAPACITY} bytes are waiting.
 */
final class OutputPump implements AutoCloseable {
  private static final int CAPACITY = 1 << 16;

  private final OutputStream out;
  private final Consumer<IOException> lost;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final byte[] ring = new byte[CAPACITY];
  private long written;
  private long read;
  private byte last = '\n';
  private boolean closed;
  private boolean broken;
  private boolean hurried;

  /**
   * @param lost called once, on the pump's thread, when {@code out} takes nothing any more
   */
  OutputPump(OutputStream out, Consumer<IOException> lost) {
    this.out = out;
    this.lost = lost;
    this.thread = Thread.ofPlatform().daemon().name("console-output").unstarted(this::pump);
  }

  void start() {
    thread.start();
  }

  /** Takes one character; waits where the terminal is far behind. Any thread. */
  void put(byte character) {
    lock.lock();
    try {
      while (written - read == CAPACITY && !broken && !hurried) {
        changed.awaitUninterruptibly();
      }
      if (written - read == CAPACITY) {
        return;
      }
      ring[(int) (written++ % CAPACITY)] = character;
      last = character;
      if (written - read == 1) {
        changed.signalAll();
      }
      if (broken) {
        read = written;
      }
    } finally {
      lock.unlock();
    }
  }

  /** From now on loses characters where it would wait: the machine has to come to its end. */
  void hurry() {
    lock.lock();
    try {
      hurried = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The last character taken, or a line end where there was none. */
  byte last() {
    lock.lock();
    try {
      return last;
    } finally {
      lock.unlock();
    }
  }

  private void pump() {
    byte[] chunk = new byte[CAPACITY];
    while (true) {
      int length = take(chunk);
      if (length == 0) {
        return;
      }
      try {
        out.write(chunk, 0, length);
        out.flush();
      } catch (IOException readerIsGone) {
        lock.lock();
        try {
          broken = true;
          read = written;
          changed.signalAll();
        } finally {
          lock.unlock();
        }
        lost.accept(readerIsGone);
        return;
      }
    }
  }

  /** Waits for characters; 0 when there will be none any more. */
  private int take(byte[] chunk) {
    lock.lock();
    try {
      while (written == read && !closed) {
        changed.awaitUninterruptibly();
      }
      int length = (int) (written - read);
      for (int i = 0; i < length; i++) {
        chunk[i] = ring[(int) ((read + i) % CAPACITY)];
      }
      read += length;
      changed.signalAll();
      return length;
    } finally {
      lock.unlock();
    }
  }

  /** Writes what is waiting, for two seconds at most where the reader is stuck. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(TimeUnit.SECONDS.toMillis(2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package org.wardian.conformance.blocks;

import java.util.SplittableRandom;

/**
 * A thread that stops a processor again and again while a block runs, at moments that nobody
 * chooses. What it stopped goes on from its saved state, which must be complete wherever that was.
 */
final class Stops implements AutoCloseable {
  /** More than a block can be stopped before something is wrong. */
  static final int MOST = 100_000;

  private static final int LONGEST_WAIT = 2_000;

  private final Thread thread = new Thread(this::stop, "block-stops");
  private BlockEngine engine;
  private volatile boolean closed;

  Stops() {
    thread.setDaemon(true);
    thread.start();
  }

  /** Stops {@code next} from now on, or nobody: then all are left alone once this returns. */
  synchronized void of(BlockEngine next) {
    engine = next;
  }

  private void stop() {
    SplittableRandom random = new SplittableRandom(1);
    while (!closed) {
      kick();
      for (int wait = random.nextInt(LONGEST_WAIT); wait > 0; wait--) {
        Thread.onSpinWait();
      }
    }
  }

  private synchronized void kick() {
    if (engine != null && engine.began != 0) {
      engine.vcpu.kick();
    }
  }

  /** Ends the thread; the processor may be closed afterwards. */
  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package org.wardian.processor.software;

import java.util.concurrent.locks.LockSupport;

/**
 * Notices that a guest spins: many PAUSEs in a short time. What it waits for may be the work of
 * another vCPU that has no core of the host just now, so it gives its own away. Real processors do
 * the same with a window and a gap ("PAUSE-loop exiting", Intel SDM vol. 3).
 */
final class SpinWatch {
  /** PAUSEs between two looks at the clock. */
  private static final int WINDOW = 256;

  /** A window that took longer was no spinning, in nanoseconds. */
  private static final long DENSE = 1_000_000;

  /** After so many windows in a row giving way did not help. */
  private static final int PATIENCE = 16;

  /** How long it then sleeps, in nanoseconds. */
  private static final long NAP = 50_000;

  private int pauses;
  private int windows;
  private long began;

  /** One PAUSE was executed. */
  void pause() {
    if (++pauses < WINDOW) {
      Thread.onSpinWait();
      return;
    }
    pauses = 0;
    long now = System.nanoTime();
    windows = now - began < DENSE ? windows + 1 : 0;
    if (windows > PATIENCE) {
      LockSupport.parkNanos(this, NAP);
    } else if (windows > 0) {
      Thread.yield();
    }
    began = System.nanoTime();
  }
}

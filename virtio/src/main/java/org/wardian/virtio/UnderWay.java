package org.wardian.virtio;

/** How many requests of each of several kinds a back end has. Any thread; its monitor guards it. */
public final class UnderWay {
  private final int[] counts;

  /** Counters for kinds 0 to {@code kinds} - 1. */
  public UnderWay(int kinds) {
    counts = new int[kinds];
  }

  /** A request begins. */
  public synchronized void begin(int kind) {
    counts[kind]++;
  }

  /** A request has ended, and touches guest memory no more. */
  public synchronized void end(int kind) {
    if (--counts[kind] == 0) {
      notifyAll();
    }
  }

  /** Returns when no request of a kind is under way. */
  public synchronized void drain(int kind) {
    boolean interrupted = false;
    while (counts[kind] != 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns when nothing is under way. */
  public void drainAll() {
    for (int kind = 0; kind < counts.length; kind++) {
      drain(kind);
    }
  }
}

package org.wardian.bus;

/** The guest's time-stamp counter as one vCPU reads it, for the APIC's deadline timer. */
public interface TimestampCounter {

  /** The counter now, as RDTSC gives it. */
  long ticks();

  /** Ticks per second of guest time. */
  long frequencyHz();

  /** {@link #hostOffset} where the counter has nothing to do with the host's clock. */
  long UNRELATED = Long.MIN_VALUE;

  /**
   * What {@link #ticks} is more than {@link System#nanoTime}, or {@link #UNRELATED}. It stays the
   * same while a vCPU runs.
   */
  default long hostOffset() {
    return UNRELATED;
  }
}

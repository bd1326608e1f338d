package org.wardian.bus;

/** The guest's time-stamp counter as one vCPU reads it, for the APIC's deadline timer. */
public interface TimestampCounter {

  /** The counter now, as RDTSC gives it. */
  long ticks();

  /** Ticks per second of guest time. */
  long frequencyHz();
}

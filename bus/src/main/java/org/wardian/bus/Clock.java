package org.wardian.bus;

/** Guest time. */
@FunctionalInterface
public interface Clock {

  /** Monotonic guest time in nanoseconds since power-on; it stands still while paused. */
  long nanoseconds();
}

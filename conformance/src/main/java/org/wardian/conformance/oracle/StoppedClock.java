package org.wardian.conformance.oracle;

import org.wardian.bus.TimestampCounter;

/**
 * A time-stamp counter that stands still: what two executions read from it is the same.
 *
 * @param frequencyHz ticks a second that it claims
 */
public record StoppedClock(long frequencyHz) implements TimestampCounter {
  @Override
  public long ticks() {
    return 0;
  }
}

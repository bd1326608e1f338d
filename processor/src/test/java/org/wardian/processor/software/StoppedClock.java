package org.wardian.processor.software;

import org.wardian.bus.TimestampCounter;

/**
 * A time-stamp counter that stands still.
 *
 * @param frequencyHz ticks a second that it claims
 */
public record StoppedClock(long frequencyHz) implements TimestampCounter {
  @Override
  public long ticks() {
    return 0;
  }
}

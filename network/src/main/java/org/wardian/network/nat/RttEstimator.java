package org.wardian.network.nat;

/** The retransmission timeout of a connection: RFC 6298. Times in nanoseconds. */
final class RttEstimator {
  static final long LEAST = 200_000_000L;
  static final long MOST = 60_000_000_000L;
  private static final long INITIAL = 1_000_000_000L;
  private static final long GRANULARITY = 1_000_000L;

  private long smoothed;
  private long variation;
  private long timeout = INITIAL;
  private int backoff;

  /** A round trip was measured on a segment that was sent once. */
  void sample(long time) {
    if (smoothed == 0) {
      smoothed = Math.max(1, time);
      variation = time / 2;
    } else {
      variation += (Math.abs(smoothed - time) - variation) / 4;
      smoothed += (time - smoothed) / 8;
    }
    timeout = clamp(smoothed + Math.max(GRANULARITY, 4 * variation));
  }

  /** The time to wait for an acknowledgment. */
  long timeout() {
    return clamp(timeout << Math.min(backoff, 20));
  }

  /** The time has passed in vain: doubles it. */
  void expired() {
    backoff++;
  }

  /** Something new was acknowledged. */
  void progressed() {
    backoff = 0;
  }

  private static long clamp(long time) {
    return Math.clamp(time, LEAST, MOST);
  }
}

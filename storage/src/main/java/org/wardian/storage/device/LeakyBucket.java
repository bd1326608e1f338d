package org.wardian.storage.device;

/**
 * Holds one limit: what is used fills the bucket, which leaks at the limit's rate. Full means wait.
 * A second bucket, leaking at the burst's rate, holds the rate within a burst. Used by one thread
 * at a time.
 */
final class LeakyBucket {
  private static final double SECOND = 1e9;

  /** Seconds of its rate that a bucket without bursts takes at once. */
  private static final double SLACK = 0.1;

  private final RateLimit limit;
  private double level;
  private double burstLevel;
  private long last;

  LeakyBucket(RateLimit limit, long now) {
    this.limit = limit;
    last = now;
  }

  /** Nanoseconds to wait before more is used; 0 for none. */
  long delay(long now) {
    if (limit.perSecond() == 0) {
      return 0;
    }
    leak(now);
    double size =
        limit.burst() > 0
            ? (double) limit.burst() * limit.burstSeconds()
            : limit.perSecond() * SLACK;
    double wait = wait(level - size, limit.perSecond());
    if (limit.burst() > 0 && limit.burstSeconds() > 1) {
      wait = Math.max(wait, wait(burstLevel - limit.burst() * SLACK, limit.burst()));
    }
    return (long) Math.ceil(wait);
  }

  private static double wait(double excess, double rate) {
    return excess <= 0 ? 0 : excess / rate * SECOND;
  }

  private void leak(long now) {
    double seconds = Math.max(0, now - last) / SECOND;
    last = now;
    level = Math.max(0, level - seconds * limit.perSecond());
    burstLevel = Math.max(0, burstLevel - seconds * limit.burst());
  }

  /** So much is used. */
  void use(long units) {
    if (limit.perSecond() > 0) {
      level += units;
      burstLevel += limit.burst() > 0 ? units : 0;
    }
  }
}

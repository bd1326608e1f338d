package org.wardian.network.rate;

/**
 * Says whether something may pass yet. What passes may be longer than what is left: the debt is
 * waited for. Any thread.
 */
public final class TokenBucket {
  private static final long SECOND = 1_000_000_000L;

  /** The peak is measured over so short a time, in nanoseconds. */
  private static final long PEAK_SPAN = SECOND / 200;

  private final RateLimit limit;
  private double left;
  private double peakLeft;
  private long last;

  /**
   * A full one.
   *
   * @param nanoseconds now
   */
  public TokenBucket(RateLimit limit, long nanoseconds) {
    this.limit = limit;
    left = limit.depth();
    peakLeft = peakDepth();
    last = nanoseconds;
  }

  /** What it holds to. */
  public RateLimit limit() {
    return limit;
  }

  private double peakDepth() {
    return Math.max(1, (double) limit.peak() * PEAK_SPAN / SECOND);
  }

  private void refill(long now) {
    double seconds = (double) Math.max(0, now - last) / SECOND;
    last = now;
    left = Math.min(limit.depth(), left + seconds * limit.average());
    peakLeft = Math.min(peakDepth(), peakLeft + seconds * limit.peak());
  }

  /**
   * Takes bytes out.
   *
   * @param nanoseconds now
   * @return false where nothing may pass now; nothing was taken then
   */
  public synchronized boolean take(int bytes, long nanoseconds) {
    refill(nanoseconds);
    if (left <= 0 || limit.peak() > 0 && peakLeft <= 0) {
      return false;
    }
    charge(bytes);
    return true;
  }

  /** Takes bytes out that have passed by another right. */
  public synchronized void charge(int bytes) {
    // A debt of more than a second's is forgiven: it came from others.
    left = Math.max(left - bytes, -(double) limit.average());
    peakLeft -= limit.peak() > 0 ? bytes : 0;
  }

  /** Gives bytes back that did not pass after all. */
  public synchronized void giveBack(int bytes) {
    left += bytes;
    peakLeft += limit.peak() > 0 ? bytes : 0;
  }

  /**
   * How long it takes until something may pass, in nanoseconds.
   *
   * @param nanoseconds now
   */
  public synchronized long untilReady(long nanoseconds) {
    refill(nanoseconds);
    double wait = left > 0 ? 0 : (1 - left) / limit.average();
    if (limit.peak() > 0 && peakLeft <= 0) {
      wait = Math.max(wait, (1 - peakLeft) / limit.peak());
    }
    return (long) (wait * SECOND);
  }
}

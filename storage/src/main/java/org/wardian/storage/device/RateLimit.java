package org.wardian.storage.device;

/**
 * A limit with bursts, as QEMU's and libvirt's: so many units a second, and while the disk was idle
 * before, more for a time.
 *
 * @param perSecond units (bytes or operations) a second in the long run; 0 for no limit
 * @param burst units a second during a burst; 0 for bursts of a tenth of a second only
 * @param burstSeconds how long a burst may last
 */
public record RateLimit(long perSecond, long burst, long burstSeconds) {
  /** No limit. */
  public static final RateLimit NONE = new RateLimit(0, 0, 1);

  /** Checks the numbers. */
  public RateLimit {
    if (perSecond < 0 || burst < 0 || burstSeconds < 1) {
      throw new IllegalArgumentException(
          "a limit of " + perSecond + " with bursts of " + burst + " for " + burstSeconds + " s");
    }
    if (burst > 0 && (perSecond == 0 || burst < perSecond)) {
      throw new IllegalArgumentException(
          "bursts of " + burst + " need a limit that is not larger; it is " + perSecond);
    }
  }

  /** A limit with short bursts only. */
  public static RateLimit of(long perSecond) {
    return new RateLimit(perSecond, 0, 1);
  }
}

package org.wardian.storage.device;

/**
 * Limits of a disk. Those for reads and writes together go beside those for each.
 *
 * @param bytes a second, reads and writes
 * @param readBytes a second
 * @param writeBytes a second
 * @param operations a second, reads and writes
 * @param readOperations a second
 * @param writeOperations a second
 */
public record DeviceLimits(
    RateLimit bytes,
    RateLimit readBytes,
    RateLimit writeBytes,
    RateLimit operations,
    RateLimit readOperations,
    RateLimit writeOperations) {
  /** No limits. */
  public static final DeviceLimits NONE =
      new DeviceLimits(
          RateLimit.NONE,
          RateLimit.NONE,
          RateLimit.NONE,
          RateLimit.NONE,
          RateLimit.NONE,
          RateLimit.NONE);

  /** A limit on bytes a second, reads and writes together. */
  public static DeviceLimits ofBytes(RateLimit limit) {
    return new DeviceLimits(
        limit, RateLimit.NONE, RateLimit.NONE, RateLimit.NONE, RateLimit.NONE, RateLimit.NONE);
  }

  /** A limit on operations a second, reads and writes together. */
  public static DeviceLimits ofOperations(RateLimit limit) {
    return new DeviceLimits(
        RateLimit.NONE, RateLimit.NONE, RateLimit.NONE, limit, RateLimit.NONE, RateLimit.NONE);
  }
}

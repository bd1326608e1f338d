package org.wardian.network.rate;

/**
 * How much may pass.
 *
 * @param average bytes in a second, in the long run; 1 or more
 * @param peak bytes in a second while a burst lasts; 0 for as fast as can be
 * @param burst bytes that may go at the peak; 0 for what goes in a fiftieth of a second
 */
public record RateLimit(long average, long peak, long burst) {
  /** How short a burst is where none is given. */
  private static final long SHORTEST = 50;

  /** The least burst in bytes: one long frame that is still to be cut. */
  private static final long LEAST = 65_536;

  private static final long KILOBYTE = 1_000;
  private static final long KIBIBYTE = 1_024;

  /** Checks the range. */
  public RateLimit {
    if (average < 1 || peak < 0 || burst < 0) {
      throw new IllegalArgumentException("a limit is 1 byte in a second or more");
    }
  }

  /**
   * A limit in the units of libvirt's {@code <bandwidth>}: kilobytes in a second as tc(8) counts
   * them, and KiB of burst.
   */
  public static RateLimit ofKilobytes(long average, long peak, long burst) {
    return new RateLimit(average * KILOBYTE, peak * KILOBYTE, burst * KIBIBYTE);
  }

  /**
   * The same where what is too much is dropped: a burst that is not given is a second's, as libvirt
   * has it, for TCP takes losses badly.
   */
  public RateLimit policed() {
    return burst == 0 ? new RateLimit(average, peak, average) : this;
  }

  /** Bytes that may go at once. */
  long depth() {
    return Math.max(LEAST, burst == 0 ? average / SHORTEST : burst);
  }
}

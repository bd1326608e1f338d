package org.wardian.cli;

/**
 * {@code --rng}: whether the guest has a source of random numbers.
 *
 * @param bytesPerSecond the most that it gives; 0 for none at all
 */
record RngArgument(long bytesPerSecond) {
  /** What a guest has that nobody said anything about. */
  static final RngArgument USUAL = new RngArgument(1 << 20);

  private static final RngArgument NONE = new RngArgument(0);
  private static final int LEAST = 10;

  /**
   * Reads {@code on}, {@code off} or a size.
   *
   * @throws IllegalArgumentException for what makes no sense, with what would
   */
  static RngArgument parse(String text) {
    return switch (text) {
      case "on" -> USUAL;
      case "off" -> NONE;
      default -> {
        long bytes = ByteSize.parse(text).bytes();
        if (bytes < LEAST) {
          throw new IllegalArgumentException("--rng gives " + LEAST + " bytes a second at least");
        }
        yield new RngArgument(bytes);
      }
    };
  }

  /** Whether there is one. */
  boolean wanted() {
    return bytesPerSecond > 0;
  }
}

package org.wardian.cli;

/**
 * {@code --balloon}: a device by which the guest gives memory back.
 *
 * @param taken bytes that it is asked to give up from the start
 */
record BalloonArgument(long taken) {
  /**
   * Reads a size, or nothing.
   *
   * @param memory bytes of the guest's RAM
   * @throws IllegalArgumentException where the guest has not so much
   */
  static BalloonArgument parse(String text, long memory) {
    if (text.isEmpty()) {
      return new BalloonArgument(0);
    }
    ByteSize size = ByteSize.parse(text);
    if (size.bytes() >= memory) {
      throw new IllegalArgumentException(
          "--balloon cannot take "
              + size
              + " from a guest that has "
              + new ByteSize(memory)
              + "; give it more by --memory");
    }
    return new BalloonArgument(size.bytes());
  }
}

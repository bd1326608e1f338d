package org.wardian.display.vnc.encoding;

import java.io.IOException;

/** Writes the pixels of a rectangle in one of the protocol's encodings. For one client. */
public interface RectangleEncoder extends AutoCloseable {
  /** The most pixels of a rectangle. */
  int LARGEST = 1 << 16;

  /** The widest rectangle, in pixels; Tight allows no wider ones. */
  int WIDEST = 2048;

  /** The encoding's number in the registry. */
  int number();

  /**
   * Writes what comes after a rectangle's header.
   *
   * @param pixels of {@code format}, row by row; the encoder may overwrite them
   * @param width at most {@link #WIDEST}
   * @param height such that there are at most {@link #LARGEST} pixels
   */
  void encode(int[] pixels, int width, int height, PixelFormat format, RfbOutput out)
      throws IOException;

  /**
   * Takes note of how much the client wants to be compressed.
   *
   * @param level 0 (fast) to 9 (small)
   */
  default void level(int level) {}

  /** Gives compressors back. */
  @Override
  default void close() {}
}

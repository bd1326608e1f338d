package org.wardian.display.vnc.encoding;

import java.io.IOException;

/** Pixels as they are (RFC 6143 §7.7.1). */
public final class RawEncoder implements RectangleEncoder {
  /** The encoding's number. */
  public static final int NUMBER = 0;

  private byte[] row = new byte[0];

  @Override
  public int number() {
    return NUMBER;
  }

  @Override
  public void encode(int[] pixels, int width, int height, PixelFormat format, RfbOutput out)
      throws IOException {
    if (row.length < 4 * width) {
      row = new byte[4 * width];
    }
    for (int y = 0; y < height; y++) {
      int at = 0;
      for (int x = 0; x < width; x++) {
        at = format.put(pixels[y * width + x], row, at);
      }
      out.bytes(row, 0, at);
    }
  }
}

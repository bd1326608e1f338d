package org.wardian.display.vnc.encoding;

import java.io.IOException;
import java.util.Arrays;

/** Tiles of 16 by 16 pixels: a background, and rectangles upon it (RFC 6143 §7.7.4). */
public final class HextileEncoder implements RectangleEncoder {
  /** The encoding's number. */
  public static final int NUMBER = 5;

  private static final int SIDE = 16;
  private static final int RAW = 1;
  private static final int BACKGROUND = 2;
  private static final int SUBRECTANGLES = 8;
  private static final int COLOURED = 16;
  private static final int MOST = 255;

  private final byte[] bytes = new byte[4 * SIDE * SIDE + 16];
  private final boolean[] done = new boolean[SIDE * SIDE];

  @Override
  public int number() {
    return NUMBER;
  }

  @Override
  public void encode(int[] pixels, int width, int height, PixelFormat format, RfbOutput out)
      throws IOException {
    for (int y = 0; y < height; y += SIDE) {
      for (int x = 0; x < width; x += SIDE) {
        int tileWidth = Math.min(SIDE, width - x);
        int tileHeight = Math.min(SIDE, height - y);
        tile(pixels, y * width + x, width, tileWidth, tileHeight, format, out);
      }
    }
  }

  private void tile(
      int[] pixels, int from, int stride, int width, int height, PixelFormat format, RfbOutput out)
      throws IOException {
    int background = background(pixels, from, stride, width, height);
    int plain = width * height * format.bytes();
    int at = format.put(background, bytes, 2);
    Arrays.fill(done, 0, width * height, false);
    int count = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int pixel = pixels[from + y * stride + x];
        if (done[y * width + x] || pixel == background) {
          continue;
        }
        if (++count > MOST || at + format.bytes() + 2 > plain) {
          raw(pixels, from, stride, width, height, format, out);
          return;
        }
        int right = x + 1;
        while (right < width && pixels[from + y * stride + right] == pixel) {
          right++;
        }
        int bottom = y + 1;
        while (bottom < height && same(pixels, from + bottom * stride, x, right, pixel)) {
          bottom++;
        }
        for (int row = y; row < bottom; row++) {
          Arrays.fill(done, row * width + x, row * width + right, true);
        }
        // The count of rectangles goes between the background and the first of them.
        at = format.put(pixel, bytes, at + (count == 1 ? 1 : 0));
        bytes[at++] = (byte) (x << 4 | y);
        bytes[at++] = (byte) (right - x - 1 << 4 | bottom - y - 1);
      }
    }
    if (count == 0) {
      bytes[1] = BACKGROUND;
    } else {
      bytes[1] = BACKGROUND | SUBRECTANGLES | COLOURED;
      bytes[2 + format.bytes()] = (byte) count;
    }
    out.bytes(bytes, 1, at - 1);
  }

  private static boolean same(int[] pixels, int row, int from, int to, int pixel) {
    for (int x = from; x < to; x++) {
      if (pixels[row + x] != pixel) {
        return false;
      }
    }
    return true;
  }

  /** The first pixel's colour, or the one that stands beside it more often. */
  private static int background(int[] pixels, int from, int stride, int width, int height) {
    int first = pixels[from];
    int other = first;
    int firsts = 0;
    int others = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int pixel = pixels[from + y * stride + x];
        if (pixel == first) {
          firsts++;
        } else if (others == 0 || pixel == other) {
          other = pixel;
          others++;
        }
      }
    }
    return others > firsts ? other : first;
  }

  private void raw(
      int[] pixels, int from, int stride, int width, int height, PixelFormat format, RfbOutput out)
      throws IOException {
    int at = 0;
    bytes[at++] = RAW;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        at = format.put(pixels[from + y * stride + x], bytes, at);
      }
    }
    out.bytes(bytes, 0, at);
  }
}

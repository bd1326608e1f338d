package org.wardian.display.vnc.encoding;

import java.util.Arrays;

/** The different pixels of a rectangle, numbered as they appear, up to 256 of them. */
final class Palette {
  private static final int SLOTS = 1024;

  private final int[] pixels = new int[256];
  private final short[] slots = new short[SLOTS];
  private int size;

  /**
   * Collects pixels.
   *
   * @param most more than these are not counted
   * @return how many there are, or {@code most} + 1 where there are more
   */
  int collect(int[] from, int start, int stride, int width, int height, int most) {
    size = 0;
    Arrays.fill(slots, (short) -1);
    int last = ~from[start];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int pixel = from[start + y * stride + x];
        if (pixel == last) {
          continue;
        }
        last = pixel;
        int slot = slot(pixel);
        if (slots[slot] < 0) {
          if (size == most) {
            return most + 1;
          }
          slots[slot] = (short) size;
          pixels[size++] = pixel;
        }
      }
    }
    return size;
  }

  private int slot(int pixel) {
    int slot = pixel * 0x9e3779b1 >>> 22;
    while (slots[slot] >= 0 && pixels[slots[slot]] != pixel) {
      slot = slot + 1 & SLOTS - 1;
    }
    return slot;
  }

  /** The pixel of a number. */
  int pixel(int number) {
    return pixels[number];
  }

  /** The number of a pixel that was collected. */
  int number(int pixel) {
    return slots[slot(pixel)];
  }
}

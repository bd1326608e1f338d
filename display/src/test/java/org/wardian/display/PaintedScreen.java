package org.wardian.display;

import java.util.Arrays;
import java.util.Random;

/** A screen on which tests paint. */
public final class PaintedScreen implements Screen {
  private int width;
  private int height;
  private int[] pixels;

  /** Makes a black screen. */
  public PaintedScreen(int width, int height) {
    resize(width, height);
  }

  /** What an adapter's test picture looks like: gradients, noise, flat areas, and small letters. */
  public static PaintedScreen pattern(int width, int height) {
    PaintedScreen screen = new PaintedScreen(width, height);
    Random random = new Random(7);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int pixel =
            switch (4 * y / height) {
              case 0 -> x * 255 / width << 16 | y * 255 / height << 8 | (x ^ y) & 0xff;
              case 1 -> 4 * x < width ? random.nextInt(1 << 24) : x / 40 * 0x123456;
              case 2 -> (x * 7 + y * 13) % 11 < 2 ? 0xaaaaaa : 0x000000;
              default -> (x / 8 + y / 8) % 20 * 0x0d0b07;
            };
        screen.pixels[y * width + x] = pixel & 0xffffff;
      }
    }
    return screen;
  }

  /** Gives it another size, and makes it black. */
  public synchronized void resize(int newWidth, int newHeight) {
    width = newWidth;
    height = newHeight;
    pixels = new int[width * height];
  }

  /** Fills a rectangle. */
  public synchronized void fill(int x, int y, int w, int h, int colour) {
    for (int row = y; row < y + h; row++) {
      Arrays.fill(pixels, row * width + x, row * width + x + w, colour);
    }
  }

  /** Fills a rectangle with noise of some colours. */
  public synchronized void noise(int x, int y, int w, int h, int colours, Random random) {
    int[] palette = random.ints(colours, 0, 1 << 24).toArray();
    for (int row = y; row < y + h; row++) {
      for (int column = x; column < x + w; column++) {
        pixels[row * width + column] = palette[random.nextInt(colours)];
      }
    }
  }

  public synchronized int width() {
    return width;
  }

  public synchronized int height() {
    return height;
  }

  /** A copy of what is shown. */
  public synchronized int[] pixels() {
    return pixels.clone();
  }

  @Override
  public Viewer view() {
    return new Viewer() {
      private int[] seen;
      private int seenWidth;

      @Override
      public boolean changes(Painter painter, boolean all) {
        synchronized (PaintedScreen.this) {
          boolean resized = seen == null || seenWidth != width || seen.length != pixels.length;
          painter.size(width, height, resized);
          boolean painted = false;
          for (int y = 0; y < height; y++) {
            int from = y * width;
            int to = from + width;
            if (all || resized || !Arrays.equals(pixels, from, to, seen, from, to)) {
              painter.rectangle(0, y, width, 1, pixels, width);
              painted = true;
            }
          }
          seen = pixels.clone();
          seenWidth = width;
          return painted;
        }
      }

      @Override
      public void close() {
        seen = null;
      }
    };
  }
}

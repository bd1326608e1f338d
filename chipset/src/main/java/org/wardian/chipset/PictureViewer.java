package org.wardian.chipset;

import java.util.Arrays;
import java.util.function.Function;
import org.wardian.display.Screen;

/** One who looks at pictures and finds what differs from the last one, in bands of rows. */
final class PictureViewer implements Screen.Viewer {
  private static final int BAND = 16;

  private final Function<int[], VgaPicture> draw;
  private int[] seen;
  private int width;
  private int height;
  private int[] spare;

  /**
   * Makes a viewer that has seen nothing.
   *
   * @param draw draws a picture, into pixels that may be used again
   */
  PictureViewer(Function<int[], VgaPicture> draw) {
    this.draw = draw;
  }

  @Override
  public synchronized boolean changes(Screen.Painter painter, boolean all) {
    VgaPicture picture = draw.apply(spare);
    boolean resized = seen == null || picture.width != width || picture.height != height;
    painter.size(picture.width, picture.height, resized);
    boolean painted = false;
    for (int y = 0; y < picture.height; y += BAND) {
      int rows = Math.min(BAND, picture.height - y);
      int from = y * picture.width;
      int to = from + rows * picture.width;
      boolean same = !all && !resized && Arrays.equals(picture.pixels, from, to, seen, from, to);
      if (!same) {
        painted |= band(painter, picture, y, rows, all || resized);
      }
    }
    spare = seen;
    seen = picture.pixels;
    width = picture.width;
    height = picture.height;
    return painted;
  }

  /** Paints the columns of a band that differ. */
  private boolean band(Screen.Painter painter, VgaPicture picture, int y, int rows, boolean all) {
    int first = picture.width;
    int last = -1;
    for (int row = y; row < y + rows && !all; row++) {
      int from = row * picture.width;
      int to = from + picture.width;
      int differs = Arrays.mismatch(picture.pixels, from, to, seen, from, to);
      if (differs >= 0) {
        first = Math.min(first, differs);
        int end = picture.width - 1;
        while (picture.pixels[from + end] == seen[from + end]) {
          end--;
        }
        last = Math.max(last, end);
      }
    }
    if (all) {
      first = 0;
      last = picture.width - 1;
    }
    painter.rectangle(first, y, last - first + 1, rows, picture.pixels, picture.width);
    return true;
  }

  @Override
  public synchronized void close() {
    seen = null;
    spare = null;
  }
}

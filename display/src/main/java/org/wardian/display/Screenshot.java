package org.wardian.display;

import java.io.IOException;
import java.io.OutputStream;

/**
 * What a screen shows at one moment.
 *
 * @param width in pixels
 * @param height in pixels
 * @param pixels 0x00RRGGBB, row by row, {@code width * height} of them
 */
@SuppressWarnings("ArrayRecordComponent") // millions of pixels, made once and written out
public record Screenshot(int width, int height, int[] pixels) {
  /** Checks that there are as many pixels as the size says. */
  public Screenshot {
    if (width < 1 || height < 1 || pixels.length != width * height) {
      throw new IllegalArgumentException(
          "%d pixels for %d by %d".formatted(pixels.length, width, height));
    }
  }

  /** Looks at a screen. */
  public static Screenshot of(Screen screen) {
    Copy copy = new Copy();
    try (Screen.Viewer viewer = screen.view()) {
      viewer.changes(copy, true);
    }
    return new Screenshot(copy.width, copy.height, copy.pixels);
  }

  /** Writes it as PNG. The stream stays open. */
  public void writePng(OutputStream out) throws IOException {
    PngWriter.write(this, out);
  }

  private static final class Copy implements Screen.Painter {
    private int width = 1;
    private int height = 1;
    private int[] pixels = new int[1];

    @Override
    public void size(int newWidth, int newHeight, boolean resized) {
      width = newWidth;
      height = newHeight;
      pixels = new int[newWidth * newHeight];
    }

    @Override
    public void rectangle(int x, int y, int w, int h, int[] from, int stride) {
      for (int row = y; row < y + h; row++) {
        System.arraycopy(from, row * stride + x, pixels, row * width + x, w);
      }
    }
  }
}

package org.wardian.display.vnc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.wardian.display.Screen;

/**
 * The one copy of a screen's pixels that all clients are served from, with a {@link Damage} for
 * each. While there is no client there is no copy.
 */
final class Canvas {
  /** The largest side of a screen on the wire, in pixels. */
  private static final int LARGEST_SIDE = 0xffff;

  private static final int LARGEST_AREA = 1 << 26;

  private final Screen screen;
  private final long interval;
  private final List<Damage> clients = new ArrayList<>();
  private Screen.Viewer viewer;
  private long looked;
  private int width;
  private int height;
  private int[] pixels;

  /**
   * Makes a canvas that is blank until the first client is there.
   *
   * @param interval nanoseconds between two looks at the screen, at least
   */
  Canvas(Screen screen, long interval) {
    this.screen = screen;
    this.interval = interval;
  }

  /** Adds a client, which has got nothing. */
  synchronized Damage open() {
    if (viewer == null) {
      viewer = screen.view();
      paint(true);
    }
    Damage damage = new Damage();
    damage.resize(width, height);
    clients.add(damage);
    return damage;
  }

  /** Takes a client away. */
  synchronized void close(Damage damage) {
    clients.remove(damage);
    if (clients.isEmpty() && viewer != null) {
      viewer.close();
      viewer = null;
      pixels = null;
    }
  }

  /** Looks at the screen, unless somebody just did. */
  synchronized void look() {
    if (viewer != null && System.nanoTime() - looked >= interval) {
      paint(false);
    }
  }

  private void paint(boolean all) {
    viewer.changes(new Copier(), all);
    looked = System.nanoTime();
    if (pixels == null) {
      // A screen that shows nothing yet.
      resize(1, 1);
    }
  }

  private void resize(int newWidth, int newHeight) {
    width = newWidth;
    height = newHeight;
    pixels = new int[width * height];
    for (Damage client : clients) {
      client.resize(width, height);
    }
  }

  /** Copies what changed, and tells the clients of the tiles in which it is. */
  private final class Copier implements Screen.Painter {
    @Override
    public void size(int theirWidth, int theirHeight, boolean resized) {
      int newWidth = Math.clamp(theirWidth, 1, LARGEST_SIDE);
      int newHeight = Math.clamp(theirHeight, 1, Math.min(LARGEST_SIDE, LARGEST_AREA / newWidth));
      if (pixels == null || newWidth != width || newHeight != height) {
        resize(newWidth, newHeight);
      }
    }

    @Override
    public void rectangle(int x, int y, int w, int h, int[] from, int stride) {
      Rectangle part = new Rectangle(x, y, w, h).within(width, height);
      int right = part.x() + part.width();
      int bottom = part.y() + part.height();
      for (int top = part.y(); top < bottom; top = next(top, Damage.TILE_HEIGHT, bottom)) {
        int end = next(top, Damage.TILE_HEIGHT, bottom);
        for (int left = part.x(); left < right; left = next(left, Damage.TILE_WIDTH, right)) {
          copy(left, top, next(left, Damage.TILE_WIDTH, right), end, from, stride);
        }
      }
    }

    private void copy(int left, int top, int right, int bottom, int[] from, int stride) {
      boolean changed = false;
      for (int y = top; y < bottom; y++) {
        int source = y * stride + left;
        int to = y * width + left;
        int length = right - left;
        if (!Arrays.equals(from, source, source + length, pixels, to, to + length)) {
          System.arraycopy(from, source, pixels, to, length);
          changed = true;
        }
      }
      if (changed) {
        for (Damage client : clients) {
          client.mark(left / Damage.TILE_WIDTH, top / Damage.TILE_HEIGHT);
        }
      }
    }
  }

  /** Where the tile after the one of {@code at} begins, or the end. */
  private static int next(int at, int tile, int end) {
    return Math.min(end, (at / tile + 1) * tile);
  }

  /** The screen's size: an empty place at (0, 0) of that width and height. */
  synchronized Rectangle size() {
    return new Rectangle(0, 0, width, height);
  }

  /** What a client has not got of a region; it counts as sent. */
  synchronized List<Rectangle> take(Damage damage, Rectangle region) {
    return damage.take(region);
  }

  /** Counts a region as not sent. */
  synchronized void mark(Damage damage, Rectangle region) {
    damage.mark(region);
  }

  /**
   * Copies pixels, as they are now.
   *
   * @param place at most as many pixels as {@code to} has; black where it is outside the screen
   */
  synchronized void copy(Rectangle place, int[] to) {
    for (int row = 0; row < place.height(); row++) {
      int at = row * place.width();
      int inside = 0;
      int y = place.y() + row;
      if (y < height && pixels != null) {
        inside = Math.clamp((long) width - place.x(), 0, place.width());
        System.arraycopy(pixels, y * width + place.x(), to, at, inside);
      }
      Arrays.fill(to, at + inside, at + place.width(), 0);
    }
  }
}

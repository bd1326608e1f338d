package org.wardian.display.vnc;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.wardian.display.vnc.encoding.RectangleEncoder;

/**
 * Which tiles of the canvas a client has not got in their newest state. The canvas guards it; its
 * length depends on the screen alone, however far behind the client is.
 */
final class Damage {
  static final int TILE_WIDTH = 64;
  static final int TILE_HEIGHT = 16;

  /** Rows of tiles in a rectangle, such that it never has too many pixels. */
  private static final int MOST_ROWS =
      RectangleEncoder.LARGEST / RectangleEncoder.WIDEST / TILE_HEIGHT;

  private static final int MOST_COLUMNS = RectangleEncoder.WIDEST / TILE_WIDTH;

  private final BitSet tiles = new BitSet();
  private int width;
  private int height;
  private int columns;
  private int rows;

  /** The screen has another size, and all of it is new. */
  void resize(int newWidth, int newHeight) {
    width = newWidth;
    height = newHeight;
    columns = (width + TILE_WIDTH - 1) / TILE_WIDTH;
    rows = (height + TILE_HEIGHT - 1) / TILE_HEIGHT;
    tiles.clear();
    tiles.set(0, columns * rows);
  }

  /** The tile of a column and a row changed. */
  void mark(int column, int row) {
    tiles.set(row * columns + column);
  }

  /** All tiles that a rectangle touches count as changed. */
  void mark(Rectangle rectangle) {
    Rectangle part = rectangle.within(width, height);
    if (part.isEmpty()) {
      return;
    }
    int last = (part.x() + part.width() - 1) / TILE_WIDTH;
    for (int row = part.y() / TILE_HEIGHT; row * TILE_HEIGHT < part.y() + part.height(); row++) {
      tiles.set(row * columns + part.x() / TILE_WIDTH, row * columns + last + 1);
    }
  }

  /**
   * Takes the changed tiles that a rectangle touches; they count as unchanged from here on.
   *
   * @return them, whole, put together to rectangles that an encoder takes, within the screen
   */
  List<Rectangle> take(Rectangle region) {
    List<Rectangle> taken = new ArrayList<>();
    Rectangle part = region.within(width, height);
    if (part.isEmpty() || tiles.isEmpty()) {
      return taken;
    }
    int firstColumn = part.x() / TILE_WIDTH;
    int endColumn = (part.x() + part.width() - 1) / TILE_WIDTH + 1;
    int endRow = (part.y() + part.height() - 1) / TILE_HEIGHT + 1;
    for (int row = part.y() / TILE_HEIGHT; row < endRow; row++) {
      int end = row * columns + endColumn;
      int from = tiles.nextSetBit(row * columns + firstColumn);
      while (from >= 0 && from < end) {
        int to = Math.min(tiles.nextClearBit(from), Math.min(end, from + MOST_COLUMNS));
        int count = 1;
        while (count < MOST_ROWS && row + count < endRow && whole(from, to, count)) {
          count++;
        }
        taken.add(clear(from, to, count));
        from = tiles.nextSetBit(to);
      }
    }
    return taken;
  }

  /** Whether all tiles below some, so many rows further down, are changed. */
  private boolean whole(int from, int to, int down) {
    int below = from + down * columns;
    return tiles.nextClearBit(below) >= to + down * columns;
  }

  private Rectangle clear(int from, int to, int count) {
    for (int down = 0; down < count; down++) {
      tiles.clear(from + down * columns, to + down * columns);
    }
    int x = from % columns * TILE_WIDTH;
    int y = from / columns * TILE_HEIGHT;
    return new Rectangle(x, y, (to - from) * TILE_WIDTH, count * TILE_HEIGHT).within(width, height);
  }
}

package org.wardian.display;

import java.util.List;

/** What a guest shows: pixels of 32 bits, 0x00RRGGBB. Any thread may look. */
public interface Screen {
  /** Called by {@link #changes}. */
  interface Painter {
    /**
     * The screen's size, before any rectangle.
     *
     * @param resized whether it differs from the last look of the same viewer; then all of it is
     *     painted
     */
    void size(int width, int height, boolean resized);

    /**
     * A rectangle that changed.
     *
     * @param pixels the screen's pixels, row by row; the painter's until it returns
     * @param stride pixels from one row to the next; pixel (x, y) is at y * stride + x
     */
    void rectangle(int x, int y, int width, int height, int[] pixels, int stride);
  }

  /** One who looks, and remembers what it has seen. */
  interface Viewer extends AutoCloseable {
    /**
     * Paints what changed since this viewer's last look.
     *
     * @param all paints everything
     * @return whether anything was painted
     */
    boolean changes(Painter painter, boolean all);

    /** Looks no more. */
    @Override
    void close();
  }

  /** A new viewer, which has seen nothing. */
  Viewer view();

  /**
   * The characters that it shows, a string for each row from the top, each as wide as the screen;
   * empty where it shows a picture and not text.
   */
  default List<String> text() {
    return List.of();
  }
}

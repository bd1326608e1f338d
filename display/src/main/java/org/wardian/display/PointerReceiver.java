package org.wardian.display;

/** A mouse or tablet that somebody moves. Any thread. */
@FunctionalInterface
public interface PointerReceiver {
  /** Left button, in {@code buttons}. */
  int LEFT = 1;

  /** Middle button. */
  int MIDDLE = 2;

  /** Right button. */
  int RIGHT = 4;

  /**
   * The pointer is somewhere.
   *
   * @param x from the left, 0 to {@code width} - 1
   * @param y from the top, 0 to {@code height} - 1
   * @param width of the screen that it points at
   * @param height of the screen that it points at
   * @param buttons those that are down
   * @param wheel notches of the wheel, positive towards the user
   */
  void pointer(int x, int y, int width, int height, int buttons, int wheel);

  /** Whether anybody takes it: a guest may have no driver for it, or not yet. */
  default boolean used() {
    return true;
  }
}

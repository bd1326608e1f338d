package org.wardian.display.vnc;

/** A part of a screen, in pixels; {@code x} and {@code y} are its left and upper edge. */
record Rectangle(int x, int y, int width, int height) {
  static final Rectangle EMPTY = new Rectangle(0, 0, 0, 0);

  boolean isEmpty() {
    return width <= 0 || height <= 0;
  }

  /** What lies within a screen that begins at (0, 0). */
  Rectangle within(int screenWidth, int screenHeight) {
    int left = Math.clamp(x, 0, screenWidth);
    int top = Math.clamp(y, 0, screenHeight);
    int right = Math.clamp((long) x + width, left, screenWidth);
    int bottom = Math.clamp((long) y + height, top, screenHeight);
    return new Rectangle(left, top, right - left, bottom - top);
  }

  /** The smallest one that holds both. */
  Rectangle with(Rectangle other) {
    if (isEmpty()) {
      return other;
    }
    if (other.isEmpty()) {
      return this;
    }
    int left = Math.min(x, other.x);
    int top = Math.min(y, other.y);
    int right = Math.max(x + width, other.x + other.width);
    int bottom = Math.max(y + height, other.y + other.height);
    return new Rectangle(left, top, right - left, bottom - top);
  }
}

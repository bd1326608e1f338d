package org.wardian.display.keyboard;

import org.wardian.display.PointerReceiver;

/**
 * One who points, with the buttons of the Remote Framebuffer protocol (RFC 6143 §7.5.5): left,
 * middle, right, and the wheel's two directions as the fourth and the fifth. For one thread.
 */
public final class Pointing implements AutoCloseable {
  private static final int BUTTONS =
      PointerReceiver.LEFT | PointerReceiver.MIDDLE | PointerReceiver.RIGHT;
  private static final int WHEEL_AWAY = 8;
  private static final int WHEEL_TOWARDS = 16;

  private final PointerReceiver receiver;
  private int mask;
  private int lastX;
  private int lastY;
  private int lastWidth;
  private int lastHeight;

  /** Points for a mouse or tablet. */
  public Pointing(PointerReceiver receiver) {
    this.receiver = receiver;
  }

  /**
   * The pointer is somewhere; outside of the screen it is at its edge.
   *
   * @param newMask a bit for each button that is down
   * @param width of the screen, at least 1
   * @param height of the screen, at least 1
   */
  public void at(int x, int y, int width, int height, int newMask) {
    int pressed = newMask & ~mask;
    int wheel = ((pressed & WHEEL_TOWARDS) != 0 ? 1 : 0) - ((pressed & WHEEL_AWAY) != 0 ? 1 : 0);
    mask = newMask;
    lastX = Math.clamp(x, 0, width - 1);
    lastY = Math.clamp(y, 0, height - 1);
    lastWidth = width;
    lastHeight = height;
    receiver.pointer(lastX, lastY, width, height, mask & BUTTONS, wheel);
  }

  /** Lets go of the buttons. */
  @Override
  public void close() {
    if ((mask & BUTTONS) != 0) {
      receiver.pointer(lastX, lastY, lastWidth, lastHeight, 0, 0);
    }
    mask = 0;
  }
}

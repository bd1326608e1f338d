package org.wardian.virtio.input;

import java.util.BitSet;
import org.wardian.display.PointerReceiver;

/** A tablet: it points at places of the screen, and has three buttons and a wheel. */
public final class VirtioTablet extends VirtioInput implements PointerReceiver {
  private static final int GREATEST = 0x7fff;

  /** A tablet. */
  public VirtioTablet(String name) {
    super(name, "Wardian tablet", 2);
  }

  @Override
  public void pointer(int x, int y, int width, int height, int buttons, int wheel) {
    long left = button(InputProtocol.BUTTON_LEFT, buttons, LEFT);
    long middle = button(InputProtocol.BUTTON_MIDDLE, buttons, MIDDLE);
    long right = button(InputProtocol.BUTTON_RIGHT, buttons, RIGHT);
    long across = EventQueue.event(InputProtocol.ABSOLUTE, InputProtocol.AXIS_X, scale(x, width));
    long down = EventQueue.event(InputProtocol.ABSOLUTE, InputProtocol.AXIS_Y, scale(y, height));
    if (wheel == 0) {
      send(across, down, left, middle, right);
    } else {
      // evdev counts notches away from the user.
      long turned = EventQueue.event(InputProtocol.RELATIVE, InputProtocol.WHEEL, -wheel);
      send(across, down, left, middle, right, turned);
    }
  }

  @Override
  public boolean used() {
    return session() != null;
  }

  private static long button(int code, int buttons, int mask) {
    return EventQueue.event(InputProtocol.KEY, code, (buttons & mask) != 0 ? 1 : 0);
  }

  private static int scale(int at, int size) {
    return size <= 1 ? 0 : (int) ((long) Math.clamp(at, 0, size - 1) * GREATEST / (size - 1));
  }

  @Override
  BitSet codes(int type) {
    BitSet codes = new BitSet();
    switch (type) {
      case InputProtocol.KEY ->
          codes.set(InputProtocol.BUTTON_LEFT, InputProtocol.BUTTON_MIDDLE + 1);
      case InputProtocol.ABSOLUTE -> codes.set(InputProtocol.AXIS_X, InputProtocol.AXIS_Y + 1);
      case InputProtocol.RELATIVE -> codes.set(InputProtocol.WHEEL);
      default -> {
        // No other events.
      }
    }
    return codes;
  }

  @Override
  int axis(int code) {
    return code <= InputProtocol.AXIS_Y ? GREATEST : -1;
  }
}

package org.wardian.display.keyboard;

import java.util.BitSet;
import org.wardian.display.KeyReceiver;
import org.wardian.display.keyboard.Keysyms.Key;
import org.wardian.display.keyboard.Keysyms.Shift;

/**
 * One who types by symbols or by places, and whose keys come up again when it leaves. A symbol that
 * the US layout has with shift is typed with shift, whether or not the typist's own keyboard needs
 * shift for it. For one thread.
 */
public final class Typist implements AutoCloseable {
  private static final int CODES = 0x180;

  private final KeyReceiver receiver;
  private final BitSet held = new BitSet(CODES);

  /** Of those, the ones that a character's symbol pressed. */
  private final BitSet characters = new BitSet(CODES);

  private boolean capitals;

  /** Types on a keyboard. */
  public Typist(KeyReceiver receiver) {
    this.receiver = receiver;
  }

  /**
   * A key of a known place goes down or up.
   *
   * @param number its number as QEMU's extension of the protocol has it: scan code set 1, and 0x80
   *     for an E0 before it; others are ignored
   */
  public void number(int number, boolean down) {
    switch (number) {
      case 0x54 -> press(0x137, down); // SysRq, which is Print without Alt
      case 0xc6 -> press(0x145, down); // Pause, which is Break with Control
      default -> {
        if ((number & 0x7f) != 0 && (number & ~0xff) == 0) {
          press((number & 0x80) << 1 | number & 0x7f, down);
        }
      }
    }
  }

  /** A key that has an X11 symbol goes down or up; one that a US keyboard lacks is ignored. */
  public void symbol(int symbol, boolean down) {
    Key key = Keysyms.key(symbol);
    if (key == null) {
      return;
    }
    if (key.shift() == Shift.EITHER) {
      press(key.code(), down);
      return;
    }
    if (!down) {
      release(key.code());
      return;
    }
    characters.set(key.code());
    boolean shift = key.shift() == Shift.WITH ^ (key.letter() && capitals);
    boolean left = held.get(Keysyms.LEFT_SHIFT);
    boolean right = held.get(Keysyms.RIGHT_SHIFT);
    if (shift == (left || right)) {
      press(key.code(), true);
    } else if (shift) {
      receiver.key(Keysyms.LEFT_SHIFT, true);
      press(key.code(), true);
      receiver.key(Keysyms.LEFT_SHIFT, false);
    } else {
      lift(left, right, false);
      press(key.code(), true);
      lift(left, right, true);
    }
  }

  /**
   * On a foreign layout a key may go down as one symbol and come up as another, shift having
   * changed in between. Which key that was is not known; none may go on repeating.
   */
  private void release(int code) {
    if (held.get(code)) {
      press(code, false);
      return;
    }
    for (int each = characters.nextSetBit(0); each >= 0; each = characters.nextSetBit(each + 1)) {
      press(each, false);
    }
  }

  private void lift(boolean left, boolean right, boolean down) {
    if (left) {
      receiver.key(Keysyms.LEFT_SHIFT, down);
    }
    if (right) {
      receiver.key(Keysyms.RIGHT_SHIFT, down);
    }
  }

  private void press(int code, boolean down) {
    if (!down && !held.get(code)) {
      return;
    }
    if (code == Keysyms.CAPITALS_LOCK && down && !held.get(code)) {
      capitals = !capitals;
    }
    held.set(code, down);
    if (!down) {
      characters.clear(code);
    }
    receiver.key(code, down);
  }

  /** Lets go of what is held. */
  @Override
  public void close() {
    for (int code = held.nextSetBit(0); code >= 0; code = held.nextSetBit(code + 1)) {
      receiver.key(code, false);
    }
    held.clear();
  }
}

package org.wardian.virtio.input;

import java.util.BitSet;
import org.wardian.display.KeyReceiver;

/** A keyboard whose keys have evdev's codes. */
public final class VirtioKeyboard extends VirtioInput implements KeyReceiver {
  /** Up to here scan codes of set 1 and evdev's codes are the same. */
  private static final int LAST_SAME = 0x58;

  private static final int EXTENDED = 0x100;

  /** Pairs of the second byte of a code that begins with E0, and evdev's code. */
  private static final int[] EXTENDED_KEYS = {
    0x1c, 96, 0x1d, 97, 0x20, 113, 0x2e, 114, 0x30, 115, 0x35, 98, 0x37, 99, 0x38, 100, 0x45, 119,
    0x47, 102, 0x48, 103, 0x49, 104, 0x4b, 105, 0x4d, 106, 0x4f, 107, 0x50, 108, 0x51, 109, 0x52,
    110, 0x53, 111, 0x5b, 125, 0x5c, 126, 0x5d, 127, 0x5e, 116
  };

  /** Pairs of a code above {@link #LAST_SAME} and evdev's: keys of other countries. */
  private static final int[] OTHER_KEYS = {0x70, 93, 0x73, 89, 0x79, 92, 0x7b, 94, 0x7d, 124};

  /** A keyboard. */
  public VirtioKeyboard(String name) {
    super(name, "Wardian keyboard", 1);
  }

  @Override
  public void key(int code, boolean down) {
    int key = key(code);
    if (key > 0) {
      send(EventQueue.event(InputProtocol.KEY, key, down ? 1 : 0));
    }
  }

  private static int key(int code) {
    if (code >= EXTENDED) {
      return find(EXTENDED_KEYS, code - EXTENDED);
    }
    return code > 0 && code <= LAST_SAME ? code : find(OTHER_KEYS, code);
  }

  private static int find(int[] pairs, int code) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i] == code) {
        return pairs[i + 1];
      }
    }
    return 0;
  }

  @Override
  BitSet codes(int type) {
    BitSet codes = new BitSet();
    if (type == InputProtocol.KEY) {
      codes.set(1, LAST_SAME + 1);
      for (int[] pairs : new int[][] {EXTENDED_KEYS, OTHER_KEYS}) {
        for (int i = 1; i < pairs.length; i += 2) {
          codes.set(pairs[i]);
        }
      }
    } else if (type == InputProtocol.REPEAT) {
      codes.set(0, 2);
    }
    return codes;
  }

  @Override
  int axis(int code) {
    return -1;
  }
}

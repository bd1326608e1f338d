package org.wardian.cli.manage;

import java.io.ByteArrayOutputStream;

/**
 * Finds the keys that leave a console: Ctrl-] as virsh has it, and Ctrl-A x as {@code ward run} has
 * it. Ctrl-A Ctrl-A is one Ctrl-A; before any other key it is passed on, for the guest's own use.
 *
 * <p>Not safe for use by several threads.
 */
final class LeaveKeys {
  private static final byte CONTROL_A = 0x01;
  private static final byte CONTROL_BRACKET = 0x1d;

  private boolean escaped;
  private boolean left;

  /** Takes the first {@code length} bytes of {@code typed}; what of them is for the guest. */
  byte[] accept(byte[] typed, int length) {
    ByteArrayOutputStream keys = new ByteArrayOutputStream(length + 1);
    for (int i = 0; i < length && !left; i++) {
      byte key = typed[i];
      if (escaped) {
        escaped = false;
        if (key == 'x' || key == 'X') {
          left = true;
        } else {
          keys.write(CONTROL_A);
          if (key != CONTROL_A) {
            keys.write(key);
          }
        }
      } else if (key == CONTROL_A) {
        escaped = true;
      } else if (key == CONTROL_BRACKET) {
        left = true;
      } else {
        keys.write(key);
      }
    }
    return keys.toByteArray();
  }

  /** Whether the user has left; nothing behind that is read. */
  boolean left() {
    return left;
  }
}

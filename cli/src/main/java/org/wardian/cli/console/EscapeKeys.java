package org.wardian.cli.console;

import java.io.ByteArrayOutputStream;

/**
 * Finds the escape key among what the user types; QEMU's keys, since hands know them.
 *
 * <p>Not safe for use by several threads.
 */
final class EscapeKeys {
  /** Ctrl-A. */
  static final byte ESCAPE = 0x01;

  /** What Ctrl-A h prints. */
  static final String HELP =
      """

      Ctrl-A s       save the machine, where --save-to says
      Ctrl-A x       leave: stop the machine as if its plug were pulled (status 130)
      Ctrl-A Ctrl-A  type one Ctrl-A into the guest
      Ctrl-A p       press the power button: a guest that listens shuts down, or wakes
      Ctrl-A i       how the machine is
      Ctrl-A h       this help
      """;

  /** What the user asked for. */
  enum Command {
    NONE,
    HELP,
    SAVE,
    POWER,
    INFORMATION,
    LEAVE
  }

  /**
   * What a stretch of typing comes to.
   *
   * @param keys what is for the guest
   * @param command what is for us; the last one, or LEAVE, behind which nothing is read
   */
  record Typed(byte[] keys, Command command) {}

  private boolean escaped;

  /** Takes the first {@code length} bytes of {@code typed}. */
  Typed accept(byte[] typed, int length) {
    ByteArrayOutputStream keys = new ByteArrayOutputStream(length);
    Command command = Command.NONE;
    for (int i = 0; i < length && command != Command.LEAVE; i++) {
      byte key = typed[i];
      if (!escaped) {
        escaped = key == ESCAPE;
        if (!escaped) {
          keys.write(key);
        }
        continue;
      }
      escaped = false;
      switch (key) {
        case 'x', 'X' -> command = Command.LEAVE;
        case 's', 'S' -> command = Command.SAVE;
        case 'h', 'H', '?' -> command = Command.HELP;
        case 'p', 'P' -> command = Command.POWER;
        case 'i', 'I' -> command = Command.INFORMATION;
        case ESCAPE, 'a' -> keys.write(ESCAPE);
        default -> {
          // No meaning yet. It is not passed on: the user meant us, not the guest.
        }
      }
    }
    return new Typed(keys.toByteArray(), command);
  }
}

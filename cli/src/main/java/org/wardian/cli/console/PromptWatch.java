package org.wardian.cli.console;

/**
 * Tells when a shell in the guest asks for a line: the line that the cursor is on ends in {@code "#
 * "} or {@code "$ "}, and has neither character before; or it is the {@code "> "} by which a shell
 * asks for the rest of a command.
 *
 * <p>Terminal control sequences are passed over. Not safe for use by several threads.
 */
final class PromptWatch {
  /** A longer line is no prompt, whatever it ends in. */
  private static final int MAX_PROMPT = 200;

  private static final byte ESCAPE = 0x1b;

  private enum State {
    TEXT,
    /** Behind an ESC. */
    ESCAPED,
    /** Behind ESC [, up to a letter: ECMA-48 §5.4. */
    CONTROL_SEQUENCE
  }

  private final StringBuilder line = new StringBuilder();
  private State state = State.TEXT;

  /** Takes the guest's next byte and tells whether the cursor now stands behind a prompt. */
  boolean accept(byte next) {
    switch (state) {
      case ESCAPED -> state = next == '[' ? State.CONTROL_SEQUENCE : State.TEXT;
      case CONTROL_SEQUENCE -> {
        if (next >= '@' && next <= '~') {
          state = State.TEXT;
        }
      }
      case TEXT -> {
        if (next == ESCAPE) {
          state = State.ESCAPED;
        } else if (next == '\n' || next == '\r') {
          line.setLength(0);
        } else if (line.length() <= MAX_PROMPT) {
          line.append((char) (next & 0xff));
        }
        return next == ' ' && isPrompt();
      }
    }
    return false;
  }

  private boolean isPrompt() {
    int length = line.length();
    if (length < 2 || length > MAX_PROMPT) {
      return false;
    }
    int mark = length - 2;
    return switch (line.charAt(mark)) {
      case '#', '$' -> firstMark() == mark;
      case '>' -> mark == 0;
      default -> false;
    };
  }

  private int firstMark() {
    for (int i = 0; i < line.length(); i++) {
      if (line.charAt(i) == '#' || line.charAt(i) == '$') {
        return i;
      }
    }
    return -1;
  }
}

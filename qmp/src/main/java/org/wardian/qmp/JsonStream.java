package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Objects;

/**
 * Cuts a stream of bytes into JSON values, which need nothing between them, as QEMU's parser
 * (qobject/json-lexer.c, json-streamer.c) does: a value ends where its braces and brackets are
 * closed, or are closed too often. A byte that no JSON text has is an error of its own, after which
 * all is skipped until a structural character or a control character.
 */
final class JsonStream {
  /** What takes values and errors in the order of their bytes. */
  interface Receiver {
    /** A complete value. */
    void value(JsonNode value);

    /** Bytes that are no value. The stream goes on. */
    void error(String description);
  }

  private enum State {
    BETWEEN,
    WORD,
    DOUBLE_QUOTED,
    SINGLE_QUOTED,
    DOUBLE_QUOTED_ESCAPE,
    SINGLE_QUOTED_ESCAPE,
    RECOVERY
  }

  /** Words, strings and structural characters of one value: each may become an object. */
  static final int MAXIMUM_TOKENS = 1 << 18;

  /** Strings that are shown in an error are cut here. */
  private static final int SHOWN = 64;

  private static final int FIRST_ROOM = 512;

  private final int maximumBytes;
  private final Receiver receiver;

  private State state = State.BETWEEN;
  private byte[] message = new byte[FIRST_ROOM];
  private int size;
  private int tokenStart;
  private int tokens;
  private int braces;
  private int brackets;

  /**
   * A stream at its start.
   *
   * @param maximumBytes of one value
   */
  JsonStream(int maximumBytes, Receiver receiver) {
    this.maximumBytes = maximumBytes;
    this.receiver = receiver;
  }

  /** The next bytes of the stream. */
  void feed(byte[] bytes, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    for (int i = offset; i < offset + length; i++) {
      feed(bytes[i]);
    }
  }

  private void feed(byte next) {
    switch (state) {
      case BETWEEN -> between(next);
      case WORD -> {
        if (isWord(next)) {
          append(next);
        } else {
          endToken();
          if (state != State.RECOVERY) {
            between(next);
          }
        }
      }
      case DOUBLE_QUOTED -> quoted(next, '"', State.DOUBLE_QUOTED_ESCAPE);
      case SINGLE_QUOTED -> quoted(next, '\'', State.SINGLE_QUOTED_ESCAPE);
      case DOUBLE_QUOTED_ESCAPE -> escaped(next, State.DOUBLE_QUOTED);
      case SINGLE_QUOTED_ESCAPE -> escaped(next, State.SINGLE_QUOTED);
      case RECOVERY -> {
        if (endsRecovery(next)) {
          state = State.BETWEEN;
          between(next);
        }
      }
      default -> throw new IllegalStateException(state.name());
    }
  }

  private void between(byte next) {
    tokenStart = size;
    switch (next) {
      case ' ', '\t', '\r', '\n' -> {
        if (size > 0) {
          append(next);
        }
      }
      case '"' -> begin(next, State.DOUBLE_QUOTED);
      case '\'' -> begin(next, State.SINGLE_QUOTED);
      case '{', '}', '[', ']', ',', ':' -> structural(next);
      default -> {
        if (isWord(next)) {
          begin(next, State.WORD);
        } else {
          stray(next);
        }
      }
    }
  }

  private void begin(byte next, State entered) {
    state = entered;
    append(next);
  }

  private void quoted(byte next, char quote, State escape) {
    if (isControl(next)) {
      stray(next);
      return;
    }
    append(next);
    if (state == State.RECOVERY) {
      return;
    }
    if (next == quote) {
      endToken();
    } else if (next == '\\') {
      state = escape;
    }
  }

  private void escaped(byte next, State string) {
    if (isControl(next)) {
      stray(next);
      return;
    }
    append(next);
    if (state != State.RECOVERY) {
      state = string;
    }
  }

  private void structural(byte next) {
    switch (next) {
      case '{' -> braces++;
      case '}' -> braces--;
      case '[' -> brackets++;
      case ']' -> brackets--;
      default -> {}
    }
    append(next);
    if (state == State.RECOVERY) {
      return;
    }
    if (braces + brackets > JsonTree.MAXIMUM_DEPTH) {
      fail("JSON nesting depth limit exceeded");
      return;
    }
    endToken();
  }

  private void endToken() {
    state = State.BETWEEN;
    boolean open = (braces > 0 || brackets > 0) && braces >= 0 && brackets >= 0;
    if (open) {
      if (++tokens > MAXIMUM_TOKENS) {
        fail("JSON token count limit exceeded");
      }
      return;
    }
    byte[] text = message;
    int length = size;
    reset();
    try {
      receiver.value(JsonTree.parse(text, length));
    } catch (QmpException e) {
      receiver.error(e.getMessage());
    }
  }

  private void append(byte next) {
    if (size == maximumBytes) {
      fail("JSON token size limit exceeded");
      return;
    }
    if (size == message.length) {
      message = Arrays.copyOf(message, (int) Math.min(maximumBytes, size * 2L));
    }
    message[size++] = next;
  }

  private void stray(byte next) {
    StringBuilder shown = new StringBuilder();
    for (int i = tokenStart; i < size && shown.length() < SHOWN; i++) {
      shown.append(shown(message[i]));
    }
    fail("JSON parse error, stray '" + shown.append(shown(next)) + "'");
  }

  private static char shown(byte value) {
    return value < 0 ? '\ufffd' : (char) value;
  }

  private void fail(String description) {
    reset();
    state = State.RECOVERY;
    receiver.error(description);
  }

  private void reset() {
    message = message.length > FIRST_ROOM ? new byte[FIRST_ROOM] : message;
    size = 0;
    tokenStart = 0;
    tokens = 0;
    braces = 0;
    brackets = 0;
  }

  private static boolean isWord(byte value) {
    return value >= 'a' && value <= 'z'
        || value >= 'A' && value <= 'Z'
        || value >= '0' && value <= '9'
        || value == '-'
        || value == '+'
        || value == '.'
        || value == '_';
  }

  private static boolean isControl(byte value) {
    return value >= 0 && value < ' ' || isNoUtf8(value);
  }

  /** Bytes that no UTF-8 text has. */
  private static boolean isNoUtf8(byte value) {
    return value == (byte) 0xfe || value == (byte) 0xff;
  }

  private static boolean endsRecovery(byte value) {
    return switch (value) {
      case '{', '}', '[', ']', ':', ',' -> true;
      default -> isControl(value);
    };
  }
}

package org.wardian.network.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Domain names as they stand in DNS messages: RFC 1035 §3.1. */
public final class DnsName {
  private static final int LONGEST_LABEL = 63;
  private static final int LONGEST_NAME = 255;
  private static final int POINTER = 0xc0;

  private DnsName() {}

  /**
   * Writes a name as labels, without compression.
   *
   * @param name such as {@code guest.example}; a dot at its end changes nothing
   * @return the labels; empty where the name cannot be written so
   */
  public static byte[] encode(String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String label : name.replaceAll("\\.$", "").split("\\.", -1)) {
      byte[] bytes = label.getBytes(StandardCharsets.UTF_8);
      if (bytes.length == 0 || bytes.length > LONGEST_LABEL) {
        return new byte[0];
      }
      out.write(bytes.length);
      out.writeBytes(bytes);
    }
    out.write(0);
    return out.size() > LONGEST_NAME ? new byte[0] : out.toByteArray();
  }

  /**
   * Where the name that begins at {@code at} ends: the offset after it, or -1 where it is malformed
   * or runs over {@code end}. A pointer ends a name.
   */
  public static int skip(byte[] bytes, int at, int end) {
    int next = at;
    while (next < end) {
      int length = bytes[next] & 0xff;
      if (length == 0) {
        return next + 1;
      }
      if ((length & POINTER) == POINTER) {
        return next + 2 <= end ? next + 2 : -1;
      }
      if (length > LONGEST_LABEL || next - at > LONGEST_NAME) {
        return -1;
      }
      next += 1 + length;
    }
    return -1;
  }

  /**
   * The name as lower-case text without a dot at its end, or null where it is malformed or
   * compressed; bytes that are no ASCII letters, digits, hyphens or underscores become question
   * marks.
   */
  public static String read(byte[] bytes, int at, int end) {
    StringBuilder text = new StringBuilder();
    int next = at;
    while (next < end) {
      int length = bytes[next] & 0xff;
      if (length == 0) {
        return text.toString().toLowerCase(Locale.ROOT);
      }
      if (length > LONGEST_LABEL || next + 1 + length > end || next - at > LONGEST_NAME) {
        return null;
      }
      if (!text.isEmpty()) {
        text.append('.');
      }
      for (int i = 1; i <= length; i++) {
        char letter = (char) (bytes[next + i] & 0xff);
        boolean plain =
            letter >= 'a' && letter <= 'z'
                || letter >= 'A' && letter <= 'Z'
                || letter >= '0' && letter <= '9'
                || letter == '-'
                || letter == '_';
        text.append(plain ? letter : '?');
      }
      next += 1 + length;
    }
    return null;
  }
}

package org.wardian.definition.filter;

import java.net.InetAddress;

/** IP addresses and masks of rules. */
final class RuleAddress {
  private RuleAddress() {}

  private static byte[] parse(String text, boolean four) {
    if (four
        ? !text.matches("\\d{1,3}(\\.\\d{1,3}){3}")
        : text.indexOf(':') < 0 || text.indexOf('%') >= 0 || text.indexOf('[') >= 0) {
      return null;
    }
    try {
      byte[] bytes = InetAddress.ofLiteral(text).getAddress();
      return bytes.length == (four ? 4 : 16) ? bytes : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** The address as it was written, where it is one of the family; null otherwise. */
  static String normal(String text, boolean four) {
    return parse(text, four) == null ? null : text;
  }

  /** How many bits a mask has; null where the text is none. */
  static String mask(String text, boolean four) {
    long bits = FieldKind.value(text);
    if (bits >= 0) {
      return bits <= (four ? 32 : 128) ? Long.toString(bits) : null;
    }
    byte[] bytes = parse(text, four);
    if (bytes == null) {
      return null;
    }
    int ones = 0;
    boolean ended = false;
    for (int i = 0; i < 8 * bytes.length; i++) {
      boolean one = (bytes[i / 8] >> 7 - i % 8 & 1) != 0;
      if (one && ended) {
        return null;
      }
      ended |= !one;
      ones += one ? 1 : 0;
    }
    return Integer.toString(ones);
  }
}

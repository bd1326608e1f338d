package org.wardian.definition.network;

import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.wardian.definition.xml.XmlElement;

/** Values of attributes and elements, checked as libvirt does. */
final class Fields {
  private static final Pattern UUID_DIGITS = Pattern.compile("\\p{XDigit}{32}");
  private static final Pattern MAC = Pattern.compile("\\p{XDigit}{1,2}(:\\p{XDigit}{1,2}){5}");

  private Fields() {}

  /** An attribute; null where it is absent or empty, as XPath's string() has it. */
  static String text(XmlElement element, String attribute) {
    String value = element == null ? null : element.attribute(attribute);
    return value == null || value.isEmpty() ? null : value;
  }

  /** Copies attributes that are there, in this order. */
  static void copy(XmlElement from, XmlElement to, String... attributes) {
    for (String attribute : attributes) {
      to.set(attribute, text(from, attribute));
    }
  }

  /** {@code yes}, {@code no} or null. */
  static String yesNo(XmlElement element, String attribute) throws DefinitionException {
    return oneOf(element, attribute, Set.of("yes", "no"));
  }

  /** One of several words, or null. */
  static String oneOf(XmlElement element, String attribute, Set<String> words)
      throws DefinitionException {
    String value = element == null ? null : element.attribute(attribute);
    if (value != null && !words.contains(value)) {
      throw invalid(element, attribute, value, "");
    }
    return value;
  }

  private static DefinitionException invalid(
      XmlElement element, String attribute, String value, String rest) {
    return DefinitionException.xml(
        "Invalid value for attribute '"
            + attribute
            + "' in element '"
            + element.name()
            + "': '"
            + value
            + "'."
            + rest);
  }

  /** A number from 0 to 2^32 - 1; -1 where it is absent. */
  static long unsigned(XmlElement element, String attribute) throws DefinitionException {
    String value = element == null ? null : element.attribute(attribute);
    if (value == null) {
      return -1;
    }
    long number = number(value);
    if (number < 0 || number > 0xffff_ffffL) {
      throw invalid(element, attribute, value, " Expected non-negative integer value");
    }
    return number;
  }

  /** A number from 1 to 2^32 - 1; -1 where it is absent. */
  static long positive(XmlElement element, String attribute) throws DefinitionException {
    long number = unsigned(element, attribute);
    if (number == 0) {
      throw DefinitionException.xml(
          "Invalid value for attribute '"
              + attribute
              + "' in element '"
              + element.name()
              + "': Zero is not permitted");
    }
    return number;
  }

  /** The value of decimal digits; -1 for other texts and for what is larger than 2^63 - 1. */
  static long number(String digits) {
    if (digits.isEmpty() || digits.length() > 19) {
      return -1;
    }
    for (int i = 0; i < digits.length(); i++) {
      if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
        return -1;
      }
    }
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** The UUID of a text, with or without hyphens; null where it is none. */
  static UUID uuid(String text) {
    String digits = text.strip().replace("-", "");
    if (!UUID_DIGITS.matcher(digits).matches()) {
      return null;
    }
    return new UUID(
        Long.parseUnsignedLong(digits.substring(0, 16), 16),
        Long.parseUnsignedLong(digits.substring(16), 16));
  }

  /** Whether a text is an Ethernet address, with colons. */
  static boolean mac(String text) {
    return MAC.matcher(text).matches();
  }

  /** Whether an Ethernet address is that of a group. */
  static boolean group(String mac) {
    return (Integer.parseInt(mac.substring(0, mac.indexOf(':')), 16) & 1) != 0;
  }

  /** An Ethernet address with two lower-case digits for each byte. */
  static String canonicalMac(String mac) {
    StringBuilder out = new StringBuilder();
    for (String part : mac.split(":")) {
      out.append(out.isEmpty() ? "" : ":");
      out.append(String.format("%02x", Integer.parseInt(part, 16)));
    }
    return out.toString();
  }
}

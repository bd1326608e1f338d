package org.wardian.definition.domain;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;

/**
 * Numbers and words out of attributes and texts. What is missing and what is no number are the same
 * here: a checked document has no second kind.
 */
final class Values {
  private Values() {}

  /** A text that is there and not empty. */
  static Optional<String> text(String value) {
    return value == null || value.isEmpty() ? Optional.empty() : Optional.of(value);
  }

  /** An attribute of an element that may be missing itself. */
  static Optional<String> attribute(XmlElement element, String key) {
    return element == null ? Optional.empty() : Optional.ofNullable(element.attribute(key));
  }

  /** The same below an element. */
  static Optional<String> attribute(XmlElement element, String child, String key) {
    return element == null ? Optional.empty() : attribute(element.child(child), key);
  }

  /** The text of an element below another. */
  static Optional<String> childText(XmlElement element, String child) {
    XmlElement found = element == null ? null : element.child(child);
    return found == null ? Optional.empty() : text(found.text());
  }

  /** A number of 32 bits, decimal, with 0x hexadecimal, with 0 octal. */
  static OptionalInt integer(String text) {
    OptionalLong value = number(text);
    return value.isPresent() && value.getAsLong() == (int) value.getAsLong()
        ? OptionalInt.of((int) value.getAsLong())
        : OptionalInt.empty();
  }

  /** The same of an attribute. */
  static OptionalInt integer(Optional<String> text) {
    return text.isPresent() ? integer(text.get()) : OptionalInt.empty();
  }

  /** A number of 64 bits, decimal, with 0x hexadecimal, with 0 octal. */
  static OptionalLong number(String text) {
    if (text == null) {
      return OptionalLong.empty();
    }
    String digits = text.strip();
    boolean negative = digits.startsWith("-");
    String magnitude = negative || digits.startsWith("+") ? digits.substring(1) : digits;
    int radix = 10;
    if (magnitude.startsWith("0x") || magnitude.startsWith("0X")) {
      radix = 16;
      magnitude = magnitude.substring(2);
    } else if (magnitude.length() > 1 && magnitude.charAt(0) == '0') {
      radix = 8;
      magnitude = magnitude.substring(1);
    }
    if (magnitude.isEmpty() || Character.digit(magnitude.charAt(0), radix) < 0) {
      return OptionalLong.empty();
    }
    try {
      long value = Long.parseLong(magnitude, radix);
      return OptionalLong.of(negative ? -value : value);
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** The same of an attribute. */
  static OptionalLong number(Optional<String> text) {
    return text.isPresent() ? number(text.get()) : OptionalLong.empty();
  }

  /** Whether an attribute says yes (or on); empty where it says nothing. */
  static Optional<Boolean> flag(Optional<String> value) {
    return value.flatMap(word ->
        switch (word) {
          case "yes", "on" -> Optional.of(true);
          case "no", "off" -> Optional.of(false);
          default -> Optional.empty();
        });
  }
}

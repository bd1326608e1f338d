package org.wardian.definition.xml;

import java.util.List;
import java.util.Optional;

/**
 * What an attribute may be, as a table's word says it: {@code name}, {@code name=word,word}, {@code
 * name!=u}.
 *
 * @param form words, a number, or anything
 * @param words those that there are, of the form {@code WORDS}
 */
record AttributeRule(String name, boolean isRequired, Form form, List<String> words) {
  enum Form {
    ANYTHING,
    WORDS,
    UNSIGNED,
    INTEGER
  }

  static AttributeRule of(String word) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    boolean isRequired = name.endsWith("!");
    name = isRequired ? name.substring(0, name.length() - 1) : name;
    return switch (equals < 0 ? "" : word.substring(equals + 1)) {
      case "" -> new AttributeRule(name, isRequired, Form.ANYTHING, List.of());
      case "u" -> new AttributeRule(name, isRequired, Form.UNSIGNED, List.of());
      case "i" -> new AttributeRule(name, isRequired, Form.INTEGER, List.of());
      case "b" -> new AttributeRule(name, isRequired, Form.WORDS, List.of("yes", "no"));
      case "o" -> new AttributeRule(name, isRequired, Form.WORDS, List.of("on", "off"));
      case String words ->
          new AttributeRule(name, isRequired, Form.WORDS, List.of(words.split(",")));
    };
  }

  /**
   * Looks at an element's attribute.
   *
   * @return a number's plain form, where the attribute has another
   */
  Optional<String> check(XmlElement element) throws XmlException {
    String value = element.attribute(name);
    if (value == null) {
      if (isRequired) {
        throw XmlException.badContent(
            "Missing required attribute '" + name + "' in element '" + element.name() + "'");
      }
      return Optional.empty();
    }
    switch (form) {
      case WORDS -> {
        if (!words.contains(value)) {
          throw XmlException.badContent(wrong(element, value));
        }
      }
      case UNSIGNED, INTEGER -> {
        long number;
        try {
          number = Long.parseLong(value.strip());
        } catch (NumberFormatException e) {
          number = Long.MIN_VALUE;
        }
        if (number == Long.MIN_VALUE || (form == Form.UNSIGNED && number < 0)) {
          throw XmlException.badContent(
              wrong(element, value)
                  + (form == Form.UNSIGNED
                      ? " Expected non-negative integer value"
                      : " Expected integer value"));
        }
        String plain = Long.toString(number);
        return plain.equals(value) ? Optional.empty() : Optional.of(plain);
      }
      case ANYTHING -> {
        // The one that reads it knows.
      }
    }
    return Optional.empty();
  }

  private String wrong(XmlElement element, String value) {
    return "Invalid value for attribute '"
        + name
        + "' in element '"
        + element.name()
        + "': '"
        + value
        + "'.";
  }
}

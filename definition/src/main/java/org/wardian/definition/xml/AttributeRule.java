package org.wardian.definition.xml;

import java.util.List;
import java.util.Optional;

/**
 * What an attribute may be, as a table's word says it: {@code name}, {@code name=word,word}, {@code
 * name!=u}.
 *
 * @param form words, a number, or anything
 * @param words those that there are, of the form {@code WORDS}
 * @param refusal what is said of other words, where it is not the usual; empty otherwise
 */
record AttributeRule(
    String name, boolean isRequired, Form form, List<String> words, String refusal) {
  enum Form {
    ANYTHING,
    WORDS,
    UNSIGNED,
    POSITIVE,
    INTEGER
  }

  static AttributeRule of(String word) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    boolean isRequired = name.endsWith("!");
    name = isRequired ? name.substring(0, name.length() - 1) : name;
    String value = equals < 0 ? "" : word.substring(equals + 1);
    int tilde = value.indexOf('~');
    String refusal = tilde < 0 ? "" : value.substring(tilde + 1).replace('_', ' ');
    String form = tilde < 0 ? value : value.substring(0, tilde);
    return switch (form) {
      case "" -> new AttributeRule(name, isRequired, Form.ANYTHING, List.of(), refusal);
      case "u" -> new AttributeRule(name, isRequired, Form.UNSIGNED, List.of(), refusal);
      case "z" -> new AttributeRule(name, isRequired, Form.POSITIVE, List.of(), refusal);
      case "i" -> new AttributeRule(name, isRequired, Form.INTEGER, List.of(), refusal);
      case "b" -> new AttributeRule(name, isRequired, Form.WORDS, List.of("yes", "no"), refusal);
      case "o" -> new AttributeRule(name, isRequired, Form.WORDS, List.of("on", "off"), refusal);
      case String words ->
          new AttributeRule(name, isRequired, Form.WORDS, List.of(words.split(",")), refusal);
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
        throw wrong(
            "Missing required attribute '" + name + "' in element '" + element.name() + "'");
      }
      return Optional.empty();
    }
    return switch (form) {
      case WORDS -> {
        if (!words.contains(value)) {
          throw refusal.isEmpty()
              ? wrong(invalid(element) + "'" + value + "'.")
              : XmlException.unsupported(refusal + " '" + value + "'");
        }
        yield Optional.empty();
      }
      case UNSIGNED, POSITIVE, INTEGER -> number(element, value);
      case ANYTHING -> Optional.empty();
    };
  }

  private Optional<String> number(XmlElement element, String value) throws XmlException {
    long number;
    try {
      number = Long.parseLong(value.strip());
    } catch (NumberFormatException e) {
      number = Long.MIN_VALUE;
    }
    if (number == Long.MIN_VALUE || (form != Form.INTEGER && number < 0)) {
      throw wrong(
          invalid(element)
              + "'"
              + value
              + "'. Expected "
              + (form == Form.INTEGER ? "integer value" : "non-negative integer value"));
    }
    if (form == Form.POSITIVE && number == 0) {
      throw wrong(invalid(element) + "Zero is not permitted");
    }
    String plain = Long.toString(number);
    return plain.equals(value) ? Optional.empty() : Optional.of(plain);
  }

  private String invalid(XmlElement element) {
    return "Invalid value for attribute '" + name + "' in element '" + element.name() + "': ";
  }

  private static XmlException wrong(String message) {
    return new XmlException(XmlException.Kind.BAD_CONTENT, XmlException.XML_ORIGIN, message);
  }
}

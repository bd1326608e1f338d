package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;

/** The type of a command's parameter, with the word that QEMU's error has for it. */
public enum ParameterType {
  /** {@code str}. */
  STRING("string"),
  /** A whole number of 64 bits with a sign. */
  INTEGER("integer"),
  /** A number, whole or not. */
  NUMBER("number"),
  /** {@code true} or {@code false}. */
  BOOLEAN("boolean"),
  /** {@code {...}}. */
  OBJECT("object"),
  /** {@code [...]}. */
  LIST("array"),
  /** Of several types: the command looks itself. */
  ANY("any");

  private final String word;

  ParameterType(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }

  boolean accepts(JsonNode value) {
    return switch (this) {
      case STRING -> value.isTextual();
      case INTEGER -> value.isIntegralNumber() && value.canConvertToLong();
      case NUMBER -> value.isNumber();
      case BOOLEAN -> value.isBoolean();
      case OBJECT -> value.isObject();
      case LIST -> value.isArray();
      case ANY -> true;
    };
  }
}

package org.wardian.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads an enum's constant from the word that its {@code toString} gives, in any case. */
final class Choice {
  private Choice() {}

  /**
   * @param what names the choice in the error, with its article
   */
  static <E extends Enum<E>> ITypeConverter<E> of(Class<E> type, String what) {
    return text ->
        Arrays.stream(type.getEnumConstants())
            .filter(constant -> constant.toString().equals(text.toLowerCase(Locale.ROOT)))
            .findFirst()
            .orElseThrow(() ->
                new TypeConversionException(
                    "'" + text + "' is not " + what + "; there is " + words(type)));
  }

  private static String words(Class<? extends Enum<?>> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(Object::toString)
        .collect(Collectors.joining(", "));
  }
}

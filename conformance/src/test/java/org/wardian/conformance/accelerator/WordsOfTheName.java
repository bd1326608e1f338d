package org.wardian.conformance.accelerator;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DisplayNameGenerator;

/**
 * Names tests by the words of the method's name: {@code portsOfEachWidth} is "ports of each width".
 */
final class WordsOfTheName extends DisplayNameGenerator.Standard {
  WordsOfTheName() {}

  @Override
  public String generateDisplayNameForMethod(
      List<Class<?>> enclosing, Class<?> testClass, Method method) {
    return words(method.getName());
  }

  static String words(String name) {
    return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ")
        .toLowerCase(Locale.ROOT);
  }
}

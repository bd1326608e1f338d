package org.wardian.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An option's text of the form {@code head,key=value,flag}: what an option names and how it is to
 * be. A comma that belongs to the head or a value is written twice.
 */
final class OptionText {
  private final String option;
  private final String head;
  private final Map<String, String> words = new LinkedHashMap<>();

  private OptionText(String option, String head) {
    this.option = option;
    this.head = head;
  }

  /**
   * Takes a text apart.
   *
   * @param option its name, for messages
   * @throws IllegalArgumentException where a word is given twice
   */
  static OptionText parse(String option, String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != ',') {
        part.append(c);
      } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
        part.append(c);
        i++;
      } else {
        parts.add(part.toString());
        part.setLength(0);
      }
    }
    parts.add(part.toString());
    OptionText result = new OptionText(option, parts.getFirst());
    for (String word : parts.subList(1, parts.size())) {
      int equals = word.indexOf('=');
      String key = equals < 0 ? word : word.substring(0, equals);
      if (result.words.put(key, equals < 0 ? "" : word.substring(equals + 1)) != null) {
        throw new IllegalArgumentException(option + " has " + key + " twice");
      }
    }
    return result;
  }

  /** What comes before the first comma. */
  String head() {
    return head;
  }

  /** Takes the value of {@code key=value}. */
  Optional<String> take(String key) {
    return Optional.ofNullable(words.remove(key));
  }

  /**
   * Takes a flag: {@code key}, {@code key=on} or {@code key=off}.
   *
   * @throws IllegalArgumentException for another value
   */
  boolean flag(String key) {
    return flag(key, false);
  }

  /** As {@link #flag(String)}, with what is the case where nothing is said. */
  boolean flag(String key, boolean otherwise) {
    return switch (words.remove(key)) {
      case null -> otherwise;
      case "", "on" -> true;
      case "off" -> false;
      case String other ->
          throw new IllegalArgumentException(option + ": " + key + " is on or off, not " + other);
    };
  }

  /**
   * Takes a number.
   *
   * @throws IllegalArgumentException where it is none between {@code least} and {@code most}
   */
  long number(String key, long least, long most, long otherwise) {
    String text = words.remove(key);
    if (text == null) {
      return otherwise;
    }
    if (!text.matches("\\d{1,18}") || Long.parseLong(text) < least || Long.parseLong(text) > most) {
      throw new IllegalArgumentException(
          option + ": " + key + " is a number of " + least + " to " + most + ", not " + text);
    }
    return Long.parseLong(text);
  }

  /**
   * Takes one of an enumeration's names, in lower case.
   *
   * @throws IllegalArgumentException for another word
   */
  <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
    String text = words.remove(key);
    if (text == null) {
      return otherwise;
    }
    List<String> names = new ArrayList<>();
    for (E one : type.getEnumConstants()) {
      String name = one.name().toLowerCase(Locale.ROOT);
      if (name.equals(text)) {
        return one;
      }
      names.add(name);
    }
    throw new IllegalArgumentException(
        option + ": " + key + " is one of " + String.join(", ", names) + ", not " + text);
  }

  /**
   * Says that all has been taken.
   *
   * @throws IllegalArgumentException where a word is left that nobody knows
   */
  void end(String known) {
    if (!words.isEmpty()) {
      throw new IllegalArgumentException(
          option + " knows no " + String.join(", ", words.keySet()) + "; it has " + known);
    }
  }
}

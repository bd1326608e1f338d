package org.wardian.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file in the form of {@code libvirtd.conf}: a line {@code name = value} for each setting, where
 * a value is a whole number, a text in quotes, or texts in brackets with commas between, perhaps
 * over several lines. {@code #} begins a comment.
 */
final class ConfigurationFile {
  private final String text;
  private final String name;
  private final Map<String, Object> values = new LinkedHashMap<>();
  private int at;
  private int line = 1;

  private ConfigurationFile(String text, String name) {
    this.text = text;
    this.name = name;
  }

  /** The settings of a file. */
  static ConfigurationFile read(Path file) throws IOException {
    return parse(Files.readString(file), file.toString());
  }

  /**
   * The settings of a text.
   *
   * @param name of the file, for messages
   * @throws IOException where it is not of that form; the message has the line
   */
  static ConfigurationFile parse(String text, String name) throws IOException {
    ConfigurationFile file = new ConfigurationFile(text, name);
    file.parse();
    return file;
  }

  private void parse() throws IOException {
    while (skip(true)) {
      int begin = at;
      while (at < text.length() && isNamePart(text.charAt(at))) {
        at++;
      }
      if (at == begin) {
        throw wrong("expected the name of a setting, found '" + text.charAt(at) + "'");
      }
      String key = text.substring(begin, at);
      skip(false);
      if (at >= text.length() || text.charAt(at) != '=') {
        throw wrong("expected '=' after " + key);
      }
      at++;
      skip(false);
      if (values.put(key, value(key)) != null) {
        throw wrong(key + " is set twice");
      }
      skip(false);
      if (at < text.length() && text.charAt(at) != '\n') {
        throw wrong("unexpected characters after the value of " + key);
      }
    }
  }

  private static boolean isNamePart(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_';
  }

  /** Skips space and comments; line ends too where asked. False at the end of the text. */
  private boolean skip(boolean lineEnds) {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '#') {
        while (at < text.length() && text.charAt(at) != '\n') {
          at++;
        }
      } else if (c == '\n' && lineEnds) {
        line++;
        at++;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        at++;
      } else {
        return true;
      }
    }
    return false;
  }

  private Object value(String key) throws IOException {
    if (at < text.length()) {
      char c = text.charAt(at);
      if (c == '"') {
        return string();
      }
      if (c == '[') {
        return list(key);
      }
      int begin = at;
      if (c == '-') {
        at++;
      }
      while (at < text.length() && Character.digit(text.charAt(at), 10) >= 0) {
        at++;
      }
      if (at > begin) {
        try {
          return Long.valueOf(text.substring(begin, at));
        } catch (NumberFormatException e) {
          throw wrong("the value of " + key + " is no number that fits", e);
        }
      }
    }
    throw wrong("the value of " + key + " is neither a number, nor in quotes, nor in brackets");
  }

  private String string() throws IOException {
    int begin = ++at;
    while (at < text.length() && text.charAt(at) != '"') {
      if (text.charAt(at) == '\n') {
        throw wrong("a text ends on the line on which it begins");
      }
      at++;
    }
    if (at >= text.length()) {
      throw wrong("a text in quotes has no end");
    }
    return text.substring(begin, at++);
  }

  private List<String> list(String key) throws IOException {
    List<String> all = new ArrayList<>();
    at++;
    while (true) {
      if (!skip(true)) {
        throw wrong("the list of " + key + " has no end");
      }
      char c = text.charAt(at);
      if (c == ']') {
        at++;
        return all;
      }
      if (c != '"') {
        throw wrong("the list of " + key + " holds texts in quotes");
      }
      all.add(string());
      skip(true);
      if (at < text.length() && text.charAt(at) == ',') {
        at++;
      } else if (at >= text.length() || text.charAt(at) != ']') {
        throw wrong("expected ',' or ']' in the list of " + key);
      }
    }
  }

  private IOException wrong(String what) {
    return wrong(what, null);
  }

  private IOException wrong(String what, Throwable cause) {
    return new IOException(name + ", line " + line + ": " + what, cause);
  }

  /** Refuses names that are not known, with those that are. */
  void requireKnown(Set<String> known) throws IOException {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        throw new IOException(name + ": there is no setting " + key);
      }
    }
  }

  /** A text, or another where it is not set. */
  String string(String key, String otherwise) throws IOException {
    return get(key, String.class, otherwise, "a text in quotes");
  }

  /** A number within limits, or another where it is not set. */
  int number(String key, int otherwise, int least, int most) throws IOException {
    long value = get(key, Long.class, (long) otherwise, "a number");
    if (value < least || value > most) {
      throw new IOException(
          name + ": " + key + " is " + value + ", and may be " + least + " to " + most);
    }
    return (int) value;
  }

  /** Whether a switch, 0 or 1, is on. */
  boolean flag(String key, boolean otherwise) throws IOException {
    return number(key, otherwise ? 1 : 0, 0, 1) == 1;
  }

  /** Texts, or none where it is not set. */
  @SuppressWarnings("unchecked") // lists hold texts only
  List<String> strings(String key) throws IOException {
    return get(key, List.class, List.of(), "a list of texts in brackets");
  }

  private <T> T get(String key, Class<T> type, T otherwise, String kind) throws IOException {
    Object value = values.get(key);
    if (value == null) {
      return otherwise;
    }
    if (!type.isInstance(value)) {
      throw new IOException(name + ": " + key + " has to be " + kind);
    }
    return type.cast(value);
  }
}

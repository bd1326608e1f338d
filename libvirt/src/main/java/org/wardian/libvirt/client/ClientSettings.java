package org.wardian.libvirt.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * libvirt's file for its clients, {@code libvirt.conf}: short names of URIs ({@code uri_aliases})
 * and the URI that is meant where none is given ({@code uri_default}). What else is in it is not
 * looked at.
 */
public final class ClientSettings {
  private static final Pattern ALIAS = Pattern.compile("[A-Za-z0-9_-]+");
  private static final long LONGEST = 1 << 20;

  private final String name;
  private final String text;
  private final Map<String, List<String>> values = new HashMap<>();
  private int position;

  private ClientSettings(String text, String name) {
    this.text = text;
    this.name = name;
  }

  /**
   * This user's file: root's is the host's; nothing is set where there is none.
   *
   * @throws IOException where it cannot be read, or is wrong; the message says where
   */
  public static ClientSettings ofThisProcess() throws IOException {
    return of(System.getenv(), "root".equals(System.getProperty("user.name")));
  }

  static ClientSettings of(Map<String, String> environment, boolean root) throws IOException {
    String own = environment.getOrDefault("XDG_CONFIG_HOME", "");
    Path folder =
        root
            ? Path.of("/etc")
            : own.isEmpty()
                ? Path.of(environment.getOrDefault("HOME", "/"), ".config")
                : Path.of(own);
    Path file = folder.resolve("libvirt/libvirt.conf");
    if (!Files.isReadable(file)) {
      return parse("", file.toString());
    }
    if (Files.size(file) > LONGEST) {
      throw new IOException(file + " is no such file: it has " + Files.size(file) + " bytes");
    }
    return parse(Files.readString(file), file.toString());
  }

  static ClientSettings parse(String text, String name) throws IOException {
    ClientSettings settings = new ClientSettings(text, name);
    settings.read();
    return settings;
  }

  private void read() throws IOException {
    for (skip(); position < text.length(); skip()) {
      int start = position;
      while (position < text.length()
          && (Character.isLetterOrDigit(text.charAt(position)) || text.charAt(position) == '_')) {
        position++;
      }
      String key = text.substring(start, position);
      skip();
      if (key.isEmpty() || next() != '=') {
        throw wrong("expected NAME = VALUE");
      }
      position++;
      skip();
      values.put(key, value());
    }
  }

  private char next() {
    return position < text.length() ? text.charAt(position) : 0;
  }

  /** Past spaces, line ends and comments. */
  private void skip() {
    while (position < text.length()) {
      if (next() == '#') {
        int end = text.indexOf('\n', position);
        position = end < 0 ? text.length() : end;
      } else if (Character.isWhitespace(next())) {
        position++;
      } else {
        return;
      }
    }
  }

  private List<String> value() throws IOException {
    List<String> all = new ArrayList<>();
    if (next() != '[') {
      all.add(single());
      return all;
    }
    position++;
    for (skip(); next() != ']'; skip()) {
      all.add(single());
      skip();
      if (next() == ',') {
        position++;
      } else if (next() != ']') {
        throw wrong("expected ',' or ']'");
      }
    }
    position++;
    return all;
  }

  private String single() throws IOException {
    char quote = next();
    if (quote == '"' || quote == '\'') {
      int end = text.indexOf(quote, position + 1);
      String found = end < 0 ? "\n" : text.substring(position + 1, end);
      if (found.indexOf('\n') >= 0) {
        throw wrong("a text that does not end in its line");
      }
      position = end + 1;
      return found;
    }
    int start = position;
    while (Character.isLetterOrDigit(next()) || next() == '-') {
      position++;
    }
    if (start == position) {
      throw wrong("expected a value: a text in quotes, a number, or a list in brackets");
    }
    return text.substring(start, position);
  }

  private IOException wrong(String what) {
    long line = text.substring(0, Math.min(position, text.length())).lines().count();
    return new IOException(name + ", line " + Math.max(1, line) + ": " + what);
  }

  /** The URI that is meant where none is given. */
  public Optional<String> defaultUri() {
    return values.getOrDefault("uri_default", List.of()).stream().findFirst();
  }

  /** Whether a text can be a short name, so that it is worth to read the file. */
  public static boolean isAlias(String uri) {
    return ALIAS.matcher(uri).matches();
  }

  /**
   * The URI of a short name; what is none, and who has none, stays as it is.
   *
   * @throws IOException where the file has a short name that is none
   */
  public String resolve(String uri) throws IOException {
    for (String entry : values.getOrDefault("uri_aliases", List.of())) {
      int equals = entry.indexOf('=');
      if (equals < 0 || !isAlias(entry.substring(0, equals))) {
        throw new IOException(
            name
                + ": in uri_aliases '"
                + entry
                + "' is not of the form NAME=URI, as lab=qemu+ssh://"
                + "root@lab/system");
      }
      if (entry.substring(0, equals).equals(uri)) {
        return entry.substring(equals + 1);
      }
    }
    return uri;
  }
}

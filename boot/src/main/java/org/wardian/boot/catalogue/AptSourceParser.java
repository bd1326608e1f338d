package org.wardian.boot.catalogue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Reads apt's two formats of package source (sources.list(5)): the one-line {@code .list} and the
 * deb822 {@code .sources}. The user's configuration is only a hint at where a near mirror is, so
 * what cannot be understood is left out; nothing throws.
 */
final class AptSourceParser {
  private AptSourceParser() {}

  /** The sources of a one-line-format file. */
  static List<AptSource> parseList(String text) {
    List<AptSource> sources = new ArrayList<>();
    for (String rawLine : text.split("\\R", -1)) {
      int comment = rawLine.indexOf('#');
      String line = (comment < 0 ? rawLine : rawLine.substring(0, comment)).strip();
      String signedBy = "";
      if (!line.startsWith("deb ") && !line.startsWith("deb\t")) {
        continue;
      }
      line = line.substring(3).strip();
      if (line.startsWith("[")) {
        int end = line.indexOf(']');
        if (end < 0) {
          continue;
        }
        String options = line.substring(1, end);
        if (!forOurArchitectures(option(options, "arch"))) {
          continue;
        }
        signedBy = option(options, "signed-by");
        line = line.substring(end + 1).strip();
      }
      String[] words = line.split("\\s+");
      if (words.length < 3) {
        continue;
      }
      String keyRing = signedBy;
      List<String> components = Arrays.asList(words).subList(2, words.length);
      httpUri(words[0])
          .ifPresent(uri -> sources.add(new AptSource(uri, words[1], components, keyRing)));
    }
    return sources;
  }

  /** The sources of a deb822-format file; paragraphs after the first fault are left out. */
  static List<AptSource> parseDeb822(String text) {
    List<AptSource> sources = new ArrayList<>();
    ControlReader reader =
        new ControlReader(
            new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), "apt source");
    try {
      for (ControlStanza stanza = reader.next(); stanza != null; stanza = reader.next()) {
        addStanza(stanza, sources);
      }
    } catch (IOException e) {
      return sources;
    }
    return sources;
  }

  private static void addStanza(ControlStanza stanza, List<AptSource> sources) {
    String enabled = stanza.get("Enabled", "yes").toLowerCase(Locale.ROOT);
    if (!words(stanza.get("Types", "")).contains("deb")
        || List.of("no", "false", "without", "off", "disable", "0").contains(enabled)
        || !forOurArchitectures(stanza.get("Architectures", ""))) {
      return;
    }
    List<String> components = words(stanza.get("Components", ""));
    String signedBy = stanza.get("Signed-By", "");
    for (String word : words(stanza.get("URIs", ""))) {
      Optional<URI> uri = httpUri(word);
      if (uri.isPresent()) {
        for (String suite : words(stanza.get("Suites", ""))) {
          sources.add(new AptSource(uri.get(), suite, components, signedBy));
        }
      }
    }
  }

  /** An address that we can fetch from, without a trailing slash. */
  static Optional<URI> httpUri(String text) {
    try {
      URI uri = new URI(text.replaceAll("/+$", ""));
      boolean http = "http".equalsIgnoreCase(uri.getScheme());
      boolean https = "https".equalsIgnoreCase(uri.getScheme());
      boolean plain = uri.getHost() != null && uri.getQuery() == null && uri.getFragment() == null;
      return (http || https) && plain ? Optional.of(uri) : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  /** A source restricted to other architectures than a PC's holds no guest for us. */
  private static boolean forOurArchitectures(String list) {
    return list.isBlank() || list.contains("amd64") || list.contains("i386");
  }

  private static String option(String options, String name) {
    for (String option : options.strip().split("\\s+")) {
      if (option.startsWith(name + "=")) {
        return option.substring(name.length() + 1);
      }
    }
    return "";
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
  }
}

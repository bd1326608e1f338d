package org.wardian.boot.catalogue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * A suite's {@code Release} text: what the suite is called, how long the text holds, and the size
 * and SHA-256 of each of the suite's package indexes (Debian repository format).
 */
final class ReleaseIndex {
  /** Clocks differ: a text may be this much from the future. */
  private static final Duration CLOCK_TOLERANCE = Duration.ofDays(1);

  private final String origin;
  private final ControlStanza stanza;
  private final Map<String, ExpectedFile> files;

  private ReleaseIndex(String origin, ControlStanza stanza, Map<String, ExpectedFile> files) {
    this.origin = origin;
    this.stanza = stanza;
    this.files = files;
  }

  /**
   * Reads a text whose signature was verified.
   *
   * @throws CatalogueException of kind {@link Kind#MALFORMED} if it is no such text
   */
  static ReleaseIndex parse(byte[] text, String origin) throws IOException {
    ControlStanza stanza = new ControlReader(new ByteArrayInputStream(text), origin).next();
    if (stanza == null || stanza.get("SHA256") == null) {
      throw malformed(origin, "no SHA256 list");
    }
    Map<String, ExpectedFile> files = new HashMap<>();
    for (String line : stanza.get("SHA256").split("\n", -1)) {
      if (line.isEmpty()) {
        continue;
      }
      String[] words = line.split("[ \t]+");
      if (words.length != 3) {
        throw malformed(origin, "a line of the SHA256 list has not three words");
      }
      if (!words[2].contains("/Packages")) {
        // Icons, translations and sources, whose names are none of our business.
        continue;
      }
      try {
        files.put(words[2], new ExpectedFile(words[2], Long.parseLong(words[1]), words[0]));
      } catch (IllegalArgumentException e) {
        throw malformed(origin, "a bad line in the SHA256 list");
      }
    }
    return new ReleaseIndex(origin, stanza, files);
  }

  private static CatalogueException malformed(String origin, String what) {
    return new CatalogueException(Kind.MALFORMED, "refused " + origin + ": " + what);
  }

  /**
   * Checks that this is the suite that was asked for, and that it holds at present.
   *
   * @throws CatalogueException of kind {@link Kind#MALFORMED} or {@link Kind#EXPIRED}
   */
  void requireCurrent(String suite, Instant now) throws CatalogueException {
    // A mirror may not answer with another suite's text, which is signed just as well.
    if (!suite.equals(stanza.get("Codename")) && !suite.equals(stanza.get("Suite"))) {
      throw malformed(
          origin, "it is of suite " + stanza.get("Codename", "(unnamed)") + ", not " + suite);
    }
    Instant date = date("Date");
    if (date != null && date.isAfter(now.plus(CLOCK_TOLERANCE))) {
      throw new CatalogueException(
          Kind.EXPIRED,
          "refused "
              + origin
              + ": it is of "
              + date
              + ", and this machine's clock says "
              + now
              + "; set the clock right");
    }
    Instant validUntil = date("Valid-Until");
    if (validUntil != null && now.isAfter(validUntil)) {
      throw new CatalogueException(
          Kind.EXPIRED,
          "refused "
              + origin
              + ": it was valid until "
              + validUntil
              + ", and this machine's clock says "
              + now
              + "; either the clock is wrong, or the mirror is out of date: "
              + DebianMirrors.remedy(URI.create(origin)));
    }
  }

  private Instant date(String field) throws CatalogueException {
    String text = stanza.get(field);
    if (text == null) {
      return null;
    }
    try {
      // Debian writes "UTC", which RFC 1123 does not know.
      String rfc1123 = text.replaceFirst("(UTC|Z)$", "GMT");
      return ZonedDateTime.parse(
              rfc1123, DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT))
          .toInstant();
    } catch (DateTimeException e) {
      throw malformed(origin, "its field " + field + " is no date");
    }
  }

  /** Whether each index file can be fetched under a name made of its hash. */
  boolean isFetchedByHash() {
    return stanza.get("Acquire-By-Hash", "no").equals("yes");
  }

  /**
   * The promise for an index file.
   *
   * @param path relative to the suite, such as {@code main/binary-amd64/Packages.xz}
   * @throws CatalogueException of kind {@link Kind#NOT_FOUND} if the suite has none
   */
  ExpectedFile file(String path) throws CatalogueException {
    ExpectedFile file = files.get(path);
    if (file == null) {
      throw new CatalogueException(Kind.NOT_FOUND, origin + " lists no " + path);
    }
    return file;
  }
}

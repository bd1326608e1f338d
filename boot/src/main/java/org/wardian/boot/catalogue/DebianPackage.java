package org.wardian.boot.catalogue;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * A binary package of an archive.
 *
 * @param archive the address of the archive that has it
 * @param name the package's name
 * @param version its version
 * @param depends its {@code Depends} field, or empty
 * @param file where it lies below {@code archive}, with size and hash
 * @param traits what else a resolver of dependencies must know
 */
record DebianPackage(
    URI archive,
    String name,
    DebianVersion version,
    String depends,
    ExpectedFile file,
    Traits traits) {
  /** A name, perhaps an architecture after a colon, perhaps a relation in parentheses. */
  private static final Pattern RELATION =
      Pattern.compile(
          "([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9-]+)?\\s*(?:\\(\\s*=\\s*([^\\s)]+)\\s*\\))?");

  /**
   * Fields of a package that only whole systems need; each is empty where the package has none.
   *
   * @param preDepends what must be configured before it is unpacked
   * @param provides virtual packages
   * @param conflicts what it cannot be installed with, by {@code Conflicts} and {@code Breaks}
   * @param priority {@code required}, {@code important} and so on
   * @param essential whether every system has it, without being told
   */
  record Traits(
      String preDepends, String provides, String conflicts, String priority, boolean essential) {}

  /**
   * Reads a paragraph of a package index.
   *
   * @throws CatalogueException of kind {@link Kind#MALFORMED} if something needed is missing
   */
  static DebianPackage parse(ControlStanza stanza, URI archive, String origin)
      throws CatalogueException {
    String name = stanza.get("Package", "");
    try {
      return new DebianPackage(
          archive,
          name,
          DebianVersion.parse(stanza.get("Version", "")),
          stanza.get("Depends", ""),
          new ExpectedFile(
              stanza.get("Filename", ""),
              Long.parseLong(stanza.get("Size", "")),
              stanza.get("SHA256", "")),
          new Traits(
              stanza.get("Pre-Depends", ""),
              stanza.get("Provides", ""),
              joined(stanza.get("Conflicts", ""), stanza.get("Breaks", "")),
              stanza.get("Priority", ""),
              stanza.get("Essential", "no").equals("yes")));
    } catch (IllegalArgumentException e) {
      throw new CatalogueException(
          Kind.MALFORMED, "refused " + origin + ": bad entry for package \"" + name + "\"", e);
    }
  }

  private static String joined(String first, String second) {
    return first.isEmpty() || second.isEmpty() ? first + second : first + ", " + second;
  }

  /** Where the package is fetched. */
  URI address() {
    return URI.create(archive + "/" + file.path());
  }

  /**
   * A dependency.
   *
   * @param name the package needed
   * @param version the exact version needed, or null for any
   */
  record Dependency(String name, DebianVersion version) {
    /** Whether a package meets it. */
    boolean isMetBy(DebianPackage candidate) {
      return candidate.name().equals(name)
          && (version == null || candidate.version().equals(version));
    }
  }

  /** The first dependency whose name has a prefix; alternatives count in their order. */
  Optional<Dependency> dependency(String prefix) {
    for (String relation : depends.split("[,|]")) {
      Matcher matcher = RELATION.matcher(relation.strip());
      if (matcher.lookingAt() && matcher.group(1).startsWith(prefix)) {
        try {
          String version = matcher.group(2);
          return Optional.of(
              new Dependency(
                  matcher.group(1), version == null ? null : DebianVersion.parse(version)));
        } catch (IllegalArgumentException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}

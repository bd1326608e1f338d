package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * Where the Debian archive and its security updates are fetched from, in order of preference. A
 * mirror that cannot be reached, or lacks the suite, gives way to the next; what a mirror serves is
 * trusted for its signature alone.
 *
 * @param archive addresses of the archive, such as {@code http://deb.debian.org/debian}
 * @param security addresses of the security archive; empty to do without security updates
 */
public record DebianMirrors(List<URI> archive, List<URI> security) {
  /** The environment variable that names the archive's mirror. */
  public static final String MIRROR_VARIABLE = "WARDIAN_MIRROR";

  /**
   * The environment variable that names the security archive's mirror; {@code none} to do without.
   */
  public static final String SECURITY_MIRROR_VARIABLE = "WARDIAN_SECURITY_MIRROR";

  /** The archive's address where the machine has no better one. Served by a network of mirrors. */
  public static final URI DEFAULT_ARCHIVE = URI.create("http://deb.debian.org/debian");

  /** The security archive's address where the machine has no better one. */
  public static final URI DEFAULT_SECURITY = URI.create("http://deb.debian.org/debian-security");

  private static final Set<String> SUITES =
      Set.of(
          "buster",
          "bullseye",
          "bookworm",
          "trixie",
          "forky",
          "duke",
          "sid",
          "oldoldstable",
          "oldstable",
          "stable",
          "testing",
          "unstable");

  /** An apt configuration has some kilobytes; a larger file is not one. */
  private static final long MAX_SOURCE_FILE_BYTES = 1 << 20;

  /**
   * @throws IllegalArgumentException if no archive is given
   */
  public DebianMirrors {
    archive = List.copyOf(archive);
    security = List.copyOf(security);
    if (archive.isEmpty()) {
      throw new IllegalArgumentException("no Debian mirror");
    }
  }

  /** The mirrors of this machine: environment, else apt configuration, else the well-known ones. */
  public static DebianMirrors discover() throws CatalogueException {
    return discover(System.getenv(), Path.of("/etc/apt"));
  }

  /**
   * As {@link #discover()}, with the archive's mirror named by the user.
   *
   * @param mirror its address, or empty for the machine's own choice
   */
  static DebianMirrors discover(Optional<String> mirror) throws CatalogueException {
    Map<String, String> settings = new HashMap<>(System.getenv());
    mirror.ifPresent(address -> settings.put(MIRROR_VARIABLE, address));
    return discover(settings, Path.of("/etc/apt"));
  }

  static DebianMirrors discover(Map<String, String> environment, Path aptFolder)
      throws CatalogueException {
    Set<URI> archive = new LinkedHashSet<>();
    Set<URI> security = new LinkedHashSet<>();
    String mirror = environment.getOrDefault(MIRROR_VARIABLE, "").strip();
    String securityMirror = environment.getOrDefault(SECURITY_MIRROR_VARIABLE, "").strip();
    List<AptSource> sources = aptSources(aptFolder);
    if (mirror.isEmpty()) {
      sources.stream().filter(DebianMirrors::isArchive).map(AptSource::uri).forEach(archive::add);
      archive.add(DEFAULT_ARCHIVE);
    } else {
      // Someone who names a mirror does not want the others asked behind his back.
      archive.add(setting(MIRROR_VARIABLE, mirror));
    }
    if (securityMirror.isEmpty()) {
      sources.stream().filter(DebianMirrors::isSecurity).map(AptSource::uri).forEach(security::add);
      security.add(DEFAULT_SECURITY);
    } else if (!securityMirror.equals("none")) {
      security.add(setting(SECURITY_MIRROR_VARIABLE, securityMirror));
    }
    return new DebianMirrors(new ArrayList<>(archive), new ArrayList<>(security));
  }

  /** What a user can do whose mirror cannot serve an address; the end of a sentence. */
  static String remedy(URI address) {
    return String.valueOf(address.getPath()).contains("security")
        ? "name another security mirror in "
            + SECURITY_MIRROR_VARIABLE
            + " (\"none\" does without security updates)"
        : "name another mirror in " + MIRROR_VARIABLE;
  }

  private static URI setting(String variable, String value) throws CatalogueException {
    return AptSourceParser.httpUri(value)
        .orElseThrow(() ->
            new CatalogueException(
                Kind.BAD_SETTING,
                variable
                    + " is \""
                    + printable(value)
                    + "\"; it must be an http or https address such as "
                    + DEFAULT_ARCHIVE));
  }

  private static String printable(String value) {
    return value.replaceAll("\\p{Cntrl}", "?");
  }

  private static boolean isArchive(AptSource source) {
    return isDebian(source)
        && SUITES.contains(baseSuite(source.suite()))
        && !isSecurity(source)
        && (isDebianHost(source.uri()) || pathEndsWith(source.uri(), "debian"));
  }

  private static boolean isSecurity(AptSource source) {
    String host = source.uri().getHost();
    return isDebian(source)
        && (source.suite().endsWith("-security") || source.suite().endsWith("/updates"))
        && (isDebianHost(source.uri()) || pathEndsWith(source.uri(), "debian-security"))
        && (host.startsWith("security.") || pathEndsWith(source.uri(), "debian-security"));
  }

  /** Vendors call their repositories "debian" and their suites "bookworm" too; a key tells. */
  private static boolean isDebian(AptSource source) {
    return source.components().contains("main")
        && (source.signedBy().isEmpty() || source.signedBy().contains("debian-archive"));
  }

  private static boolean isDebianHost(URI uri) {
    return uri.getHost().equals("debian.org") || uri.getHost().endsWith(".debian.org");
  }

  private static boolean pathEndsWith(URI uri, String segment) {
    String path = uri.getPath();
    return path != null && path.endsWith("/" + segment);
  }

  /** {@code bookworm} for {@code bookworm-updates}: a mirror that has one has the other. */
  private static String baseSuite(String suite) {
    return suite.endsWith("-updates") ? suite.substring(0, suite.length() - 8) : suite;
  }

  private static List<AptSource> aptSources(Path aptFolder) {
    List<AptSource> sources = new ArrayList<>();
    read(aptFolder.resolve("sources.list"), sources);
    Set<Path> parts = new TreeSet<>();
    try (DirectoryStream<Path> folder =
        Files.newDirectoryStream(aptFolder.resolve("sources.list.d"), "*.{list,sources}")) {
      folder.forEach(parts::add);
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      // No apt on this machine, or not for our eyes: the well-known mirror serves.
      return sources;
    }
    parts.forEach(part -> read(part, sources));
    return sources;
  }

  private static void read(Path file, List<AptSource> sources) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MAX_SOURCE_FILE_BYTES) {
        return;
      }
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      sources.addAll(
          file.toString().endsWith(".sources")
              ? AptSourceParser.parseDeb822(text)
              : AptSourceParser.parseList(text));
    } catch (IOException | UncheckedIOException e) {
      // An unreadable part of a hint is no error.
      return;
    }
  }
}

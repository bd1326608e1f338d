package org.wardian.boot.catalogue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * A suite of the Debian archive together with its security updates. What a mirror sends is believed
 * only so far as a chain of hashes leads back to a signature by a key of {@link ArchiveKeys}.
 */
final class DebianArchive {
  /** A signed index of a suite has some 150 KiB. */
  private static final int MAX_RELEASE_BYTES = 8 << 20;

  /** The kernel in a metapackage's dependencies. */
  private static final String KERNEL_PREFIX = "linux-image-";

  private final DebianMirrors mirrors;
  private final String suite;
  private final ArchiveKeys keys;
  private final Clock clock;
  private final HttpFetcher fetcher;
  private final ProgressListener progress;

  DebianArchive(
      DebianMirrors mirrors,
      String suite,
      ArchiveKeys keys,
      Clock clock,
      HttpFetcher fetcher,
      ProgressListener progress) {
    this.mirrors = mirrors;
    this.suite = suite;
    this.keys = keys;
    this.clock = clock;
    this.fetcher = fetcher;
    this.progress = progress;
  }

  /**
   * The packages that make a guest.
   *
   * @param kernel the package with the kernel
   * @param busybox the package with the static busybox
   */
  record GuestPackages(DebianPackage kernel, DebianPackage busybox) {}

  /**
   * Finds the newest packages for a guest.
   *
   * @param guest which guest
   * @param workFolder where index files may be put for a moment; they are removed
   */
  GuestPackages resolve(GuestDefinition guest, Path workFolder) throws IOException {
    Predicate<String> wanted =
        name -> name.startsWith(KERNEL_PREFIX) || name.equals(guest.busyboxPackage());
    List<DebianPackage> packages = packages(guest.architecture(), wanted, workFolder);
    return new GuestPackages(
        kernel(guest, packages),
        newest(packages, p -> p.name().equals(guest.busyboxPackage()))
            .orElseThrow(() -> missing(guest.busyboxPackage(), guest)));
  }

  /**
   * All packages of an architecture, of the suite and of its security updates.
   *
   * @param workFolder where index files may be put for a moment; they are removed
   */
  List<DebianPackage> packages(String architecture, Path workFolder) throws IOException {
    return packages(architecture, name -> true, workFolder);
  }

  private List<DebianPackage> packages(
      String architecture, Predicate<String> wanted, Path workFolder) throws IOException {
    List<DebianPackage> packages = new ArrayList<>();
    packages.addAll(packages(mirrors.archive(), suite, architecture, wanted, workFolder));
    if (!mirrors.security().isEmpty()) {
      packages.addAll(
          packages(mirrors.security(), suite + "-security", architecture, wanted, workFolder));
    }
    return packages;
  }

  /** The newest metapackage whose kernel is there: for an hour it may come before the kernel. */
  private DebianPackage kernel(GuestDefinition guest, List<DebianPackage> packages)
      throws CatalogueException {
    List<DebianPackage> metapackages =
        packages.stream()
            .filter(p -> p.name().equals(guest.kernelPackage()))
            .sorted(Comparator.comparing(DebianPackage::version).reversed())
            .toList();
    if (metapackages.isEmpty()) {
      throw missing(guest.kernelPackage(), guest);
    }
    for (DebianPackage metapackage : metapackages) {
      Optional<DebianPackage> kernel =
          metapackage.dependency(KERNEL_PREFIX).flatMap(d -> newest(packages, d::isMetBy));
      if (kernel.isPresent()) {
        return kernel.get();
      }
    }
    String needed =
        metapackages
            .get(0)
            .dependency(KERNEL_PREFIX)
            .map(DebianPackage.Dependency::name)
            .orElse("a kernel named by " + guest.kernelPackage());
    throw missing(needed, guest);
  }

  private static Optional<DebianPackage> newest(
      List<DebianPackage> packages, Predicate<DebianPackage> wanted) {
    return packages.stream().filter(wanted).max(Comparator.comparing(DebianPackage::version));
  }

  private CatalogueException missing(String name, GuestDefinition guest) {
    return new CatalogueException(
        Kind.NOT_FOUND,
        "Debian "
            + suite
            + " has no package "
            + name
            + " for "
            + guest.architecture()
            + ", which the guest "
            + guest.name()
            + " needs");
  }

  /** The packages wanted of one suite, from the first mirror that has it. */
  private List<DebianPackage> packages(
      List<URI> candidates,
      String suiteName,
      String architecture,
      Predicate<String> wanted,
      Path workFolder)
      throws IOException {
    CatalogueException first = null;
    for (URI mirror : candidates) {
      byte[] signed;
      try {
        String address = mirror + "/dists/" + suiteName + "/InRelease";
        signed =
            fetcher.fetchSigned(URI.create(address), suiteName + " InRelease", MAX_RELEASE_BYTES);
      } catch (CatalogueException e) {
        if (e.kind() != Kind.OFFLINE
            && e.kind() != Kind.NOT_FOUND
            && e.kind() != Kind.HTTP_STATUS) {
          throw e;
        }
        if (first == null) {
          first = e;
        }
        if (candidates.size() > 1) {
          progress.note("mirror " + mirror + " does not serve " + suiteName + ": trying the next");
        }
        continue;
      }
      return packages(mirror, suiteName, signed, architecture, wanted, workFolder);
    }
    throw first;
  }

  private List<DebianPackage> packages(
      URI mirror,
      String suiteName,
      byte[] signed,
      String architecture,
      Predicate<String> wanted,
      Path workFolder)
      throws IOException {
    String folder = "dists/" + suiteName + "/";
    String origin = mirror + "/" + folder + "InRelease";
    Instant now = clock.instant();
    byte[] text = ClearSignedMessage.parse(signed, origin).verify(keys, now);
    ReleaseIndex release = ReleaseIndex.parse(text, origin);
    release.requireCurrent(suiteName, now);
    String plain = "main/binary-" + architecture + "/Packages";
    long plainSize = release.file(plain).size();
    ExpectedFile compressed = release.file(plain + ".xz");
    Path index = workFolder.resolve("Packages-" + suiteName + ".xz");
    fetchIndex(mirror + "/" + folder, suiteName, release, compressed, index);
    try (InputStream in =
        Decompression.open("Packages.xz", new BufferedInputStream(Files.newInputStream(index)))) {
      return parse(
          new BoundedInputStream(in, plainSize, mirror + "/" + folder + plain), mirror, wanted);
    } finally {
      Files.deleteIfExists(index);
    }
  }

  /**
   * Fetches by hash where the suite offers that, since a mirror under update may already have
   * another file under the plain name; and by name where the mirror does not keep up the hashes.
   */
  private void fetchIndex(
      String folder, String suiteName, ReleaseIndex release, ExpectedFile expected, Path target)
      throws CatalogueException {
    String name = suiteName + " " + expected.name();
    if (release.isFetchedByHash()) {
      String parent = expected.path().substring(0, expected.path().lastIndexOf('/'));
      URI byHash = URI.create(folder + parent + "/by-hash/SHA256/" + expected.sha256());
      try {
        fetcher.fetch(byHash, name, expected, target);
        return;
      } catch (CatalogueException e) {
        if (e.kind() != Kind.NOT_FOUND) {
          throw e;
        }
      }
    }
    fetcher.fetch(URI.create(folder + expected.path()), name, expected, target);
  }

  private static List<DebianPackage> parse(
      BoundedInputStream in, URI mirror, Predicate<String> wanted) throws IOException {
    ControlReader reader = new ControlReader(in, in.origin());
    List<DebianPackage> packages = new ArrayList<>();
    for (ControlStanza stanza = reader.next(wanted); stanza != null; stanza = reader.next(wanted)) {
      packages.add(DebianPackage.parse(stanza, mirror, in.origin()));
    }
    return packages;
  }
}

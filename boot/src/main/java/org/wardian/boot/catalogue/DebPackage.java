package org.wardian.boot.catalogue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * Takes single files out of a {@code .deb} (deb(5)): an ar archive of {@code debian-binary}, {@code
 * control.tar.*} and {@code data.tar.*}. Nothing is unpacked to the file system, so names inside
 * the package lead nowhere; any input ends in a file or a {@link CatalogueException}.
 */
final class DebPackage {
  /** The largest kernel package of Debian unpacks to some 400 MiB. */
  private static final long MAX_UNPACKED_BYTES = 4L << 30;

  private DebPackage() {}

  /**
   * A file of a package.
   *
   * @param path its path without leading {@code ./} or {@code /}
   * @param content its bytes
   */
  record Member(String path, byte[] content) {}

  /**
   * The first regular file whose path matches.
   *
   * @param deb the package
   * @param path matched against the whole path, without leading {@code ./}
   * @param maxBytes the largest size accepted
   * @throws CatalogueException of kind {@link Kind#NOT_FOUND} if there is none, or {@link
   *     Kind#MALFORMED} if this is no package
   */
  static Member extract(Path deb, Pattern path, int maxBytes) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(deb), 64 << 10)) {
      return extract(in, deb.getFileName().toString(), path, maxBytes);
    }
  }

  static Member extract(InputStream in, String origin, Pattern path, int maxBytes)
      throws CatalogueException {
    try {
      ArArchiveInputStream ar = new ArArchiveInputStream(in);
      boolean binary = false;
      for (ArArchiveEntry entry = ar.getNextEntry(); entry != null; entry = ar.getNextEntry()) {
        String name = entry.getName().replaceFirst("/$", "");
        if (name.equals("debian-binary")) {
          requireFormat2(ar, origin);
          binary = true;
        } else if (binary && (name.equals("data.tar") || name.startsWith("data.tar."))) {
          InputStream data = Decompression.open(name, ar);
          return find(new BoundedInputStream(data, MAX_UNPACKED_BYTES, origin), path, maxBytes);
        }
      }
      throw malformed(origin, "it has no data.tar", null);
    } catch (CatalogueException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // The libraries below promise IOException, but hostile input has found other exceptions.
      throw malformed(origin, String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
    }
  }

  private static void requireFormat2(InputStream in, String origin) throws IOException {
    byte[] version = in.readNBytes(4);
    if (version.length < 4 || version[0] != '2' || version[1] != '.') {
      throw malformed(origin, "it is not of format 2", null);
    }
  }

  private static Member find(BoundedInputStream data, Pattern path, int maxBytes)
      throws IOException {
    TarArchiveInputStream tar = new TarArchiveInputStream(data);
    for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
      String name = entry.getName().replaceFirst("^(\\./|/)+", "");
      if (!isPlainFile(entry) || !path.matcher(name).matches()) {
        continue;
      }
      if (entry.getSize() < 0 || entry.getSize() > maxBytes) {
        throw malformed(
            data.origin(), name + " has " + entry.getSize() + " bytes, over " + maxBytes, null);
      }
      byte[] content = tar.readNBytes((int) entry.getSize());
      if (content.length != entry.getSize()) {
        throw malformed(data.origin(), name + " is cut off", null);
      }
      return new Member(name, content);
    }
    throw new CatalogueException(
        Kind.NOT_FOUND, "the package " + data.origin() + " has no file " + path.pattern());
  }

  /** Library versions differ on whether a link is a file. */
  private static boolean isPlainFile(TarArchiveEntry entry) {
    return entry.isFile() && !entry.isLink() && !entry.isSymbolicLink() && !entry.isSparse();
  }

  private static CatalogueException malformed(String origin, String what, Exception cause) {
    return new CatalogueException(
        Kind.MALFORMED, "refused " + origin + ": no Debian package (" + what + ")", cause);
  }
}

package org.wardian.boot.catalogue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.wardian.boot.catalogue.CatalogueException.Kind;
import org.wardian.boot.seed.RewritableStream;

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

  /** Takes files of a package, in their order. */
  interface Visitor {
    /**
     * A regular file.
     *
     * @param path its path without leading {@code ./} or {@code /}
     * @param content its bytes, which need not be read
     */
    void file(String path, InputStream content) throws IOException;
  }

  /**
   * Shows every regular file of a package.
   *
   * @throws CatalogueException of kind {@link Kind#MALFORMED} if this is no package
   */
  static void visit(Path deb, Visitor visitor) throws IOException {
    String origin = deb.getFileName().toString();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(deb), 64 << 10)) {
      ArArchiveInputStream ar = new ArArchiveInputStream(in);
      for (ArArchiveEntry entry = ar.getNextEntry(); entry != null; entry = ar.getNextEntry()) {
        String name = entry.getName().replaceFirst("/$", "");
        if (name.equals("data.tar") || name.startsWith("data.tar.")) {
          TarArchiveInputStream tar =
              new TarArchiveInputStream(
                  new BoundedInputStream(Decompression.open(name, ar), MAX_UNPACKED_BYTES, origin));
          for (TarArchiveEntry e = tar.getNextEntry(); e != null; e = tar.getNextEntry()) {
            if (isPlainFile(e)) {
              visitor.file(e.getName().replaceFirst("^(\\./|/)+", ""), tar);
            }
          }
          return;
        }
      }
      throw malformed(origin, "it has no data.tar", null);
    } catch (CatalogueException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw malformed(origin, String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
    }
  }

  /**
   * Writes a package again without compression, as dpkg takes it too: a guest's processor has
   * better things to do.
   *
   * @param deb the package
   * @param out where to; each member's size is written once it is known
   * @throws CatalogueException of kind {@link Kind#MALFORMED} if this is no package
   */
  static void writePlain(Path deb, RewritableStream out) throws IOException {
    String origin = deb.getFileName().toString();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(deb), 64 << 10)) {
      ArArchiveInputStream ar = new ArArchiveInputStream(in);
      out.write("!<arch>\n".getBytes(StandardCharsets.US_ASCII));
      for (ArArchiveEntry entry = ar.getNextEntry(); entry != null; entry = ar.getNextEntry()) {
        String name = entry.getName().replaceFirst("/$", "");
        boolean packed = name.startsWith("control.tar.") || name.startsWith("data.tar.");
        String plainName = packed ? name.substring(0, name.indexOf(".tar") + 4) : name;
        long header = out.position();
        out.write(arHeader(plainName, 0));
        InputStream content = packed ? Decompression.open(name, ar) : ar;
        long size = transfer(content, out, origin);
        if ((size & 1) != 0) {
          out.write('\n');
        }
        out.rewrite(header, arHeader(plainName, size));
      }
    } catch (RuntimeException e) {
      throw malformed(origin, String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
    }
  }

  /** Errors of the package and those of the disk are not to be mixed up. */
  private static long transfer(InputStream in, OutputStream out, String origin) throws IOException {
    byte[] buffer = new byte[64 << 10];
    long size = 0;
    while (true) {
      int count;
      try {
        count = in.read(buffer);
      } catch (IOException e) {
        throw malformed(origin, String.valueOf(e.getMessage()), e);
      }
      if (count < 0) {
        return size;
      }
      size += count;
      if (size > MAX_UNPACKED_BYTES) {
        throw malformed(origin, "it unpacks to more than " + MAX_UNPACKED_BYTES + " bytes", null);
      }
      out.write(buffer, 0, count);
    }
  }

  /** A member's header of the common ar format: name, time, owner, group, mode, size. */
  private static byte[] arHeader(String name, long size) {
    return String.format(
            Locale.ROOT, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, 0, 0, 0, "100644", size)
        .getBytes(StandardCharsets.US_ASCII);
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

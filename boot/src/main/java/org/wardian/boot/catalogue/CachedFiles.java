package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * A folder of the cache whose manifest speaks of its files.
 *
 * @param folder where it lies
 * @param remedy what to do where a file is not what was put there
 */
record CachedFiles(Path folder, String remedy) {
  private static final int MAX_MANIFEST_BYTES = 1 << 20;
  private static final int MAX_FILE_BYTES = 256 << 20;

  /** Whether there is such a folder. */
  boolean exist() {
    return Files.exists(folder, LinkOption.NOFOLLOW_LINKS);
  }

  /** The content of a manifest. */
  byte[] manifest(String name) throws IOException {
    return read(folder.resolve(name), MAX_MANIFEST_BYTES);
  }

  /** Bytes of a file; 0 where it cannot be looked at. */
  long size(String name) {
    try {
      return Files.size(folder.resolve(name));
    } catch (IOException e) {
      return 0;
    }
  }

  /**
   * The content of a file.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was put there
   */
  byte[] verified(String name, StoredFile expected) throws CatalogueException {
    byte[] content;
    try {
      content = read(folder.resolve(name), MAX_FILE_BYTES);
    } catch (IOException e) {
      throw corrupt(name, reason(e), e);
    }
    if (content.length != expected.size()) {
      throw corrupt(name, "expected " + expected.size() + " bytes, has " + content.length, null);
    }
    String sha256 = Sha256.of(content);
    if (!sha256.equals(expected.sha256())) {
      throw corrupt(name, "expected SHA-256 " + expected.sha256() + ", has " + sha256, null);
    }
    return content;
  }

  private static byte[] read(Path file, int limit) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(limit + 1);
      if (content.length > limit) {
        throw new IOException("larger than " + limit + " bytes");
      }
      return content;
    }
  }

  /** Why a file is refused. */
  CatalogueException corrupt(String name, IOException cause) {
    return corrupt(name, reason(cause), cause);
  }

  /** Why a file is refused, without a cause that has a name. */
  CatalogueException corrupt(String name, String what) {
    return corrupt(name, what, null);
  }

  private CatalogueException corrupt(String name, String what, IOException cause) {
    return new CatalogueException(
        Kind.CORRUPT_CACHE,
        "refused the cached file " + folder.resolve(name) + ": " + what + "; " + remedy,
        cause);
  }

  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException none -> "it is missing";
      case AccessDeniedException denied -> "permission denied";
      default -> String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    };
  }
}

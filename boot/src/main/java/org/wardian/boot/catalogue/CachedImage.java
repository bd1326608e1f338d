package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.boot.catalogue.CatalogueException.Kind;
import org.wardian.boot.catalogue.ImageManifest.StoredFile;

/**
 * A guest in the cache. Its files are given as bytes that were checked against the manifest, not as
 * paths: what was checked is what is used.
 */
public final class CachedImage {
  private static final int MAX_MANIFEST_BYTES = 1 << 20;
  private static final int MAX_FILE_BYTES = 256 << 20;

  private final Path folder;
  private final ImageManifest manifest;

  private CachedImage(Path folder, ImageManifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /**
   * The image in a folder, or nothing if there is no such folder.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if the folder is no whole image
   */
  static Optional<CachedImage> open(Path folder, GuestDefinition guest) throws CatalogueException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    Path file = folder.resolve(ImageManifest.MANIFEST_FILE);
    try {
      ImageManifest manifest = ImageManifest.fromJson(read(file, MAX_MANIFEST_BYTES));
      if (!manifest.name().equals(guest.name())
          || !manifest.architecture().equals(guest.architecture())) {
        throw corrupt(guest.name(), file, "it belongs to another guest", null);
      }
      return Optional.of(new CachedImage(folder, manifest));
    } catch (CatalogueException e) {
      throw e;
    } catch (IOException e) {
      if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
        // Removed, or about to be replaced, by another process just now.
        return Optional.empty();
      }
      throw corrupt(guest.name(), file, reason(e), e);
    }
  }

  /** Where the image lies. */
  public Path folder() {
    return folder;
  }

  /** What it consists of and where it came from. */
  public ImageManifest manifest() {
    return manifest;
  }

  /**
   * The kernel, a bzImage.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was fetched
   */
  public byte[] kernel() throws CatalogueException {
    return verified(ImageManifest.KERNEL_FILE, manifest.kernel());
  }

  /**
   * The statically linked busybox, an ELF program.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was fetched
   */
  public byte[] busybox() throws CatalogueException {
    return verified(ImageManifest.BUSYBOX_FILE, manifest.busybox());
  }

  /** Reads and checks every file. */
  void verify() throws CatalogueException {
    kernel();
    busybox();
  }

  /** Whether all files are there with the right size, without reading them. */
  boolean looksWhole() {
    return hasSize(ImageManifest.KERNEL_FILE, manifest.kernel())
        && hasSize(ImageManifest.BUSYBOX_FILE, manifest.busybox());
  }

  private boolean hasSize(String name, StoredFile expected) {
    try {
      return Files.size(folder.resolve(name)) == expected.size();
    } catch (IOException e) {
      return false;
    }
  }

  private byte[] verified(String name, StoredFile expected) throws CatalogueException {
    Path file = folder.resolve(name);
    byte[] content;
    try {
      content = read(file, MAX_FILE_BYTES);
    } catch (IOException e) {
      throw corrupt(manifest.name(), file, reason(e), e);
    }
    if (content.length != expected.size()) {
      throw corrupt(
          manifest.name(),
          file,
          "expected " + expected.size() + " bytes, has " + content.length,
          null);
    }
    String sha256 = Sha256.of(content);
    if (!sha256.equals(expected.sha256())) {
      throw corrupt(
          manifest.name(), file, "expected SHA-256 " + expected.sha256() + ", has " + sha256, null);
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

  private static String reason(IOException e) {
    if (e instanceof java.nio.file.NoSuchFileException) {
      return "it is missing";
    }
    if (e instanceof java.nio.file.AccessDeniedException) {
      return "permission denied";
    }
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private static CatalogueException corrupt(String guest, Path file, String what, Exception cause) {
    return new CatalogueException(
        Kind.CORRUPT_CACHE,
        "refused the cached file "
            + file
            + ": "
            + what
            + "; run `ward image rm "
            + guest
            + "` and `ward image pull "
            + guest
            + "`",
        cause);
  }
}

package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.boot.catalogue.CatalogueException.Kind;
import org.wardian.boot.catalogue.ImageManifest.StoredFile;

/**
 * A system in the cache. Its kernel and initrd are given as bytes that were checked against the
 * manifest; its disk is a file that machines put an overlay on.
 */
public final class CachedSystem {
  private static final int MAX_MANIFEST_BYTES = 1 << 20;
  private static final int MAX_FILE_BYTES = 256 << 20;

  private final Path folder;
  private final SystemManifest manifest;

  private CachedSystem(Path folder, SystemManifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /**
   * The system in a folder, or nothing if there is no such folder.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if the folder is no whole system
   */
  public static Optional<CachedSystem> open(Path folder) throws CatalogueException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    Path file = folder.resolve(SystemManifest.MANIFEST_FILE);
    try {
      return Optional.of(
          new CachedSystem(folder, SystemManifest.fromJson(read(file, MAX_MANIFEST_BYTES))));
    } catch (IOException e) {
      throw corrupt(file, reason(e), e);
    }
  }

  /** Where the system lies. */
  public Path folder() {
    return folder;
  }

  /** What it was made of. */
  public SystemManifest manifest() {
    return manifest;
  }

  /** The disk, a qcow2 image with a file system and no partitions; not to be written to. */
  public Path disk() {
    return folder.resolve(SystemManifest.DISK_FILE);
  }

  /**
   * The kernel, a bzImage.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was put there
   */
  public byte[] kernel() throws CatalogueException {
    return verified(SystemManifest.KERNEL_FILE, manifest.kernel());
  }

  /**
   * The initial RAM disk that goes with the kernel.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was put there
   */
  public byte[] initrd() throws CatalogueException {
    return verified(SystemManifest.INITRD_FILE, manifest.initrd());
  }

  /** Whether all files are there, without reading them. */
  public boolean looksWhole() {
    return size(SystemManifest.KERNEL_FILE) == manifest.kernel().size()
        && size(SystemManifest.INITRD_FILE) == manifest.initrd().size()
        && size(SystemManifest.DISK_FILE) > 0;
  }

  /** How many bytes its files have. */
  public long bytes() {
    return size(SystemManifest.KERNEL_FILE)
        + size(SystemManifest.INITRD_FILE)
        + size(SystemManifest.DISK_FILE);
  }

  private long size(String name) {
    try {
      return Files.size(folder.resolve(name));
    } catch (IOException e) {
      return 0;
    }
  }

  private byte[] verified(String name, StoredFile expected) throws CatalogueException {
    Path file = folder.resolve(name);
    byte[] content;
    try {
      content = read(file, MAX_FILE_BYTES);
    } catch (IOException e) {
      throw corrupt(file, reason(e), e);
    }
    if (!Sha256.of(content).equals(expected.sha256())) {
      throw corrupt(file, "it is not what was put there", null);
    }
    return content;
  }

  private static byte[] read(Path file, int limit) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(limit + 1);
      if (content.length > limit) {
        throw new IOException("it is larger than " + limit + " bytes");
      }
      return content;
    }
  }

  private static String reason(IOException e) {
    return e instanceof NoSuchFileException ? "it is missing" : String.valueOf(e.getMessage());
  }

  private static CatalogueException corrupt(Path file, String what, Exception cause) {
    return new CatalogueException(
        Kind.CORRUPT_CACHE,
        "refused the cached file "
            + file
            + ": "
            + what
            + "; 'ward image rm' and 'ward image pull' make it anew",
        cause);
  }
}

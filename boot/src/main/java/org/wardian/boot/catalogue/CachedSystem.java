package org.wardian.boot.catalogue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * A system in the cache. Its kernel and initrd are given as bytes that were checked against the
 * manifest; its disk is a file that machines put an overlay on.
 */
public final class CachedSystem {
  private static final String REMEDY = "'ward image rm' and 'ward image pull' make it anew";

  private final CachedFiles files;
  private final SystemManifest manifest;

  private CachedSystem(CachedFiles files, SystemManifest manifest) {
    this.files = files;
    this.manifest = manifest;
  }

  /**
   * The system in a folder, or nothing if there is no such folder.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if the folder is no whole system
   */
  public static Optional<CachedSystem> open(Path folder) throws CatalogueException {
    CachedFiles files = new CachedFiles(folder, REMEDY);
    if (!files.exist()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new CachedSystem(
              files, SystemManifest.fromJson(files.manifest(SystemManifest.MANIFEST_FILE))));
    } catch (IOException e) {
      throw files.corrupt(SystemManifest.MANIFEST_FILE, e);
    }
  }

  /** Where the system lies. */
  public Path folder() {
    return files.folder();
  }

  /** What it was made of. */
  public SystemManifest manifest() {
    return manifest;
  }

  /** The disk, a qcow2 image with a file system and no partitions; not to be written to. */
  public Path disk() {
    return files.folder().resolve(SystemManifest.DISK_FILE);
  }

  /**
   * The kernel, a bzImage.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was put there
   */
  public byte[] kernel() throws CatalogueException {
    return files.verified(SystemManifest.KERNEL_FILE, manifest.kernel());
  }

  /**
   * The initial RAM disk that goes with the kernel.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was put there
   */
  public byte[] initrd() throws CatalogueException {
    return files.verified(SystemManifest.INITRD_FILE, manifest.initrd());
  }

  /** Whether all files are there, without reading them. */
  public boolean looksWhole() {
    return files.size(SystemManifest.KERNEL_FILE) == manifest.kernel().size()
        && files.size(SystemManifest.INITRD_FILE) == manifest.initrd().size()
        && files.size(SystemManifest.DISK_FILE) > 0;
  }

  /** How many bytes its files have. */
  public long bytes() {
    return files.size(SystemManifest.KERNEL_FILE)
        + files.size(SystemManifest.INITRD_FILE)
        + files.size(SystemManifest.DISK_FILE);
  }
}

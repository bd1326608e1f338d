package org.wardian.boot.catalogue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * A guest in the cache. Its files are given as bytes that were checked against the manifest, not as
 * paths: what was checked is what is used.
 */
public final class CachedImage {
  private final CachedFiles files;
  private final ImageManifest manifest;

  private CachedImage(CachedFiles files, ImageManifest manifest) {
    this.files = files;
    this.manifest = manifest;
  }

  /**
   * The image in a folder, or nothing if there is no such folder.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if the folder is no whole image
   */
  static Optional<CachedImage> open(Path folder, GuestDefinition guest) throws CatalogueException {
    CachedFiles files =
        new CachedFiles(
            folder, "run `ward image rm %1$s` and `ward image pull %1$s`".formatted(guest.name()));
    if (!files.exist()) {
      return Optional.empty();
    }
    ImageManifest manifest;
    try {
      manifest = ImageManifest.fromJson(files.manifest(ImageManifest.MANIFEST_FILE));
    } catch (IOException e) {
      if (!files.exist()) {
        // Removed, or about to be replaced, by another process just now.
        return Optional.empty();
      }
      throw files.corrupt(ImageManifest.MANIFEST_FILE, e);
    }
    if (!manifest.name().equals(guest.name())
        || !manifest.architecture().equals(guest.architecture())) {
      throw files.corrupt(ImageManifest.MANIFEST_FILE, "it belongs to another guest");
    }
    return Optional.of(new CachedImage(files, manifest));
  }

  /** Where the image lies. */
  public Path folder() {
    return files.folder();
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
    return files.verified(ImageManifest.KERNEL_FILE, manifest.kernel());
  }

  /**
   * The statically linked busybox, an ELF program.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was fetched
   */
  public byte[] busybox() throws CatalogueException {
    return files.verified(ImageManifest.BUSYBOX_FILE, manifest.busybox());
  }

  /**
   * The kernel's modules for the devices of a machine, an initial RAM disk to be put behind the
   * guest's own; empty in an image that an earlier version has fetched.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if it is not what was fetched
   */
  public byte[] drivers() throws CatalogueException {
    return manifest.drivers().isPresent()
        ? files.verified(ImageManifest.DRIVERS_FILE, manifest.drivers().get())
        : new byte[0];
  }

  /** Reads and checks every file. */
  void verify() throws CatalogueException {
    kernel();
    busybox();
    drivers();
  }

  /** Whether all files are there with the right size, without reading them. */
  boolean looksWhole() {
    return files.size(ImageManifest.KERNEL_FILE) == manifest.kernel().size()
        && files.size(ImageManifest.BUSYBOX_FILE) == manifest.busybox().size()
        && files.size(ImageManifest.DRIVERS_FILE)
            == manifest.drivers().map(StoredFile::size).orElse(0L);
  }
}

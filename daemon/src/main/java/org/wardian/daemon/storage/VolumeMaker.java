package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.definition.storage.ImageLayer;
import org.wardian.definition.storage.Permissions;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.CreateOptions.Preallocation;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;

/** Makes the file of a volume as a document asks for it. */
final class VolumeMaker {
  private static final int USUAL_MODE = 0600;
  private static final long SECTOR = 512;
  private static final long KIBIBYTE = 1024;

  private VolumeMaker() {}

  /**
   * Refuses what cannot be made here, before anything is touched.
   *
   * @param metadata whether tables are to be made at once
   */
  static void check(VolumeDefinition wanted, boolean metadata) throws LibvirtException {
    ImageLayer target = wanted.target();
    VolumeFormat format = target.format();
    boolean raw = format == VolumeFormat.RAW || format == VolumeFormat.ISO;
    if (!raw && format != VolumeFormat.QCOW2 && format != VolumeFormat.DIR) {
      throw StorageErrors.unsupported(
          "volumes of format '"
              + format.text()
              + "' are read here, but not made: use raw or qcow2");
    }
    if (target.encryption() != null) {
      throw StorageErrors.unsupported(
          "encrypted volumes ('" + target.encryption() + "') cannot be made here");
    }
    if (raw && metadata) {
      throw StorageErrors.unsupported("metadata preallocation is not supported for raw volumes");
    }
    if (raw && wanted.backing() != null) {
      throw StorageErrors.noSupport("backing storage not supported for raw volumes");
    }
    if (format == VolumeFormat.QCOW2) {
      checkQcow2(target);
    }
  }

  private static void checkQcow2(ImageLayer target) throws LibvirtException {
    String compat = target.compat();
    if (compat != null && !compat.equals("0.10") && !compat.equals("1.1")) {
      throw StorageErrors.of(
          ErrorNumber.INTERNAL_ERROR, "qcow2 has no compat level '" + compat + "': 0.10 or 1.1");
    }
    if ("0.10".equals(compat) && target.features() != null) {
      for (String feature : target.features()) {
        throw StorageErrors.unsupported(feature + " not supported with compat level " + compat);
      }
    }
    long cluster = target.clusterSize();
    if (cluster != 0 && (Long.bitCount(cluster) != 1 || cluster < 512 || cluster > 2 << 20)) {
      throw StorageErrors.of(
          ErrorNumber.INTERNAL_ERROR, "Cluster size must be a power of two between 512 and 2048k");
    }
  }

  /** Makes an empty volume in a file that is not there yet. */
  static void make(VolumeDefinition wanted, Path file, boolean metadata)
      throws IOException, LibvirtException {
    switch (wanted.target().format()) {
      case DIR -> Files.createDirectory(file);
      case QCOW2 -> Images.create(file, qcow2(wanted, file, metadata));
      default -> raw(wanted, file);
    }
    own(wanted, file);
  }

  private static void raw(VolumeDefinition wanted, Path file) throws IOException {
    try (FileStore store = FileStore.create(file)) {
      store.resize(wanted.capacity());
      long now = Math.min(wanted.allocation(), wanted.capacity());
      if (now > 0 && wanted.target().format() == VolumeFormat.RAW) {
        store.allocate(0, now);
      }
      store.flush();
    }
  }

  /** What a new qcow2 image is like: as libvirt has it, of version 2 where nothing is said. */
  static CreateOptions qcow2(VolumeDefinition wanted, Path file, boolean metadata)
      throws LibvirtException {
    ImageLayer target = wanted.target();
    long size = wanted.capacity() < 0 ? -1 : roundUp(wanted.capacity(), KIBIBYTE);
    CreateOptions options =
        CreateOptions.qcow2(size)
            .withVersion("1.1".equals(target.compat()) ? 3 : 2)
            .withLazyRefcounts(target.has(ImageLayer.LAZY_REFCOUNTS))
            .withExtendedL2(target.has("extended_l2"));
    if (target.clusterSize() > 0) {
      options = options.withClusterSize((int) target.clusterSize());
    }
    if (wanted.backing() != null) {
      options = options.withBacking(wanted.backing().path(), backingFormat(wanted.backing(), file));
      // What is allocated at once would hide what is behind.
      return options;
    }
    if (metadata) {
      boolean all = wanted.allocation() >= wanted.capacity();
      options = options.withPreallocation(all ? Preallocation.FALLOC : Preallocation.METADATA);
    }
    return options;
  }

  private static ImageFormat backingFormat(ImageLayer backing, Path file) throws LibvirtException {
    Path path = backingPath(backing, file);
    if (!Files.isReadable(path)) {
      throw StorageErrors.of(
          ErrorNumber.SYSTEM_ERROR,
          "inaccessible backing store volume "
              + backing.path()
              + ": "
              + (Files.exists(path) ? "Permission denied" : "No such file or directory"));
    }
    return ImageFormat.of(backing.format().text())
        .orElseThrow(() ->
            StorageErrors.unsupported(
                "unknown storage vol backing store type '" + backing.format().text() + "'"));
  }

  /** The file behind, whose name may start from the folder of the volume. */
  static Path backingPath(ImageLayer backing, Path file) throws LibvirtException {
    return file.toAbsolutePath().getParent().resolve(HostPaths.of(backing.path()));
  }

  /** Gives a new file the owner and mode that are asked for. */
  static void own(VolumeDefinition wanted, Path file) throws IOException {
    Permissions asked = wanted.target().permissions();
    int mode = asked.mode() >= 0 ? asked.mode() : USUAL_MODE;
    Ownership.set(file, new Permissions(mode, asked.owner(), asked.group(), null));
  }

  static long roundUp(long bytes, long unit) {
    return (bytes + unit - 1) / unit * unit;
  }

  /** Bytes of a disk that an image can have. */
  static long sectors(long bytes) {
    return roundUp(bytes, SECTOR);
  }
}

package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StorageVolResizeFlags;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageInUseException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageResize;

/** What is done to volumes, with their pool counting it as a job and its lock free. */
final class VolumeWork {
  /** Does the work of a new volume's file. */
  private interface Making {
    void in(Path file) throws IOException, LibvirtException;
  }

  /** Does something to a volume. */
  private interface Changing {
    void to(VolumeDefinition volume) throws IOException, LibvirtException;
  }

  Volume create(Pool pool, VolumeDefinition wanted, boolean metadata) throws LibvirtException {
    VolumeMaker.check(wanted, metadata);
    return make(pool, wanted, file -> VolumeMaker.make(wanted, file, metadata));
  }

  Volume copy(Pool pool, VolumeDefinition wanted, Pool sourcePool, String source, boolean metadata)
      throws LibvirtException {
    Volume from = sourcePool.beginUse(source, false);
    try {
      VolumeDefinition known = from.definition();
      long capacity = Math.max(wanted.capacity(), known.capacity());
      VolumeDefinition sized =
          wanted.withSizes(capacity, wanted.allocation() < 0 ? capacity : wanted.allocation(), 0);
      VolumeMaker.check(sized, metadata);
      return make(pool, sized, file -> VolumeCopy.run(known, sized, file, metadata));
    } finally {
      sourcePool.endUse(from);
    }
  }

  private static Path place(Pool pool, VolumeDefinition wanted) throws LibvirtException {
    String name = wanted.name();
    if (name.indexOf('/') >= 0) {
      throw StorageErrors.invalid("volume name '" + name + "' cannot contain '/'");
    }
    Path folder = HostPaths.of(pool.definition().target());
    Path path = HostPaths.of(folder + "/" + name);
    if (name.equals(".") || name.equals("..") || Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(folder + "/" + name);
    }
    if (Unfinished.isName(name) || name.chars().anyMatch(c -> c < ' ' && c != '\t')) {
      throw StorageErrors.invalid("volume name '" + name + "' cannot be used");
    }
    return path;
  }

  private static LibvirtException exists(String path) {
    return StorageErrors.invalid("volume target path '" + path + "' already exists");
  }

  private static Volume make(Pool pool, VolumeDefinition asked, Making making)
      throws LibvirtException {
    pool.requireActive();
    if (pool.findVolume(asked.name()) != null) {
      throw StorageErrors.of(ErrorNumber.STORAGE_VOL_EXIST, asked.name());
    }
    Path path = place(pool, asked);
    VolumeDefinition wanted = asked.at(path.toString());
    Volume volume = new Volume(wanted, true);
    Path file = wanted.target().format() == VolumeFormat.DIR ? path : Unfinished.of(path);
    volume.madeIn(file);
    pool.beginBuilding(volume);
    boolean made = false;
    FolderScan.making(file);
    try {
      making.in(file);
      if (!file.equals(path)) {
        Unfinished.finish(file, path);
      }
      volume.definition(VolumeProbe.volume(path, volume.name()));
      made = true;
    } catch (FileAlreadyExistsException e) {
      throw exists(path.toString());
    } catch (ImageInUseException e) {
      // What is copied would be torn: a machine writes to it.
      throw StorageErrors.invalid(e.getMessage());
    } catch (IOException e) {
      throw StorageErrors.system("cannot create path '" + path + "'", e);
    } catch (IllegalArgumentException e) {
      throw StorageErrors.of(ErrorNumber.INVALID_ARG, e.getMessage());
    } finally {
      if (!made && !file.equals(path)) {
        removeQuietly(file);
      }
      FolderScan.made(file);
      pool.endBuilding(volume, made);
    }
    return volume;
  }

  private static void removeQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      System.getLogger(VolumeWork.class.getName())
          .log(System.Logger.Level.WARNING, file + " cannot be removed", e);
    }
  }

  private static void change(Pool pool, String name, String doing, Changing changing)
      throws LibvirtException {
    Volume volume = pool.beginUse(name, true);
    Path path = HostPaths.of(volume.definition().target().path());
    try {
      changing.to(volume.definition());
      VolumeDefinition now = VolumeProbe.volume(path, name);
      if (now != null) {
        volume.definition(now);
      }
    } catch (ImageInUseException e) {
      throw StorageErrors.invalid("volume '" + name + "' is still in use.");
    } catch (IOException e) {
      throw StorageErrors.system(doing + " '" + path + "'", e);
    } finally {
      pool.endUse(volume);
    }
  }

  void wipe(Pool pool, String name, StorageVolWipeAlgorithm algorithm) throws LibvirtException {
    VolumeWipe.check(algorithm);
    change(
        pool,
        name,
        "Failed to wipe storage volume with path",
        volume -> VolumeWipe.run(volume, algorithm));
  }

  void delete(Pool pool, String name) throws LibvirtException {
    Volume volume = pool.beginUse(name, true);
    try {
      Path path = HostPaths.of(volume.definition().target().path());
      boolean folder = volume.definition().kind() == VolumeDefinition.Kind.DIR;
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        throw StorageErrors.system(
            folder ? "cannot remove directory '" + path + "'" : "cannot unlink file '" + path + "'",
            e);
      }
      pool.removeVolume(volume);
    } finally {
      pool.endUse(volume);
    }
  }

  /**
   * Gives a volume another size.
   *
   * @param flags of {@code StorageVolResizeFlags}
   */
  void resize(Pool pool, String name, long capacity, int flags) throws LibvirtException {
    change(
        pool,
        name,
        "Failed to truncate file",
        volume -> resize(pool, volume, target(volume, capacity, flags), flags));
  }

  private static long target(VolumeDefinition volume, long capacity, int flags)
      throws LibvirtException {
    boolean shrink = (flags & StorageVolResizeFlags.SHRINK) != 0;
    long wanted = capacity;
    if ((flags & StorageVolResizeFlags.DELTA) != 0) {
      wanted =
          shrink
              ? volume.capacity() - Math.min(volume.capacity(), capacity)
              : volume.capacity() + capacity;
    }
    if (wanted < 0 || capacity < 0) {
      throw StorageErrors.of(ErrorNumber.OVERFLOW, "capacity is too large");
    }
    boolean raw = volume.target().format() == VolumeFormat.RAW;
    if (wanted < volume.allocation() && (raw || !shrink)) {
      throw StorageErrors.of(
          ErrorNumber.INVALID_ARG, "can't shrink capacity below existing allocation");
    }
    if (wanted < volume.capacity() && !shrink) {
      throw StorageErrors.of(
          ErrorNumber.INVALID_ARG,
          "Can't shrink capacity below current capacity unless shrink flag explicitly specified");
    }
    return wanted;
  }

  private static void resize(Pool pool, VolumeDefinition volume, long wanted, int flags)
      throws IOException, LibvirtException {
    boolean allocate = (flags & StorageVolResizeFlags.ALLOCATE) != 0;
    VolumeFormat format = volume.target().format();
    if (format != VolumeFormat.RAW && allocate) {
      throw StorageErrors.of(
          ErrorNumber.OPERATION_UNSUPPORTED, "preallocate is only supported for raw type volume");
    }
    if (allocate && wanted - volume.capacity() > pool.usage().available()) {
      throw StorageErrors.failed("Not enough space left in storage pool");
    }
    Path path = HostPaths.of(volume.target().path());
    switch (format) {
      case RAW, ISO -> {
        try (FileStore file = FileStore.open(path, true, true)) {
          if (allocate) {
            file.allocate(0, wanted);
          }
          file.resize(wanted);
        }
      }
      case QCOW2 -> {
        try {
          ImageResize.run(
              path,
              OpenOptions.readWrite().withFormat(ImageFormat.QCOW2),
              VolumeMaker.sectors(wanted),
              true);
        } catch (IllegalArgumentException | UnsupportedOperationException e) {
          throw StorageErrors.of(ErrorNumber.INVALID_ARG, e.getMessage());
        }
      }
      default ->
          throw StorageErrors.of(
              ErrorNumber.OPERATION_UNSUPPORTED,
              "volumes of format '" + format.text() + "' cannot be resized");
    }
  }
}

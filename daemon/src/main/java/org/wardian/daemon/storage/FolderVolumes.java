package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StorageVolResizeFlags;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageResize;

/** Volumes that are files and folders of a folder. */
final class FolderVolumes implements VolumeBackend {
  @Override
  public void check(VolumeDefinition wanted, boolean metadata) throws LibvirtException {
    VolumeMaker.check(wanted, metadata);
  }

  @Override
  public Path place(PoolDefinition pool, VolumeDefinition wanted) throws LibvirtException {
    String name = wanted.name();
    if (name.indexOf('/') >= 0) {
      throw StorageErrors.invalid("volume name '" + name + "' cannot contain '/'");
    }
    Path folder = HostPaths.of(pool.target());
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

  @Override
  public Path workplace(VolumeDefinition wanted) {
    Path path = Path.of(wanted.target().path());
    return wanted.target().format() == VolumeFormat.DIR ? path : Unfinished.of(path);
  }

  @Override
  public VolumeDefinition make(
      PoolDefinition pool,
      VolumeDefinition wanted,
      Path file,
      VolumeDefinition source,
      boolean metadata)
      throws IOException, LibvirtException {
    Path path = HostPaths.of(wanted.target().path());
    boolean made = false;
    FolderScan.making(file);
    try {
      if (source == null) {
        VolumeMaker.make(wanted, file, metadata);
      } else {
        VolumeCopy.run(source, wanted, file, metadata);
      }
      if (!file.equals(path)) {
        Unfinished.finish(file, path);
      }
      VolumeDefinition now = VolumeProbe.volume(path, wanted.name());
      made = true;
      return now;
    } catch (FileAlreadyExistsException e) {
      throw exists(path.toString());
    } finally {
      if (!made && !file.equals(path)) {
        removeQuietly(file);
      }
      FolderScan.made(file);
    }
  }

  private static void removeQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      System.getLogger(FolderVolumes.class.getName())
          .log(System.Logger.Level.WARNING, file + " cannot be removed", e);
    }
  }

  @Override
  public VolumeDefinition look(VolumeDefinition known) throws IOException, LibvirtException {
    return VolumeProbe.volume(HostPaths.of(known.target().path()), known.name());
  }

  @Override
  public void wipe(VolumeDefinition volume, StorageVolWipeAlgorithm algorithm)
      throws IOException, LibvirtException {
    VolumeWipe.run(volume, algorithm);
  }

  @Override
  public void resize(VolumeDefinition volume, long wanted, int flags, Usage usage)
      throws IOException, LibvirtException {
    boolean allocate = (flags & StorageVolResizeFlags.ALLOCATE) != 0;
    VolumeFormat format = volume.target().format();
    if (format != VolumeFormat.RAW && allocate) {
      throw StorageErrors.of(
          ErrorNumber.OPERATION_UNSUPPORTED, "preallocate is only supported for raw type volume");
    }
    if (allocate && wanted - volume.capacity() > usage.available()) {
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

  @Override
  public void delete(PoolDefinition pool, VolumeDefinition volume) throws LibvirtException {
    Path path = HostPaths.of(volume.target().path());
    boolean folder = volume.kind() == VolumeDefinition.Kind.DIR;
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw StorageErrors.system(
          folder ? "cannot remove directory '" + path + "'" : "cannot unlink file '" + path + "'",
          e);
    }
  }
}

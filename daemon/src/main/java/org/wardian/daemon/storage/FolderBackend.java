package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.wardian.definition.storage.Permissions;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.host.EntryException;
import org.wardian.host.FileSystemStatus;
import org.wardian.host.HostEntry;
import org.wardian.host.HostException;
import org.wardian.libvirt.constants.StoragePoolBuildFlags;
import org.wardian.libvirt.error.LibvirtException;

/** A pool that is a folder of the host. */
class FolderBackend implements PoolBackend {
  private static final int USUAL_MODE = 0711;

  private final FolderScan scan = new FolderScan();
  private final VolumeBackend volumes = new FolderVolumes();

  @Override
  public void build(PoolDefinition pool, int flags) throws LibvirtException {
    if ((flags & (StoragePoolBuildFlags.OVERWRITE | StoragePoolBuildFlags.NO_OVERWRITE)) != 0) {
      throw StorageErrors.invalid(
          "No source device specified when formatting pool '" + pool.name() + "'");
    }
    makeFolder(pool);
  }

  /** Makes the target folder with the permissions that are wanted. */
  final void makeFolder(PoolDefinition pool) throws LibvirtException {
    Path target = path(pool);
    Permissions wanted = pool.permissions();
    boolean there = Files.isDirectory(target);
    try {
      if (!there) {
        if (target.getParent() != null) {
          Files.createDirectories(target.getParent());
        }
        Files.createDirectory(target);
      }
      int mode = wanted.mode() >= 0 ? wanted.mode() : there ? -1 : USUAL_MODE;
      Ownership.set(target, new Permissions(mode, wanted.owner(), wanted.group(), null));
    } catch (IOException e) {
      throw StorageErrors.system("failed to create directory '" + target + "'", e);
    }
  }

  @Override
  public boolean isActive(PoolDefinition pool) {
    return Files.isDirectory(Path.of(pool.target()));
  }

  @Override
  public void start(PoolDefinition pool) throws LibvirtException {
    // A folder is always there, or the scan says that it is not.
  }

  @Override
  public Content scan(PoolDefinition pool) throws LibvirtException {
    Path target = path(pool);
    try {
      if (!Files.exists(target)) {
        throw new NoSuchFileException(target.toString());
      }
      if (!Files.isDirectory(target)) {
        throw new NotDirectoryException(target.toString());
      }
      return new Content(usage(pool), FileStatus.of(target).permissions(), scan.volumes(target));
    } catch (IOException e) {
      throw StorageErrors.system("cannot open directory '" + target + "'", e);
    }
  }

  @Override
  public Usage usage(PoolDefinition pool) throws LibvirtException {
    try (HostEntry folder = HostEntry.folder(path(pool))) {
      FileSystemStatus status = folder.fileSystem();
      long capacity = status.blocks() * status.blockSize();
      long available = status.free() * status.blockSize();
      return new Usage(capacity, capacity - available, available);
    } catch (EntryException e) {
      throw StorageErrors.system("cannot statvfs path '" + pool.target() + "'", e);
    } catch (HostException e) {
      throw StorageErrors.system("cannot statvfs path '" + pool.target() + "'", e);
    }
  }

  @Override
  public VolumeBackend volumes() {
    return volumes;
  }

  @Override
  public void stop(PoolDefinition pool) throws LibvirtException {
    // Nothing was started.
  }

  @Override
  public void delete(PoolDefinition pool) throws LibvirtException {
    try {
      Files.delete(path(pool));
    } catch (IOException e) {
      throw StorageErrors.system("failed to remove pool '" + pool.target() + "'", e);
    }
  }

  static Path path(PoolDefinition pool) throws LibvirtException {
    return HostPaths.of(pool.target());
  }
}

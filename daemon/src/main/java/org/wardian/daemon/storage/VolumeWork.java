package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StorageVolResizeFlags;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.ImageInUseException;

/** What is done to volumes, with their pool counting it as a job and its lock free. */
final class VolumeWork {
  /** Does something to a volume. */
  private interface Changing {
    void to(VolumeDefinition volume) throws IOException, LibvirtException;
  }

  Volume create(Pool pool, VolumeDefinition wanted, boolean metadata) throws LibvirtException {
    pool.backend.volumes().check(wanted, metadata);
    return make(pool, wanted, null, metadata);
  }

  Volume copy(Pool pool, VolumeDefinition wanted, Pool sourcePool, String source, boolean metadata)
      throws LibvirtException {
    Volume from = sourcePool.beginUse(source, false);
    try {
      VolumeDefinition known = from.definition();
      long capacity = Math.max(wanted.capacity(), known.capacity());
      VolumeDefinition sized =
          wanted.withSizes(capacity, wanted.allocation() < 0 ? capacity : wanted.allocation(), 0);
      pool.backend.volumes().check(sized, metadata);
      return make(pool, sized, known, metadata);
    } finally {
      sourcePool.endUse(from);
    }
  }

  private static Volume make(
      Pool pool, VolumeDefinition asked, VolumeDefinition source, boolean metadata)
      throws LibvirtException {
    pool.requireActive();
    if (pool.findVolume(asked.name()) != null) {
      throw StorageErrors.of(ErrorNumber.STORAGE_VOL_EXIST, asked.name());
    }
    VolumeBackend backend = pool.backend.volumes();
    Path path = backend.place(pool.definition(), asked);
    VolumeDefinition wanted = asked.at(path.toString());
    Volume volume = new Volume(wanted, true);
    Path workplace = backend.workplace(wanted);
    volume.madeIn(workplace);
    pool.beginBuilding(volume);
    boolean made = false;
    try {
      volume.definition(backend.make(pool.definition(), wanted, workplace, source, metadata));
      made = true;
    } catch (ImageInUseException e) {
      // What is copied would be torn: a machine writes to it.
      throw StorageErrors.invalid(e.getMessage());
    } catch (IOException e) {
      throw StorageErrors.system("cannot create path '" + path + "'", e);
    } catch (IllegalArgumentException e) {
      throw StorageErrors.of(ErrorNumber.INVALID_ARG, e.getMessage());
    } finally {
      pool.endBuilding(volume, made);
    }
    measure(pool);
    return volume;
  }

  /** Where the room of a pool is not asked for each time, it is when volumes come and go. */
  private static void measure(Pool pool) {
    if (!pool.backend.isMeasuredAlways()) {
      PoolQueries.measure(pool);
    }
  }

  private static void change(Pool pool, String name, String doing, Changing changing)
      throws LibvirtException {
    Volume volume = pool.beginUse(name, true);
    Path path = HostPaths.of(volume.definition().target().path());
    try {
      changing.to(volume.definition());
      VolumeDefinition now = pool.backend.volumes().look(volume.definition());
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
        volume -> pool.backend.volumes().wipe(volume, algorithm));
  }

  void delete(Pool pool, String name) throws LibvirtException {
    Volume volume = pool.beginUse(name, true);
    try {
      pool.backend.volumes().delete(pool.definition(), volume.definition());
      pool.removeVolume(volume);
    } finally {
      pool.endUse(volume);
    }
    measure(pool);
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
        volume ->
            pool.backend
                .volumes()
                .resize(volume, target(volume, capacity, flags), flags, pool.usage()));
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
    VolumeFormat format = volume.target().format();
    boolean raw = format == VolumeFormat.RAW || format == null;
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
}

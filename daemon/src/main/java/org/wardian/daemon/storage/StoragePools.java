package org.wardian.daemon.storage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.VolumePaths;
import org.wardian.definition.storage.ImageLayer;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;

/**
 * Storage pools and volumes of a daemon. Pools that were active when the daemon before ended are
 * active from the start; those that are started with the host are started by {@link #start}.
 */
public final class StoragePools implements HandlerFamily, VolumePaths, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(StoragePools.class.getName());

  private final PoolRegistry registry;
  private final PoolLifecycle lifecycle;
  private final Iterable<Pool> starting;
  private final HandlerFamily[] families;

  /** Reads what there is in the folders. */
  public StoragePools(Folders folders, Events events) {
    registry = new PoolRegistry(folders);
    starting = registry.load();
    PoolEvents told = new PoolEvents(events);
    lifecycle = new PoolLifecycle(registry, told);
    PoolLookup lookup = new PoolLookup(registry);
    VolumeWork work = new VolumeWork();
    families =
        new HandlerFamily[] {
          new PoolProcedures(registry, lookup, lifecycle, told),
          new PoolQueries(registry, lookup),
          new VolumeProcedures(lookup, work),
          new VolumeQueries(registry, lookup),
          new VolumeStreams(lookup, told)
        };
  }

  /** Starts the pools that are to be started with the host. */
  public void start() {
    for (Pool pool : starting) {
      try {
        lifecycle.start(pool, 0);
      } catch (LibvirtException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            "pool " + pool.name() + " cannot be started: " + e.getMessage());
      }
    }
  }

  @Override
  public void register(HandlerTable table) {
    for (HandlerFamily family : families) {
      family.register(table);
    }
  }

  /**
   * The file of a volume, for a machine that has it as a disk.
   *
   * @throws LibvirtException where there is no such pool or volume, or the pool is not active
   */
  @Override
  public Path path(String pool, String volume) throws LibvirtException {
    Pool found = registry.find(pool);
    if (found == null) {
      throw StorageErrors.of(
          ErrorNumber.NO_STORAGE_POOL, "no storage pool with matching name '" + pool + "'");
    }
    Volume one = found.volume(volume);
    one.requireBuilt();
    return HostPaths.of(one.definition().target().path());
  }

  @Override
  public List<Layered> layered() {
    List<Layered> all = new ArrayList<>();
    for (Pool pool : registry.all()) {
      try {
        for (Volume volume : pool.active() ? pool.volumes() : List.<Volume>of()) {
          ImageLayer image = volume.definition().target();
          if (!volume.building() && image.format() == VolumeFormat.QCOW2) {
            String owner = "volume '%s' of pool '%s'".formatted(volume.name(), pool.name());
            all.add(new Layered(HostPaths.of(image.path()), owner));
          }
        }
      } catch (LibvirtException e) {
        LOG.log(System.Logger.Level.DEBUG, () -> "pool " + pool.name() + " is gone: " + e);
      }
    }
    return all;
  }

  /** Pools stay active: the next daemon finds them so. */
  @Override
  public void close() {
    // All that there is has been written when it was changed.
  }
}

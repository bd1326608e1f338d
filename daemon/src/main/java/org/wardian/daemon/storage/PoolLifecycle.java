package org.wardian.daemon.storage;

import java.util.Set;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StoragePoolBuildFlags;
import org.wardian.libvirt.constants.StoragePoolCreateFlags;
import org.wardian.libvirt.constants.StoragePoolEventLifecycleType;
import org.wardian.libvirt.error.LibvirtException;

/** Starts, stops and scans pools; what it takes on the host is done without their monitors. */
final class PoolLifecycle {
  private static final System.Logger LOG = System.getLogger(PoolLifecycle.class.getName());

  private final PoolRegistry registry;
  private final PoolEvents events;

  PoolLifecycle(PoolRegistry registry, PoolEvents events) {
    this.registry = registry;
    this.events = events;
  }

  /** What of {@code StoragePoolCreateFlags} asks for a build. */
  static int buildFlags(int flags) throws LibvirtException {
    boolean overwrite = (flags & StoragePoolCreateFlags.WITH_BUILD_OVERWRITE) != 0;
    boolean careful = (flags & StoragePoolCreateFlags.WITH_BUILD_NO_OVERWRITE) != 0;
    if (overwrite && careful) {
      throw exclusive();
    }
    return (overwrite ? StoragePoolBuildFlags.OVERWRITE : 0)
        | (careful ? StoragePoolBuildFlags.NO_OVERWRITE : 0);
  }

  static LibvirtException exclusive() {
    return new LibvirtException(
        ErrorNumber.INVALID_ARG,
        ErrorDomain.STORAGE,
        "Unsupported flags: overwrite and no-overwrite exclude each other");
  }

  /**
   * Starts a pool.
   *
   * @param flags of {@code StoragePoolCreateFlags}
   */
  void start(Pool pool, int flags) throws LibvirtException {
    int build = buildFlags(flags);
    pool.transition.lock();
    try {
      pool.requireThere();
      pool.requireInactive("already");
      PoolDefinition definition = pool.definition();
      if (flags != 0) {
        pool.backend.build(definition, build);
      }
      pool.backend.start(definition);
      try {
        Set<String> none = pool.beginScan();
        pool.activate(pool.backend.scan(definition), none);
        registry.noteActive(pool);
      } catch (LibvirtException e) {
        pool.deactivate(true);
        stopQuietly(pool, definition);
        throw e;
      }
      events.lifecycle(pool, StoragePoolEventLifecycleType.STARTED);
    } finally {
      pool.transition.unlock();
    }
  }

  private static void stopQuietly(Pool pool, PoolDefinition definition) {
    try {
      pool.backend.stop(definition);
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.WARNING, pool.name() + ": " + e.getMessage());
    }
  }

  void stop(Pool pool) throws LibvirtException {
    pool.transition.lock();
    try {
      pool.requireThere();
      pool.requireActive();
      pool.requireNoJobs();
      PoolDefinition definition = pool.definition();
      pool.backend.stop(definition);
      pool.deactivate(false);
      ended(pool);
    } finally {
      pool.transition.unlock();
    }
  }

  private void ended(Pool pool) {
    registry.noteInactive(pool);
    events.lifecycle(pool, StoragePoolEventLifecycleType.STOPPED);
    registry.removeIfUnused(pool);
  }

  /** Looks at all volumes again; a pool that cannot be looked at is not active any more. */
  void refresh(Pool pool) throws LibvirtException {
    pool.transition.lock();
    try {
      pool.requireThere();
      pool.requireActive();
      pool.requireNoJobs();
      try {
        scan(pool);
      } catch (LibvirtException e) {
        stopQuietly(pool, pool.definition());
        pool.deactivate(true);
        ended(pool);
        throw e;
      }
      events.refreshed(pool);
    } finally {
      pool.transition.unlock();
    }
  }

  private static void scan(Pool pool) throws LibvirtException {
    Set<String> before = pool.beginScan();
    pool.activate(pool.backend.scan(pool.definition()), before);
  }

  void build(Pool pool, int flags) throws LibvirtException {
    if ((flags & StoragePoolBuildFlags.OVERWRITE) != 0
        && (flags & StoragePoolBuildFlags.NO_OVERWRITE) != 0) {
      throw exclusive();
    }
    pool.transition.lock();
    try {
      pool.requireThere();
      pool.requireInactive("already");
      pool.backend.build(pool.definition(), flags);
      events.lifecycle(pool, StoragePoolEventLifecycleType.CREATED);
    } finally {
      pool.transition.unlock();
    }
  }

  void delete(Pool pool) throws LibvirtException {
    pool.transition.lock();
    try {
      pool.requireThere();
      pool.requireInactive("still");
      pool.requireNoJobs();
      pool.backend.delete(pool.definition());
      events.lifecycle(pool, StoragePoolEventLifecycleType.DELETED);
    } finally {
      pool.transition.unlock();
    }
  }

  void undefine(Pool pool) throws LibvirtException {
    pool.transition.lock();
    try {
      pool.requireThere();
      pool.requireInactive("still");
      pool.requireNoJobs();
      registry.remove(pool);
      events.lifecycle(pool, StoragePoolEventLifecycleType.UNDEFINED);
    } finally {
      pool.transition.unlock();
    }
  }
}

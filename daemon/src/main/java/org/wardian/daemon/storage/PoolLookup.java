package org.wardian.daemon.storage;

import java.util.UUID;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.StoragePoolRef;

/** Finds pools by what clients call them. */
final class PoolLookup {
  private final PoolRegistry registry;

  PoolLookup(PoolRegistry registry) {
    this.registry = registry;
  }

  Pool pool(StoragePoolRef ref) throws LibvirtException {
    return pool(ref.uuid(), ref.name());
  }

  Pool pool(UUID uuid, String name) throws LibvirtException {
    Pool pool = registry.find(uuid);
    if (pool == null) {
      throw missing(
          "no storage pool with matching uuid '"
              + uuid
              + "'"
              + (name == null ? "" : " (" + name + ")"));
    }
    return pool;
  }

  Pool pool(String name) throws LibvirtException {
    Pool pool = registry.find(name);
    if (pool == null) {
      throw missing("no storage pool with matching name '" + name + "'");
    }
    return pool;
  }

  static LibvirtException missing(String detail) {
    return StorageErrors.of(ErrorNumber.NO_STORAGE_POOL, detail);
  }
}

package org.wardian.daemon.storage;

import org.wardian.libvirt.constants.StoragePoolEventLifecycleType;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StoragePoolEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.StoragePoolEventRefreshMsg;

/** Tells clients what happens to pools. */
final class PoolEvents {
  private final Events events;

  PoolEvents(Events events) {
    this.events = events;
  }

  void lifecycle(Pool pool, StoragePoolEventLifecycleType event) {
    events.emit(
        RemoteProgram.STORAGE_POOL_EVENT_LIFECYCLE,
        pool.uuid(),
        id -> new StoragePoolEventLifecycleMsg(id, pool.ref(), event.number(), 0));
  }

  void refreshed(Pool pool) {
    events.emit(
        RemoteProgram.STORAGE_POOL_EVENT_REFRESH,
        pool.uuid(),
        id -> new StoragePoolEventRefreshMsg(id, pool.ref()));
  }
}

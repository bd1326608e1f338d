package org.wardian.daemon.storage;

import java.util.EnumMap;
import java.util.Map;
import org.wardian.definition.storage.PoolType;
import org.wardian.libvirt.constants.ConnectListAllStoragePoolsFlags;

/** Which pools a client wants to see; of each group of flags, none stands for all. */
record PoolFilter(int flags) {
  private static final Map<PoolType, Integer> TYPES = types();
  private static final int ALL_TYPES =
      TYPES.values().stream().mapToInt(Integer::intValue).reduce(0, (a, b) -> a | b);

  /** All flags that there are. */
  static final int ALL =
      ALL_TYPES
          | ConnectListAllStoragePoolsFlags.INACTIVE
          | ConnectListAllStoragePoolsFlags.ACTIVE
          | ConnectListAllStoragePoolsFlags.PERSISTENT
          | ConnectListAllStoragePoolsFlags.TRANSIENT
          | ConnectListAllStoragePoolsFlags.AUTOSTART
          | ConnectListAllStoragePoolsFlags.NO_AUTOSTART;

  private static Map<PoolType, Integer> types() {
    Map<PoolType, Integer> types = new EnumMap<>(PoolType.class);
    types.put(PoolType.DIR, ConnectListAllStoragePoolsFlags.DIR);
    types.put(PoolType.FS, ConnectListAllStoragePoolsFlags.FS);
    types.put(PoolType.NETFS, ConnectListAllStoragePoolsFlags.NETFS);
    types.put(PoolType.LOGICAL, ConnectListAllStoragePoolsFlags.LOGICAL);
    types.put(PoolType.DISK, ConnectListAllStoragePoolsFlags.DISK);
    types.put(PoolType.ISCSI, ConnectListAllStoragePoolsFlags.ISCSI);
    types.put(PoolType.ISCSI_DIRECT, ConnectListAllStoragePoolsFlags.ISCSI_DIRECT);
    types.put(PoolType.SCSI, ConnectListAllStoragePoolsFlags.SCSI);
    types.put(PoolType.MPATH, ConnectListAllStoragePoolsFlags.MPATH);
    types.put(PoolType.RBD, ConnectListAllStoragePoolsFlags.RBD);
    types.put(PoolType.SHEEPDOG, ConnectListAllStoragePoolsFlags.SHEEPDOG);
    types.put(PoolType.GLUSTER, ConnectListAllStoragePoolsFlags.GLUSTER);
    types.put(PoolType.ZFS, ConnectListAllStoragePoolsFlags.ZFS);
    types.put(PoolType.VSTORAGE, ConnectListAllStoragePoolsFlags.VSTORAGE);
    return types;
  }

  boolean shows(Pool pool) {
    int type = flags & ALL_TYPES;
    return either(
            pool.active(),
            ConnectListAllStoragePoolsFlags.ACTIVE,
            ConnectListAllStoragePoolsFlags.INACTIVE)
        && either(
            pool.persistent(),
            ConnectListAllStoragePoolsFlags.PERSISTENT,
            ConnectListAllStoragePoolsFlags.TRANSIENT)
        && either(
            pool.autostart(),
            ConnectListAllStoragePoolsFlags.AUTOSTART,
            ConnectListAllStoragePoolsFlags.NO_AUTOSTART)
        && (type == 0 || (type & TYPES.get(pool.definition().type())) != 0);
  }

  private boolean either(boolean is, int yes, int no) {
    return (flags & (yes | no)) == 0 || (flags & (is ? yes : no)) != 0;
  }
}

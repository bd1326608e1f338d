package org.wardian.definition.storage;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Kinds of pools, in libvirt's order, and what the source of each has to name. */
public enum PoolType {
  /** A folder. */
  DIR("dir", List.of()),
  /** A file system, mounted while the pool is active. */
  FS(
      "fs",
      List.of(
          "auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf", "gfs", "gfs2", "vfat", "hfs+",
          "xfs", "ocfs2", "vmfs"),
      Part.DEVICE),
  /** A file system of another host. */
  NETFS("netfs", List.of("auto", "nfs", "glusterfs", "cifs"), Part.HOST, Part.DIR, Part.PROTOCOL),
  /** A volume group. */
  LOGICAL("logical", List.of("unknown", "lvm2"), Part.NAME, Part.DEVICE),
  /** A disk with partitions. */
  DISK(
      "disk",
      List.of("unknown", "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", "lvm2"),
      Part.DEVICE),
  /** An iSCSI target by the host's initiator. */
  ISCSI("iscsi", List.of(), Part.HOST, Part.DEVICE, Part.INITIATOR),
  /** An iSCSI target by a library. */
  ISCSI_DIRECT("iscsi-direct", List.of(), Part.HOST, Part.DEVICE, Part.INITIATOR),
  /** A SCSI adapter. */
  SCSI("scsi", List.of(), Part.ADAPTER),
  /** All multipath devices. */
  MPATH("mpath", List.of()),
  /** A pool of Ceph. */
  RBD("rbd", List.of(), Part.HOST, Part.NETWORK, Part.NAME),
  /** A Sheepdog cluster. */
  SHEEPDOG("sheepdog", List.of(), Part.HOST, Part.NETWORK, Part.NAME),
  /** A Gluster volume. */
  GLUSTER("gluster", List.of(), Part.HOST, Part.NETWORK, Part.NAME, Part.DIR),
  /** A ZFS pool. */
  ZFS("zfs", List.of(), Part.NAME, Part.DEVICE),
  /** A Virtuozzo storage cluster. */
  VSTORAGE("vstorage", List.of(), Part.NAME);

  /** What a source may have. */
  enum Part {
    HOST,
    DEVICE,
    DIR,
    ADAPTER,
    NAME,
    INITIATOR,
    PROTOCOL,
    /** It is reached by a network: the pool has no target on the host. */
    NETWORK
  }

  private final String text;
  private final List<String> sourceFormats;
  private final Set<Part> parts;

  PoolType(String text, List<String> sourceFormats, Part... parts) {
    this.text = text;
    this.sourceFormats = sourceFormats;
    this.parts = parts.length == 0 ? EnumSet.noneOf(Part.class) : EnumSet.copyOf(List.of(parts));
  }

  /** The name in documents. */
  public String text() {
    return text;
  }

  /** The type of a name. */
  public static Optional<PoolType> of(String text) {
    return Arrays.stream(values()).filter(type -> type.text.equals(text)).findFirst();
  }

  /** Formats that the source may have; none where it has no format. */
  public List<String> sourceFormats() {
    return sourceFormats;
  }

  /** The format of a source that names none; null where a source has no format. */
  public String defaultSourceFormat() {
    if (sourceFormats.isEmpty()) {
      return null;
    }
    return this == LOGICAL ? "lvm2" : sourceFormats.getFirst();
  }

  /** Whether its volumes are files in a folder. */
  public boolean hasFiles() {
    return this == DIR || this == FS || this == NETFS || this == GLUSTER || this == VSTORAGE;
  }

  boolean has(Part part) {
    return parts.contains(part);
  }

  /**
   * Whether a source has to have a part. A logical pool's devices and a ZFS pool's are there
   * already when it is started; a protocol's version is for the mount to choose.
   */
  boolean needs(Part part) {
    return has(part)
        && part != Part.PROTOCOL
        && part != Part.NETWORK
        && !(part == Part.INITIATOR && this != ISCSI_DIRECT)
        && !(part == Part.DEVICE && (this == LOGICAL || this == ZFS))
        && !(part == Part.NAME && this == LOGICAL);
  }
}

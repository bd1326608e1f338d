package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.storage.LogicalReport.LogicalVolume;
import org.wardian.definition.storage.ImageLayer;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeDefinition.Kind;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.FileStore;

/** The logical volumes of a volume group, each a block device {@code /dev/GROUP/VOLUME}. */
final class LogicalVolumes implements VolumeBackend {
  private static final System.Logger LOG = System.getLogger(LogicalVolumes.class.getName());
  private static final int KIBIBYTE = 1024;
  private static final int MOST = 16_384;

  private final LogicalTools tools;
  private final LogicalMaking making;

  LogicalVolumes(LogicalTools tools) {
    this.tools = tools;
    making = new LogicalMaking(this, tools);
  }

  /** All volumes of a group that have a device and are whole. */
  List<VolumeDefinition> all(PoolDefinition pool) throws LibvirtException {
    List<VolumeDefinition> volumes = new ArrayList<>();
    for (LogicalVolume one : report(pool).values()) {
      if (making.isUnfinished(one)) {
        making.removeDead(pool, one);
      } else if (volumes.size() >= MOST) {
        LOG.log(
            System.Logger.Level.WARNING,
            pool.source().name() + " has more than " + MOST + " volumes");
        break;
      } else if (one.active() && !one.thinPool() && hasNames(one)) {
        add(pool, one, volumes);
      }
    }
    return volumes;
  }

  /** The tools check what a device says of its group; a path is made only of what they promise. */
  private static boolean hasNames(LogicalVolume one) {
    return LogicalNames.isName(one.name())
        && (one.origin() == null || LogicalNames.isName(one.origin()));
  }

  /** Whether a group has no volumes. */
  boolean none(PoolDefinition pool) throws LibvirtException {
    return report(pool).isEmpty();
  }

  private static void add(PoolDefinition pool, LogicalVolume one, List<VolumeDefinition> volumes) {
    try {
      volumes.add(definition(pool, one));
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          pool.target() + "/" + one.name() + " is no volume: " + e.getMessage());
    }
  }

  private Map<String, LogicalVolume> report(PoolDefinition pool) throws LibvirtException {
    return LogicalReport.volumes(
        tools.report("lvs", LogicalReport.VOLUME_FIELDS, LogicalNames.group(pool)));
  }

  /** One volume as it is now. */
  VolumeDefinition find(PoolDefinition pool, String name) throws IOException, LibvirtException {
    LogicalVolume found = report(pool).get(name);
    if (found == null) {
      throw StorageErrors.of(
          ErrorNumber.INTERNAL_ERROR,
          "cannot find newly created volume '" + pool.target() + "/" + name + "'");
    }
    return definition(pool, found);
  }

  /** What the tools say of a volume, with what its device says. */
  static VolumeDefinition definition(PoolDefinition pool, LogicalVolume one) throws IOException {
    Path path = Path.of(pool.target() + "/" + one.name());
    FileStatus status = FileStatus.of(path);
    long bytes;
    try (FileStore device = FileStore.open(path, false, false)) {
      bytes = device.size();
    }
    ImageLayer backing = null;
    if (one.origin() != null) {
      Path origin = Path.of(pool.target() + "/" + one.origin());
      FileStatus behind = FileStatus.of(origin);
      backing =
          ImageLayer.of(origin.toString(), null)
              .withStatus(behind.permissions(), behind.timestamps());
    }
    return new VolumeDefinition(
        Kind.BLOCK,
        one.name(),
        one.uuid(),
        bytes,
        one.size(),
        bytes,
        ImageLayer.of(path.toString(), null).withStatus(status.permissions(), status.timestamps()),
        backing,
        one.extents());
  }

  @Override
  public void check(VolumeDefinition wanted, boolean metadata) throws LibvirtException {
    if (wanted.capacity() <= 0) {
      throw StorageErrors.noSupport("volume capacity required for this storage pool");
    }
    if (wanted.target().encryption() != null) {
      throw StorageErrors.noSupport("storage pool does not support encrypted volumes");
    }
  }

  @Override
  public Path place(PoolDefinition pool, VolumeDefinition wanted) throws LibvirtException {
    LogicalNames.group(pool);
    LogicalNames.requireVolume(wanted.name());
    if (wanted.backing() != null) {
      LogicalNames.requireOrigin(pool, wanted.backing().path());
    }
    return HostPaths.of(pool.target() + "/" + wanted.name());
  }

  @Override
  public Path workplace(VolumeDefinition wanted) {
    return Path.of(wanted.target().path());
  }

  @Override
  public VolumeDefinition make(
      PoolDefinition pool,
      VolumeDefinition wanted,
      Path device,
      VolumeDefinition source,
      boolean metadata)
      throws IOException, LibvirtException {
    return making.make(pool, wanted, device, source);
  }

  /**
   * What makes a volume. One that takes less than it holds is a snapshot of a volume of zeroes,
   * which the tools keep to themselves; sizes are in KiB, and the tools round them up to extents.
   *
   * @param tag that it has until it is whole; null for none
   */
  static List<String> createArguments(PoolDefinition pool, VolumeDefinition wanted, String tag)
      throws LibvirtException {
    String capacity = kibibytes(wanted.capacity());
    String allocation = kibibytes(Math.max(1, wanted.allocation()));
    List<String> arguments = new ArrayList<>(List.of("--name", wanted.name(), "-L"));
    if (wanted.backing() != null) {
      // It holds as much as its origin; what is said of it is the room for what differs.
      arguments.add(allocation);
      arguments.addAll(List.of("-s", LogicalNames.requireOrigin(pool, wanted.backing().path())));
    } else {
      if (wanted.allocation() != wanted.capacity()) {
        arguments.addAll(List.of(allocation, "--type", "snapshot", "--virtualsize"));
      }
      arguments.add(capacity);
      arguments.add(LogicalNames.group(pool));
    }
    if (tag != null) {
      arguments.addAll(List.of("--addtag", tag));
    }
    arguments.add("--yes");
    return arguments;
  }

  private static String kibibytes(long bytes) {
    return Math.ceilDiv(bytes, KIBIBYTE) + "K";
  }

  /** As the pool was last scanned, as in libvirt: who wants to know more refreshes the pool. */
  @Override
  public VolumeDefinition look(VolumeDefinition known) {
    return known;
  }

  @Override
  public void wipe(VolumeDefinition volume, StorageVolWipeAlgorithm algorithm)
      throws IOException, LibvirtException {
    if (volume.allocation() != volume.capacity() || volume.backing() != null) {
      // Each block that is written takes room of its own, until there is none.
      throw StorageErrors.noSupport(
          "logical volume '" + volume.target().path() + "' is sparse, volume wipe not supported");
    }
    VolumeWipe.run(volume, algorithm);
  }

  @Override
  public void resize(VolumeDefinition volume, long bytes, int flags, Usage usage)
      throws LibvirtException {
    throw StorageErrors.noSupport("storage pool does not support changing of volume capacity");
  }

  /**
   * Removes a volume; not with its snapshots, which the tools would remove silently. The second way
   * is for a volume that is active in a way of which the first wants to ask.
   */
  @Override
  public void delete(PoolDefinition pool, VolumeDefinition volume) throws LibvirtException {
    List<String> snapshots =
        report(pool).values().stream()
            .filter(one -> volume.name().equals(one.origin()))
            .filter(LogicalVolume::snapshot)
            .map(LogicalVolume::name)
            .toList();
    if (!snapshots.isEmpty()) {
      throw StorageErrors.invalid(
          "volume '"
              + volume.name()
              + "' has snapshots: delete "
              + String.join(", ", snapshots)
              + " first");
    }
    remove(volume);
  }

  private void remove(VolumeDefinition volume) throws LibvirtException {
    String path = volume.target().path();
    List<String> remove = List.of("-f", path);
    try {
      tools.run("lvremove", remove);
    } catch (LibvirtException busy) {
      tools.run("lvchange", List.of("-aln", path));
      tools.run("lvremove", remove);
    }
  }

  /** Removes what could not be finished; what is in the way is in the log. */
  void removeQuietly(VolumeDefinition volume) {
    try {
      remove(volume);
    } catch (LibvirtException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          volume.target().path() + " cannot be removed: " + e.getMessage());
    }
  }
}

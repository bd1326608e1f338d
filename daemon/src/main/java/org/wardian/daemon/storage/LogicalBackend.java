package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StoragePoolBuildFlags;
import org.wardian.libvirt.error.LibvirtException;

/** A pool that is a volume group of the host, by the tools of lvm2. */
final class LogicalBackend implements PoolBackend {
  private static final System.Logger LOG = System.getLogger(LogicalBackend.class.getName());
  private static final String WIPEFS = "/sbin/wipefs";
  private static final String OWN_SIGNATURE = "LVM2_member";

  private final LogicalTools tools;
  private final LogicalVolumes volumes;

  LogicalBackend(LogicalTools tools) {
    this.tools = tools;
    volumes = new LogicalVolumes(tools);
  }

  @Override
  public boolean isSupported() {
    return tools.installed();
  }

  /** The groups of the host with their devices. */
  Map<String, List<String>> groups() throws LibvirtException {
    return LogicalReport.groups(tools.report("pvs", LogicalReport.GROUP_FIELDS));
  }

  /** Makes a group of devices; without the flag that says otherwise of empty ones only. */
  @Override
  public void build(PoolDefinition pool, int flags) throws LibvirtException {
    String name = LogicalNames.group(pool);
    for (String device : pool.source().devices()) {
      LogicalNames.requireDevice(device);
      requireBlockDevice(device);
      if ((flags & StoragePoolBuildFlags.OVERWRITE) == 0) {
        requireEmpty(device);
      }
    }
    requireOwn(pool);
    List<String> prepared = new ArrayList<>();
    try {
      List<String> arguments = new ArrayList<>(List.of(name));
      for (String device : pool.source().devices()) {
        // The tools ask before they overwrite, and refuse a partitioned disk altogether.
        HostCommand.run(WIPEFS, "--all", device);
        tools.run("pvcreate", List.of(device));
        prepared.add(device);
        arguments.add(device);
      }
      tools.run("vgcreate", arguments);
    } catch (LibvirtException e) {
      prepared.forEach(this::release);
      throw e;
    }
  }

  /** The tools refuse a file, but only after its beginning has been wiped. */
  private static void requireBlockDevice(String device) throws LibvirtException {
    try {
      if (!FileStatus.of(HostPaths.of(device)).isBlockDevice()) {
        throw StorageErrors.invalid("'" + device + "' is no block device");
      }
    } catch (IOException missing) {
      throw StorageErrors.of(
          ErrorNumber.STORAGE_PROBE_FAILED,
          "Failed to create filesystem probe for device " + device);
    }
  }

  /** A device that holds anything that its host would know may hold what somebody needs. */
  private static void requireEmpty(String device) throws LibvirtException {
    String found =
        HostCommand.run(WIPEFS, "--noheadings", "--output", "TYPE", device)
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .findFirst()
            .orElse(null);
    if (OWN_SIGNATURE.equals(found)) {
      throw StorageErrors.of(
          ErrorNumber.STORAGE_POOL_BUILT,
          "Device '" + device + "' already formatted using '" + found + "'");
    }
    if (found != null) {
      throw StorageErrors.of(
          ErrorNumber.STORAGE_POOL_BUILT,
          "Format of device '"
              + device
              + "' does not match the expected format '"
              + OWN_SIGNATURE
              + "', forced overwrite is necessary");
    }
  }

  /** Whoever wants a device overwritten does not mean another group that lives on it. */
  private void requireOwn(PoolDefinition pool) throws LibvirtException {
    for (Map.Entry<String, List<String>> group : groups().entrySet()) {
      boolean other = !group.getKey().equals(pool.source().name());
      if (other && !Collections.disjoint(group.getValue(), pool.source().devices())) {
        throw StorageErrors.invalid(
            "a device of pool '"
                + pool.name()
                + "' belongs to the volume group '"
                + group.getKey()
                + "': remove that first");
      }
    }
  }

  private void release(String device) {
    try {
      tools.run("pvremove", List.of(device));
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.WARNING, device + " stays prepared: " + e.getMessage());
    }
  }

  @Override
  public boolean isActive(PoolDefinition pool) {
    try {
      requireGroup(pool);
      // A group without volumes has no folder, and there is nothing in it to be switched on.
      return Files.isDirectory(Path.of(pool.target())) || volumes.none(pool);
    } catch (LibvirtException e) {
      return false;
    }
  }

  /** The group has to be there, on one of the devices that the pool names if it names any. */
  private void requireGroup(PoolDefinition pool) throws LibvirtException {
    String name = LogicalNames.group(pool);
    List<String> devices = groups().get(name);
    if (devices == null) {
      throw StorageErrors.unsupported("cannot find logical volume group name '" + name + "'");
    }
    List<String> wanted = pool.source().devices();
    if (!wanted.isEmpty() && Collections.disjoint(wanted, devices)) {
      throw StorageErrors.unsupported(
          "cannot find any matching source devices for logical volume group '" + name + "'");
    }
  }

  @Override
  public void start(PoolDefinition pool) throws LibvirtException {
    requireGroup(pool);
    tools.run("vgchange", List.of("-aly", LogicalNames.group(pool)));
  }

  @Override
  public Content scan(PoolDefinition pool) throws LibvirtException {
    return new Content(usage(pool), pool.permissions(), volumes.all(pool));
  }

  @Override
  public Usage usage(PoolDefinition pool) throws LibvirtException {
    return LogicalReport.usage(
        tools.report("vgs", LogicalReport.USAGE_FIELDS, LogicalNames.group(pool)));
  }

  @Override
  public boolean isMeasuredAlways() {
    return false;
  }

  @Override
  public VolumeBackend volumes() {
    return volumes;
  }

  @Override
  public void stop(PoolDefinition pool) throws LibvirtException {
    tools.run("vgchange", List.of("-aln", LogicalNames.group(pool)));
  }

  /** Removes the group with all that is in it. */
  @Override
  public void delete(PoolDefinition pool) throws LibvirtException {
    for (String device : pool.source().devices()) {
      LogicalNames.requireDevice(device);
    }
    tools.run("vgremove", List.of("-f", LogicalNames.group(pool)));
    pool.source().devices().forEach(this::release);
  }
}

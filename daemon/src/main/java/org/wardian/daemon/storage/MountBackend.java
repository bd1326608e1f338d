package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolSource;
import org.wardian.definition.storage.PoolType;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StoragePoolBuildFlags;
import org.wardian.libvirt.error.LibvirtException;

/** A pool that is a file system, of a device or of another host, mounted while it is active. */
final class MountBackend extends FolderBackend {
  private static final Path MOUNTS = Path.of("/proc/self/mounts");
  private static final String OPTIONS = "nodev,nosuid,noexec";

  @Override
  public void build(PoolDefinition pool, int flags) throws LibvirtException {
    makeFolder(pool);
    boolean overwrite = (flags & StoragePoolBuildFlags.OVERWRITE) != 0;
    boolean careful = (flags & StoragePoolBuildFlags.NO_OVERWRITE) != 0;
    if (!overwrite && !careful) {
      return;
    }
    String device = pool.source().devices().isEmpty() ? null : pool.source().devices().getFirst();
    if (pool.type() != PoolType.FS || device == null) {
      throw StorageErrors.invalid(
          "No source device specified when formatting pool '" + pool.name() + "'");
    }
    if (!Files.exists(HostPaths.of(device))) {
      throw StorageErrors.invalid(
          "Source device does not exist when formatting pool '" + pool.name() + "'");
    }
    if (careful) {
      requireEmpty(device);
    }
    requireOperands(pool);
    String format = pool.source().format();
    List<String> arguments = new ArrayList<>(List.of("-t", format));
    if (format.startsWith("ext")) {
      arguments.add("-F");
    }
    arguments.add(device);
    HostCommand.run("/sbin/mkfs", arguments.toArray(String[]::new));
  }

  /** A device whose first blocks are not all zeroes may hold what somebody needs. */
  private static void requireEmpty(String device) throws LibvirtException {
    try (var in = Files.newInputStream(HostPaths.of(device))) {
      for (byte b : in.readNBytes(128 << 10)) {
        if (b != 0) {
          throw StorageErrors.of(
              ErrorNumber.STORAGE_POOL_BUILT,
              "Existing filesystem found on device '" + device + "'");
        }
      }
    } catch (IOException e) {
      throw StorageErrors.system("cannot open '" + device + "'", e);
    }
  }

  @Override
  public boolean isActive(PoolDefinition pool) {
    try {
      String target = pool.target();
      return Files.readAllLines(MOUNTS, StandardCharsets.UTF_8).stream()
          .map(line -> line.split(" ", -1))
          .anyMatch(fields -> fields.length > 1 && unescape(fields[1]).equals(target));
    } catch (IOException e) {
      return false;
    }
  }

  /** The kernel writes blanks and the like as three octal digits. */
  private static String unescape(String field) {
    return field
        .replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }

  @Override
  public void start(PoolDefinition pool) throws LibvirtException {
    if (isActive(pool)) {
      return;
    }
    requireOperands(pool);
    PoolSource source = pool.source();
    List<String> arguments = new ArrayList<>();
    StringBuilder options = new StringBuilder(OPTIONS);
    source.mountOptions().forEach((key, value) -> options.append(',').append(key + "=" + value));
    arguments.addAll(List.of("-o", options.toString()));
    if (!source.format().equals("auto")) {
      arguments.addAll(List.of("-t", source.format()));
    }
    arguments.add(what(pool));
    arguments.add(pool.target());
    HostCommand.run("/bin/mount", arguments.toArray(String[]::new));
  }

  /** What a document names must not be taken for an option of {@code mount}. */
  private static void requireOperands(PoolDefinition pool) throws LibvirtException {
    PoolSource source = pool.source();
    boolean paths =
        pool.target().startsWith("/")
            && source.devices().stream().allMatch(device -> device.startsWith("/"));
    boolean hosts =
        source.hosts().stream().allMatch(host -> host.name().matches("[0-9A-Za-z\\[:][^,\\s]*"));
    boolean version =
        source.protocol() == null || source.protocol().matches("[0-9]{1,2}(\\.[0-9]{1,2})?");
    if (!paths || !hosts || !version) {
      throw StorageErrors.of(
          ErrorNumber.XML_ERROR,
          "the source of pool '"
              + pool.name()
              + "' cannot be mounted: paths begin with /,"
              + " hosts with a letter or digit, and a protocol's version is a number");
    }
  }

  private static String what(PoolDefinition pool) {
    PoolSource source = pool.source();
    if (pool.type() == PoolType.FS) {
      return source.devices().getFirst();
    }
    String host = source.hosts().getFirst().name();
    return switch (source.format()) {
      case "cifs" -> "//" + host + (source.dir().startsWith("/") ? "" : "/") + source.dir();
      case "glusterfs" -> host + ":" + source.dir();
      default -> (host.contains(":") ? "[" + host + "]" : host) + ":" + source.dir();
    };
  }

  @Override
  public void stop(PoolDefinition pool) throws LibvirtException {
    if (isActive(pool)) {
      HostCommand.run("/bin/umount", pool.target());
    }
  }
}

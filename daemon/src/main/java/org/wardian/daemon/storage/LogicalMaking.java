package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.daemon.storage.LogicalReport.LogicalVolume;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Makes logical volumes. One that gets the content of another has a tag until it has all of it,
 * which names the process that makes it: a volume with the tag of a process that is gone is half a
 * copy, is never shown, and is removed by whoever finds it.
 */
final class LogicalMaking {
  private static final System.Logger LOG = System.getLogger(LogicalMaking.class.getName());
  private static final String PREFIX = "wardian-unfinished-";
  private static final String TAG = PREFIX + ProcessHandle.current().pid();

  /** Paths of those that this process is making. */
  private static final Set<String> MAKING = ConcurrentHashMap.newKeySet();

  private final LogicalVolumes volumes;
  private final LogicalTools tools;

  LogicalMaking(LogicalVolumes volumes, LogicalTools tools) {
    this.volumes = volumes;
    this.tools = tools;
  }

  VolumeDefinition make(
      PoolDefinition pool, VolumeDefinition wanted, Path device, VolumeDefinition source)
      throws IOException, LibvirtException {
    String path = device.toString();
    MAKING.add(path);
    try {
      String tag = source == null ? null : TAG;
      tools.run("lvcreate", LogicalVolumes.createArguments(pool, wanted, tag));
      boolean made = false;
      try {
        if (source != null) {
          VolumeCopy.toDevice(source, wanted, device);
        }
        VolumeMaker.own(wanted, device);
        VolumeDefinition now = volumes.find(pool, wanted.name());
        if (tag != null) {
          // The last step: from here on it is whole, also for a daemon that comes after a kill.
          tools.run("lvchange", List.of("--deltag", tag, path));
        }
        made = true;
        return now;
      } finally {
        if (!made) {
          volumes.removeQuietly(wanted);
        }
      }
    } finally {
      MAKING.remove(path);
    }
  }

  /** Whether it has the tag of one that is being made, by whomever. */
  boolean isUnfinished(LogicalVolume one) {
    return one.tags().stream().anyMatch(tag -> tag.startsWith(PREFIX));
  }

  /** Removes half a copy, unless the process that makes it is there. */
  void removeDead(PoolDefinition pool, LogicalVolume one) {
    String path = pool.target() + "/" + one.name();
    boolean alive = one.tags().stream().anyMatch(tag -> isAlive(tag, path));
    if (!alive && LogicalNames.isName(one.name())) {
      try {
        tools.run("lvremove", List.of("-f", path));
        LOG.log(System.Logger.Level.INFO, "removed " + path + ", which was never finished");
      } catch (LibvirtException e) {
        LOG.log(System.Logger.Level.WARNING, path + " stays: " + e.getMessage());
      }
    }
  }

  private static boolean isAlive(String tag, String path) {
    if (tag.equals(TAG)) {
      return MAKING.contains(path);
    }
    String process = tag.startsWith(PREFIX) ? tag.substring(PREFIX.length()) : "";
    return process.matches("[0-9]{1,18}") && ProcessHandle.of(Long.parseLong(process)).isPresent();
  }
}

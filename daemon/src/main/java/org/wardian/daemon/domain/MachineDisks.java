package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.error.LibvirtException;

/** What a machine tells of its disks, found by their names. */
final class MachineDisks {
  private MachineDisks() {}

  /** A disk by its target or the path of its image. */
  static Disk find(DomainDocument document, String targetOrPath) throws LibvirtException {
    Optional<Disk> disk = document.disk(targetOrPath);
    return disk.orElseThrow(
        () -> Refusal.badArgument("invalid path " + targetOrPath + " not assigned to domain"));
  }

  /** The name of the machine's drive for a disk. */
  static String drive(Disk disk) {
    return "drive-" + disk.alias().orElse(disk.target());
  }

  /** The statistics of all drives, by the name of the disk's device. */
  static Map<String, JsonNode> statistics(Machine machine) throws LibvirtException {
    return byAlias(machine.execute("query-blockstats"));
  }

  /** The state of all drives, by the name of the disk's device. */
  static Map<String, JsonNode> drives(Machine machine) throws LibvirtException {
    return byAlias(machine.execute("query-block"));
  }

  /** The bytes that a disk in use has for its guest. */
  static long capacity(Machine machine, Disk disk) throws LibvirtException {
    JsonNode drive = drives(machine).get(disk.alias().orElse(""));
    long size =
        drive == null ? 0 : drive.path("inserted").path("image").path("virtual-size").asLong();
    if (size <= 0) {
      throw Refusal.internal("failed to query the size of disk '" + disk.target() + "'");
    }
    return size;
  }

  private static Map<String, JsonNode> byAlias(JsonNode list) {
    Map<String, JsonNode> all = new HashMap<>();
    for (JsonNode one : list) {
      String device = one.path("device").asText();
      if (device.startsWith("drive-")) {
        all.put(device.substring("drive-".length()), one);
      } else {
        String[] path = one.path("qdev").asText().split("/");
        all.put(path.length > 3 ? path[3] : path[path.length - 1], one);
      }
    }
    return all;
  }
}

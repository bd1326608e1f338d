package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.process.assembly.DiskRequest;
import org.wardian.process.domain.DiskWords;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.Parameter;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.BlockRequest;
import org.wardian.storage.ImageNode;
import org.wardian.storage.device.DeviceLimits;
import org.wardian.storage.device.DeviceStatistics;
import org.wardian.storage.device.RateLimit;

/** Disks: what they are, what they have done, their size and limits. */
final class BlockCommands {
  private static final List<String> RATES =
      List.of("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr");

  private static final long SECTOR = 512;

  private final MachineControl control;
  private final NodeReplies rows;

  BlockCommands(MachineControl control) {
    this.control = control;
    rows = new NodeReplies(control.parts().nodes());
  }

  void addTo(CommandTable table) {
    table.add("query-block", List.of(), arguments -> drives());
    table.add(
        "query-blockstats",
        List.of(optional("query-nodes", ParameterType.BOOLEAN)),
        arguments -> statistics());
    table.add(
        "query-named-block-nodes",
        List.of(optional("flat", ParameterType.BOOLEAN)),
        arguments -> nodes());
    table.add(
        "block_resize",
        List.of(
            optional("device", ParameterType.STRING),
            optional("node-name", ParameterType.STRING),
            required("size", ParameterType.INTEGER)),
        this::resize);
    List<Parameter> limits = new ArrayList<>();
    limits.add(optional("device", ParameterType.STRING));
    limits.add(optional("id", ParameterType.STRING));
    for (String rate : RATES) {
      limits.add(required(rate, ParameterType.INTEGER));
      limits.add(optional(rate + "_max", ParameterType.INTEGER));
      limits.add(optional(rate + "_max_length", ParameterType.INTEGER));
    }
    limits.add(optional("iops_size", ParameterType.INTEGER));
    limits.add(optional("group", ParameterType.STRING));
    table.add("block_set_io_throttle", limits, this::limit);
  }

  private ArrayNode drives() {
    ArrayNode drives = Replies.list();
    for (Drive drive : control.parts().drives().values()) {
      ObjectNode entry =
          drives
              .addObject()
              .put("io-status", control.state() == RunState.IO_ERROR ? "failed" : "ok")
              .put("device", drive.driveName())
              .put("locked", false)
              .put("removable", drive.isRemovable())
              .put("qdev", path(drive))
              .put("type", "unknown");
      if (drive.isRemovable()) {
        entry.put("tray_open", drive.isTrayOpen());
      }
      drive.medium().ifPresent(medium -> entry.set("inserted", inserted(drive, medium)));
    }
    return drives;
  }

  private static String path(Drive drive) {
    return drive.bus().filter(DiskBus.VIRTIO::equals).isPresent()
        ? "/machine/peripheral/" + drive.alias() + "/virtio-backend"
        : drive.alias();
  }

  private ObjectNode inserted(Drive drive, DiskRequest medium) {
    ObjectNode inserted =
        drive.device().source() instanceof ImageNode node
            ? rows.of(node)
            : NodeReplies.thrownAway(medium, drive.device().image(), drive.nodeName());
    DeviceLimits limits = drive.limits();
    inserted
        .put("bps", limits.bytes().perSecond())
        .put("bps_rd", limits.readBytes().perSecond())
        .put("bps_wr", limits.writeBytes().perSecond())
        .put("iops", limits.operations().perSecond())
        .put("iops_rd", limits.readOperations().perSecond())
        .put("iops_wr", limits.writeOperations().perSecond());
    return inserted;
  }

  private ArrayNode nodes() {
    ArrayNode nodes = Replies.list();
    for (ImageNode node : control.parts().nodes().all(control.parts().drives().values())) {
      nodes.add(rows.of(node));
      nodes.add(rows.file(node));
    }
    return nodes;
  }

  private ArrayNode statistics() {
    ArrayNode all = Replies.list();
    for (Drive drive : control.parts().drives().values()) {
      ObjectNode entry = all.addObject().put("device", drive.driveName()).put("qdev", path(drive));
      if (drive.medium().isPresent()) {
        entry.put("node-name", drive.nodeName());
      }
      entry.set("stats", statistics(drive.device().statistics()));
    }
    return all;
  }

  private static ObjectNode statistics(DeviceStatistics statistics) {
    ObjectNode stats = Replies.object();
    totals(stats, "rd", statistics.byKind().get(BlockRequest.Kind.READ));
    totals(stats, "wr", statistics.byKind().get(BlockRequest.Kind.WRITE));
    totals(stats, "flush", statistics.byKind().get(BlockRequest.Kind.FLUSH));
    totals(stats, "unmap", statistics.byKind().get(BlockRequest.Kind.DISCARD));
    stats
        .put("rd_merged", 0)
        .put("wr_merged", 0)
        .put("unmap_merged", 0)
        .put("wr_highest_offset", 0)
        .put("account_invalid", true)
        .put("account_failed", true);
    stats.putArray("timed_stats");
    return stats;
  }

  private static void totals(ObjectNode stats, String kind, DeviceStatistics.Totals totals) {
    stats
        .put(kind + "_operations", totals == null ? 0 : totals.operations())
        .put(kind + "_total_time_ns", totals == null ? 0 : totals.nanos())
        .put("failed_" + kind + "_operations", totals == null ? 0 : totals.errors())
        .put("invalid_" + kind + "_operations", 0);
    if (!kind.equals("flush")) {
      stats.put(kind + "_bytes", totals == null ? 0 : totals.bytes());
    }
  }

  private JsonNode resize(Arguments arguments) throws QmpException {
    Drive drive = DriveLookup.of(control.parts(), arguments);
    long size = arguments.integer("size");
    if (size < 0) {
      throw new QmpException("Parameter 'size' expects a >0 size");
    }
    control.jobs().checkFree(drive);
    try {
      drive.device().resize((size + SECTOR - 1) / SECTOR * SECTOR);
      return Arguments.none();
    } catch (IOException | UnsupportedOperationException e) {
      throw new QmpException(drive.alias() + " cannot be resized: " + e.getMessage());
    }
  }

  private JsonNode limit(Arguments arguments) throws QmpException {
    Drive drive = DriveLookup.of(control.parts(), arguments);
    List<RateLimit> rates = new ArrayList<>();
    for (String rate : RATES) {
      long perSecond = arguments.integer(rate);
      long burst = arguments.optionalInteger(rate + "_max").orElse(0);
      long seconds = arguments.optionalInteger(rate + "_max_length").orElse(1);
      if (perSecond < 0 || burst < 0 || seconds < 0) {
        throw new QmpException("bps/iops/max values must be within [0, 1000000000000000]");
      }
      try {
        rates.add(DiskWords.rate(perSecond, burst, seconds));
      } catch (RuntimeException e) {
        throw new QmpException(e.getMessage());
      }
    }
    boolean both =
        rates.get(0).perSecond() > 0
                && (rates.get(1).perSecond() > 0 || rates.get(2).perSecond() > 0)
            || rates.get(3).perSecond() > 0
                && (rates.get(4).perSecond() > 0 || rates.get(5).perSecond() > 0);
    if (both) {
      throw new QmpException(
          "bps/iops/max total values and read/write values cannot be used at the same time");
    }
    drive.limit(
        new DeviceLimits(
            rates.get(0), rates.get(1), rates.get(2), rates.get(3), rates.get(4), rates.get(5)));
    return Arguments.none();
  }
}

package org.wardian.daemon.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.wardian.definition.storage.DeviceExtent;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Reads what the tools of lvm2 tell of volume groups, in their format {@code json} with sizes in
 * bytes (lvmreport(7)). Names of devices and tags are whatever the host has, so none of it is
 * trusted to be well-formed.
 */
final class LogicalReport {
  /** What {@link #volumes} has to be given of each segment of each volume. */
  static final String VOLUME_FIELDS =
      "lv_name,origin,lv_uuid,devices,segtype,stripes,seg_size,vg_extent_size,lv_size,lv_attr,"
          + "lv_tags";

  /** What {@link #usage} has to be given. */
  static final String USAGE_FIELDS = "vg_size,vg_free";

  /** What {@link #groups} has to be given. */
  static final String GROUP_FIELDS = "pv_name,vg_name";

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern DEVICE = Pattern.compile("(.+?)\\(([0-9]{1,18})\\)(?:,|$)");
  private static final int STATE_AT = 4;
  private static final int MOST_DEVICES = 4096;

  private LogicalReport() {}

  /**
   * A logical volume.
   *
   * @param origin of a snapshot; null for any other, and where the tools hide it
   * @param size bytes of its extents
   * @param attributes a letter each, at least {@value #STATE_AT} and one
   */
  record LogicalVolume(
      String name,
      String origin,
      String uuid,
      long size,
      String attributes,
      List<String> tags,
      List<DeviceExtent> extents) {
    /** Whether there is a device for it now. */
    boolean active() {
      return attributes.charAt(STATE_AT) == 'a';
    }

    /** Whether it is a pool for thin volumes, which has no device that could be used. */
    boolean thinPool() {
      return attributes.charAt(0) == 't';
    }

    /** Whether it holds only what differs from another, and becomes unusable when it is full. */
    boolean snapshot() {
      return attributes.charAt(0) == 's';
    }
  }

  /**
   * The volumes of a group, by name in the tools' order.
   *
   * @throws LibvirtException where the report says what cannot be
   */
  static Map<String, LogicalVolume> volumes(String report) throws LibvirtException {
    Map<String, LogicalVolume> volumes = new LinkedHashMap<>();
    for (JsonNode row : rows(report, "lv")) {
      String name = text(row, "lv_name");
      String attributes = text(row, "lv_attr");
      if (name.isEmpty() || attributes.length() <= STATE_AT) {
        throw malformed("name or attributes");
      }
      List<DeviceExtent> extents = new ArrayList<>();
      LogicalVolume known = volumes.get(name);
      if (known != null) {
        extents.addAll(known.extents());
      }
      addExtents(row, extents);
      volumes.put(
          name,
          new LogicalVolume(
              name,
              origin(text(row, "origin")),
              text(row, "lv_uuid"),
              number(row, "lv_size", "allocation"),
              attributes,
              List.of(text(row, "lv_tags").split(",")),
              List.copyOf(extents)));
    }
    return volumes;
  }

  /** Brackets say that it is of use to the tools alone. */
  private static String origin(String text) {
    return text.isEmpty() || text.startsWith("[") ? null : text;
  }

  /**
   * The extents of a segment: on one device, or side by side on as many as it has stripes. Each
   * ends, as libvirt has it, as far behind its start as the whole segment is long.
   */
  private static void addExtents(JsonNode row, List<DeviceExtent> extents) throws LibvirtException {
    String kind = text(row, "segtype");
    boolean many = kind.equals("striped") || kind.equals("mirror") || kind.startsWith("raid");
    long wanted = many ? number(row, "stripes", "extent stripes") : 1;
    long length = number(row, "seg_size", "extent length");
    long unit = number(row, "vg_extent_size", "extent size");
    Matcher device = DEVICE.matcher(text(row, "devices"));
    for (long i = 0; i < wanted && extents.size() < MOST_DEVICES && device.find(); i++) {
      try {
        long start = Math.multiplyExact(Long.parseLong(device.group(2)), unit);
        extents.add(new DeviceExtent(device.group(1), start, Math.addExact(start, length)));
      } catch (ArithmeticException e) {
        throw malformed("extent offset");
      }
    }
  }

  /**
   * Bytes of a group.
   *
   * @throws LibvirtException where the report says what cannot be
   */
  static Usage usage(String report) throws LibvirtException {
    for (JsonNode row : rows(report, "vg")) {
      long size = number(row, "vg_size", "group size");
      long free = number(row, "vg_free", "group free");
      if (free > size) {
        throw malformed("group free");
      }
      return new Usage(size, size - free, free);
    }
    throw malformed("group size");
  }

  /**
   * The groups of the host with their devices, in the tools' order.
   *
   * @throws LibvirtException where the report says what cannot be
   */
  static Map<String, List<String>> groups(String report) throws LibvirtException {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    for (JsonNode row : rows(report, "pv")) {
      String group = text(row, "vg_name");
      String device = text(row, "pv_name");
      // A device that is prepared but in no group yet is nobody's.
      if (!group.isEmpty() && !device.isEmpty()) {
        groups.computeIfAbsent(group, one -> new ArrayList<>()).add(device);
      }
    }
    return groups;
  }

  private static List<JsonNode> rows(String report, String kind) throws LibvirtException {
    List<JsonNode> rows = new ArrayList<>();
    try {
      JsonNode root = MAPPER.readTree(report);
      for (JsonNode part : root == null ? List.<JsonNode>of() : root.path("report")) {
        part.path(kind).forEach(rows::add);
      }
    } catch (JsonProcessingException e) {
      throw malformed("report");
    }
    return rows;
  }

  private static String text(JsonNode row, String field) {
    return row.path(field).asText("").strip();
  }

  private static long number(JsonNode row, String field, String what) throws LibvirtException {
    String text = text(row, field);
    if (!text.matches("[0-9]{1,18}")) {
      throw malformed(what);
    }
    return Long.parseLong(text);
  }

  private static LibvirtException malformed(String what) {
    return StorageErrors.of(ErrorNumber.INTERNAL_ERROR, "malformed volume " + what + " value");
  }
}

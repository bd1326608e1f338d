package org.wardian.daemon.domain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.error.LibvirtException;

/** The limits of a disk, by libvirt's names. */
final class BlockRates {
  /** Names of limits, and of those of the machine's command. */
  static final Map<String, String> NAMES = names();

  private BlockRates() {}

  private static Map<String, String> names() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("total_bytes_sec", "bps");
    names.put("read_bytes_sec", "bps_rd");
    names.put("write_bytes_sec", "bps_wr");
    names.put("total_iops_sec", "iops");
    names.put("read_iops_sec", "iops_rd");
    names.put("write_iops_sec", "iops_wr");
    return names;
  }

  /** All names in libvirt's order, without the group's. */
  static List<String> limits() {
    List<String> names = new ArrayList<>(NAMES.keySet());
    NAMES.keySet().forEach(name -> names.add(name + "_max"));
    names.add("size_iops_sec");
    return names;
  }

  /** Those for how long bursts last. */
  static List<String> lengths() {
    return NAMES.keySet().stream().map(name -> name + "_max_length").toList();
  }

  /**
   * Refuses bursts that are less than what is allowed anyway.
   *
   * @param all limits by their names
   */
  static void check(Map<String, Long> all) throws LibvirtException {
    for (String name : NAMES.keySet()) {
      long most = all.getOrDefault(name + "_max", 0L);
      if (most > 0 && most < all.getOrDefault(name, 0L)) {
        throw Refusal.unsupported(
            "value '%s_max' cannot be smaller than '%s'".formatted(name, name));
      }
    }
  }
}

package org.wardian.daemon.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The host's memory by node, its huge pages, and the merging of equal pages (KSM). */
final class HostMemory {
  /** Bytes of an ordinary page, in KiB. */
  static final int PAGE_KIB = 4;

  /** Of the merging: the names of libvirt, and those of the kernel's files. */
  private static final Map<String, String> MERGING = mergingNames();

  /** Figures of the kernel's that libvirt has no names for: Linux, admin-guide/mm/ksm.rst. */
  private static final List<String> MORE_MERGING =
      List.of("run", "general_profit", "ksm_zero_pages", "pages_skipped");

  private final HostFiles files;

  HostMemory(HostFiles files) {
    this.files = files;
  }

  private static Map<String, String> mergingNames() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("shm_pages_to_scan", "pages_to_scan");
    names.put("shm_sleep_millisecs", "sleep_millisecs");
    names.put("shm_pages_shared", "pages_shared");
    names.put("shm_pages_sharing", "pages_sharing");
    names.put("shm_pages_unshared", "pages_unshared");
    names.put("shm_pages_volatile", "pages_volatile");
    names.put("shm_full_scans", "full_scans");
    names.put("shm_merge_across_nodes", "merge_across_nodes");
    return names;
  }

  /** Sizes by name in KiB, as {@code /proc/meminfo} has them. */
  Map<String, Long> sizes() {
    return HostFiles.sizes(files.proc().resolve("meminfo"));
  }

  /** The same of a node; all of the host's where the kernel does not tell of nodes. */
  Map<String, Long> sizes(int node) {
    Map<String, Long> sizes = HostFiles.sizes(files.node(node).resolve("meminfo"));
    return sizes.isEmpty() ? sizes() : sizes;
  }

  /** Whether there is such a node. */
  boolean hasNode(int node) {
    return files.nodes().contains(node);
  }

  /** How many nodes there are. */
  int nodes() {
    return files.nodes().size();
  }

  private Path hugePages(int node, int kib) {
    Path own = files.node(node).resolve("hugepages/hugepages-" + kib + "kB");
    return Files.isDirectory(own)
        ? own
        : files.sys().resolve("kernel/mm/hugepages/hugepages-" + kib + "kB");
  }

  /** Whether the host has pages of a size. */
  boolean hasPages(int node, int kib) {
    return kib == PAGE_KIB || Files.isDirectory(hugePages(node, kib));
  }

  /** How many huge pages of a size there are. */
  long hugePagesOf(int node, int kib) {
    return HostFiles.number(hugePages(node, kib).resolve("nr_hugepages")).orElse(0);
  }

  /** How many pages of a size are free. */
  long freePages(int node, int kib) {
    if (kib == PAGE_KIB) {
      return sizes(node).getOrDefault("MemFree", 0L) / PAGE_KIB;
    }
    return HostFiles.number(hugePages(node, kib).resolve("free_hugepages")).orElse(0);
  }

  /**
   * Sets how many huge pages there are, or adds some.
   *
   * @throws IOException where the kernel refuses
   */
  void allocate(int node, int kib, long count, boolean add) throws IOException {
    Path file = hugePages(node, kib).resolve("nr_hugepages");
    long there = HostFiles.number(file).orElse(0);
    Files.writeString(file, Long.toString(add ? there + count : count));
  }

  /** What the merging does, by libvirt's names; empty where the kernel has none. */
  Map<String, Long> merged() {
    Map<String, Long> values = new LinkedHashMap<>();
    Path folder = files.sys().resolve("kernel/mm/ksm");
    MERGING.forEach((name, file) ->
        HostFiles.number(folder.resolve(file)).ifPresent(value -> values.put(name, value)));
    return values;
  }

  /** The same by the names of the kernel's files, with those that libvirt does not have. */
  Map<String, Long> merging() {
    Map<String, Long> values = new LinkedHashMap<>();
    Path folder = files.sys().resolve("kernel/mm/ksm");
    Stream.concat(MERGING.values().stream(), MORE_MERGING.stream())
        .forEach(file ->
            HostFiles.number(folder.resolve(file)).ifPresent(value -> values.put(file, value)));
    return values;
  }

  /** Whether the kernel has a figure of the merging. */
  boolean hasMerging(String name) {
    return Files.exists(files.sys().resolve("kernel/mm/ksm").resolve(MERGING.get(name)));
  }

  /**
   * Sets a figure of the merging.
   *
   * @throws IOException where the kernel refuses
   */
  void setMerging(String name, long value) throws IOException {
    Files.writeString(
        files.sys().resolve("kernel/mm/ksm").resolve(MERGING.get(name)), Long.toString(value));
  }
}

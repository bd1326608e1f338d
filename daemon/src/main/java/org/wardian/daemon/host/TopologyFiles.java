package org.wardian.daemon.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.definition.capabilities.HostTopology;

/** Reads from the kernel's files how the host's processors and memory are grouped. */
final class TopologyFiles {
  private static final List<Integer> HUGE_PAGES_KIB = List.of(2048, 1048576);

  private final HostFiles files;
  private final HostMemory memory;

  TopologyFiles(HostFiles files) {
    this.files = files;
    memory = new HostMemory(files);
  }

  /** As it is now: pages come and go. */
  HostTopology read() {
    List<HostTopology.Node> nodes = new ArrayList<>();
    List<Integer> online = new HostProcessors(files).online();
    List<Integer> numbers = files.nodes();
    for (int node : numbers) {
      nodes.add(node(node, numbers, online));
    }
    List<Long> sizes = new ArrayList<>(List.of((long) HostMemory.PAGE_KIB));
    HUGE_PAGES_KIB.forEach(kib -> sizes.add((long) kib));
    return new HostTopology(nodes, sizes);
  }

  private HostTopology.Node node(int node, List<Integer> nodes, List<Integer> online) {
    long total = memory.sizes(node).getOrDefault("MemTotal", 0L);
    Map<Long, Long> pages = new LinkedHashMap<>();
    long ordinary = total;
    for (int kib : HUGE_PAGES_KIB) {
      long count = memory.hugePagesOf(node, kib);
      ordinary -= count * kib;
      pages.put((long) kib, count);
    }
    Map<Long, Long> all = new LinkedHashMap<>();
    all.put((long) HostMemory.PAGE_KIB, ordinary / HostMemory.PAGE_KIB);
    all.putAll(pages);
    Map<Integer, Integer> distances = new LinkedHashMap<>();
    String[] said = HostFiles.text(files.node(node).resolve("distance")).orElse("10").split(" +");
    for (int i = 0; i < nodes.size() && i < said.length; i++) {
      distances.put(nodes.get(i), Integer.parseInt(said[i]));
    }
    List<Integer> here =
        HostFiles.text(files.node(node).resolve("cpulist")).map(HostFiles::list).orElse(online);
    List<HostTopology.Processor> processors = new ArrayList<>();
    for (int cpu : here) {
      if (online.contains(cpu)) {
        processors.add(processor(cpu));
      }
    }
    return new HostTopology.Node(node, total, all, distances, processors);
  }

  private HostTopology.Processor processor(int cpu) {
    Path topology = files.sys().resolve("devices/system/cpu/cpu" + cpu + "/topology");
    return new HostTopology.Processor(
        cpu,
        number(topology, "physical_package_id", 0),
        number(topology, "die_id", 0),
        number(topology, "core_id", cpu),
        HostFiles.text(topology.resolve("thread_siblings_list")).orElse(Integer.toString(cpu)));
  }

  private static int number(Path folder, String name, int otherwise) {
    return (int) Math.max(0, HostFiles.number(folder.resolve(name)).orElse(otherwise));
  }
}

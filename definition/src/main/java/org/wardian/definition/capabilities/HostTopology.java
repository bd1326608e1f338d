package org.wardian.definition.capabilities;

import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * How a host's processors and memory are grouped.
 *
 * @param nodes of memory, by their number
 * @param pageSizesKib sizes of pages that the host has, in KiB, the smallest first
 */
public record HostTopology(List<Node> nodes, List<Long> pageSizesKib) {
  /**
   * A processor.
   *
   * @param siblings the list of processors of its core, such as {@code 0,4}
   */
  public record Processor(int id, int socket, int die, int core, String siblings) {}

  /**
   * A node of memory.
   *
   * @param pages how many of each size there are, by the size in KiB
   * @param distances to each node, 10 being near, by its number
   */
  public record Node(
      int id,
      long memoryKib,
      Map<Long, Long> pages,
      Map<Integer, Integer> distances,
      List<Processor> processors) {}

  /** A copy. */
  public HostTopology {
    nodes = List.copyOf(nodes);
    pageSizesKib = List.copyOf(pageSizesKib);
  }

  private long count(Function<Processor, Object> key) {
    return nodes.stream().flatMap(node -> node.processors.stream()).map(key).distinct().count();
  }

  /** Processor packages. */
  public int sockets() {
    return (int) Math.max(1, count(Processor::socket));
  }

  /** Cores of each package. */
  public int coresPerSocket() {
    long cores = count(cpu -> cpu.socket() + "/" + cpu.die() + "/" + cpu.core());
    return (int) Math.max(1, cores / sockets());
  }

  /** Threads of each core. */
  public int threadsPerCore() {
    long cores = count(cpu -> cpu.socket() + "/" + cpu.die() + "/" + cpu.core());
    return (int) Math.max(1, count(Processor::id) / Math.max(1, cores));
  }
}

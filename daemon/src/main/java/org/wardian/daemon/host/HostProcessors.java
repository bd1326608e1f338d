package org.wardian.daemon.host;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The host's processors, as {@code /sys/devices/system/cpu} and {@code /proc/stat} tell of them.
 */
final class HostProcessors {
  private static final long NANOSECONDS_PER_TICK = 10_000_000;

  private final HostFiles files;

  HostProcessors(HostFiles files) {
    this.files = files;
  }

  private Path folder() {
    return files.sys().resolve("devices/system/cpu");
  }

  /** The numbers of those that are there. */
  List<Integer> present() {
    List<Integer> present =
        HostFiles.text(folder().resolve("present")).map(HostFiles::list).orElse(List.of());
    if (!present.isEmpty()) {
      return present;
    }
    return java.util.stream.IntStream.range(0, Runtime.getRuntime().availableProcessors())
        .boxed()
        .toList();
  }

  /** The numbers of those that run. */
  List<Integer> online() {
    List<Integer> online =
        HostFiles.text(folder().resolve("online")).map(HostFiles::list).orElse(List.of());
    return online.isEmpty() ? present() : online;
  }

  /**
   * How they are put together.
   *
   * @param sockets in a node of memory
   * @param cores in a socket
   * @param threads in a core
   */
  record Topology(int sockets, int cores, int threads) {}

  /** How the running ones are put together; one socket where the kernel does not tell. */
  Topology topology() {
    Set<Long> sockets = new HashSet<>();
    Map<String, Integer> cores = new LinkedHashMap<>();
    List<Integer> online = online();
    for (int cpu : online) {
      Path topology = folder().resolve("cpu" + cpu + "/topology");
      long socket = HostFiles.number(topology.resolve("physical_package_id")).orElse(0);
      long core = HostFiles.number(topology.resolve("core_id")).orElse(cpu);
      sockets.add(Math.max(socket, 0));
      cores.merge(socket + "." + core, 1, Integer::sum);
    }
    int threads = cores.values().stream().max(Integer::compare).orElse(1);
    int nodes = files.nodes().size();
    int each = Math.max(1, sockets.size() / nodes);
    int inSocket = Math.max(1, cores.size() / Math.max(1, sockets.size()));
    // Only a product that is the number of processors is of use to a client.
    return nodes * each * inSocket * threads == online.size()
        ? new Topology(each, inSocket, threads)
        : new Topology(1, online.size(), 1);
  }

  /** The clock of the first, in MHz. */
  int megahertz() {
    for (String line : HostFiles.text(files.proc().resolve("cpuinfo")).orElse("").split("\n")) {
      if (line.startsWith("cpu MHz")) {
        try {
          return (int) Double.parseDouble(line.substring(line.indexOf(':') + 1).strip());
        } catch (NumberFormatException e) {
          return 0;
        }
      }
    }
    return 0;
  }

  /** Time that went by, in nanoseconds. */
  record Times(long kernel, long user, long idle, long ioWait) {}

  /** The times of a processor, or of all for -1; null where there is no such. */
  Times times(int cpu) {
    String label = cpu < 0 ? "cpu" : "cpu" + cpu;
    for (String line : HostFiles.text(files.proc().resolve("stat")).orElse("").split("\n")) {
      String[] parts = line.split(" +");
      if (parts.length > 7 && parts[0].equals(label)) {
        long[] ticks = new long[8];
        for (int i = 1; i < 8; i++) {
          ticks[i] = Long.parseLong(parts[i]) * NANOSECONDS_PER_TICK;
        }
        return new Times(ticks[3] + ticks[6] + ticks[7], ticks[1] + ticks[2], ticks[4], ticks[5]);
      }
    }
    return null;
  }
}

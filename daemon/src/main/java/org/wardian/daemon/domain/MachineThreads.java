package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.wardian.daemon.typed.Refusal;
import org.wardian.host.HostException;
import org.wardian.host.ThreadAffinity;
import org.wardian.libvirt.error.LibvirtException;

/** The threads of a machine's process: those that are its processors, and the others. */
final class MachineThreads {
  private MachineThreads() {}

  /** The thread of each processor, by the processor's number. */
  static Map<Integer, Integer> processors(Machine machine) throws LibvirtException {
    Map<Integer, Integer> threads = new TreeMap<>();
    for (JsonNode one : machine.execute("query-cpus-fast")) {
      threads.put(one.path("cpu-index").asInt(), one.path("thread-id").asInt());
    }
    return threads;
  }

  /** Lets a processor run on some of the host's only. */
  static void pin(Machine machine, int processor, BitSet to) throws LibvirtException {
    Integer thread = processors(machine).get(processor);
    if (thread == null || thread <= 0) {
      throw Refusal.notSupported("cpu affinity is not supported");
    }
    try {
      ThreadAffinity.set(thread, to);
    } catch (HostException e) {
      throw Refusal.system("cannot set CPU affinity on thread " + thread, e);
    }
  }

  /** Lets all threads that are no processors run on some of the host's only. */
  static void pinOthers(Machine machine, BitSet to) throws LibvirtException {
    Set<Integer> processors = new HashSet<>(processors(machine).values());
    try (DirectoryStream<Path> tasks =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(machine.pid()), "task"))) {
      for (Path task : tasks) {
        int thread = Integer.parseInt(task.getFileName().toString());
        if (!processors.contains(thread)) {
          pinIfThere(thread, to);
        }
      }
    } catch (IOException e) {
      throw Refusal.system("the machine's threads cannot be listed: " + e.getMessage(), e);
    } catch (HostException e) {
      throw Refusal.system("cannot set CPU affinity", e);
    }
  }

  /** A thread may have ended meanwhile. */
  private static void pinIfThere(int thread, BitSet to) {
    try {
      ThreadAffinity.set(thread, to);
    } catch (HostException e) {
      if (e.errno() != 3) { // ESRCH
        throw e;
      }
    }
  }
}

package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.wardian.daemon.group.MachineGroup;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Tuning;
import org.wardian.host.HostException;
import org.wardian.host.ThreadAffinity;
import org.wardian.libvirt.error.LibvirtException;

/** The threads of a machine's process: those that are its processors, and the others. */
final class MachineThreads {
  /** How long a processor's thread may take until it is there: a host that is busy is slow. */
  private static final long PATIENCE_MILLISECONDS = 10_000;

  private static final long LOOK_MILLISECONDS = 10;

  private MachineThreads() {}

  /** The thread of each processor, by the processor's number. */
  static Map<Integer, Integer> processors(Machine machine) throws LibvirtException {
    Map<Integer, Integer> threads = new TreeMap<>();
    for (JsonNode one : machine.execute("query-cpus-fast")) {
      threads.put(one.path("cpu-index").asInt(), one.path("thread-id").asInt());
    }
    return threads;
  }

  /**
   * Sets what a document limits, before the guest runs.
   *
   * @throws LibvirtException where the host refuses it
   */
  static void limit(Machine machine, DomainDocument live) throws LibvirtException {
    Optional<MachineGroup> group = MachineGroup.of(machine.pid());
    if (group.isPresent()) {
      group.get().limit(machine.pid(), live);
    }
    Optional<String> pin = live.tuning().emulatorPin().or(live::processorSet);
    if (pin.isPresent()) {
      pinOthers(machine, CpuMaps.parse(pin.get()));
    }
  }

  /**
   * The same for the processors' threads, which there are only once the guest runs. A machine that
   * has stopped meanwhile has none.
   */
  static void place(Machine machine, DomainDocument live) throws LibvirtException {
    if (live == null) {
      return;
    }
    try {
      placeThreads(machine, live);
    } catch (LibvirtException e) {
      if (machine.isAlive()) {
        throw e;
      }
    } catch (HostException e) {
      throw Refusal.system("cannot set CPU affinity: " + e.getMessage(), e);
    }
  }

  private static void placeThreads(Machine machine, DomainDocument live) throws LibvirtException {
    Map<Integer, Integer> threads = started(machine);
    Optional<MachineGroup> group = MachineGroup.of(machine.pid());
    if (group.isPresent()) {
      group.get().place(threads, live);
    }
    for (Map.Entry<Integer, Integer> one : threads.entrySet()) {
      Optional<String> pin =
          live.tuning().vcpuPins().stream()
              .filter(of -> of.id() == one.getKey())
              .map(Tuning.Pin::cpuset)
              .findFirst()
              .or(live::processorSet);
      if (pin.isPresent()) {
        pinIfThere(one.getValue(), CpuMaps.parse(pin.get()));
      }
    }
  }

  private static Map<Integer, Integer> started(Machine machine) throws LibvirtException {
    long deadline = System.nanoTime() + PATIENCE_MILLISECONDS * 1_000_000;
    while (true) {
      Map<Integer, Integer> threads = processors(machine);
      if (!threads.containsValue(0)
          || System.nanoTime() > deadline
          || !machine.execute("query-status").path("running").asBoolean()) {
        threads.values().removeIf(thread -> thread <= 0);
        return threads;
      }
      try {
        Thread.sleep(LOOK_MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return threads;
      }
    }
  }

  /** Lets a processor run on some of the host's only. */
  static void pin(Machine machine, int processor, BitSet to) throws LibvirtException {
    Integer thread = processors(machine).get(processor);
    if (thread == null || thread <= 0) {
      throw Refusal.notSupported("cpu affinity is not supported");
    }
    widen(machine, OptionalLong.of(processor), to);
    try {
      ThreadAffinity.set(thread, to);
    } catch (HostException e) {
      throw Refusal.system("cannot set CPU affinity on thread " + thread, e);
    }
  }

  /** Lets all threads that are no processors run on some of the host's only. */
  static void pinOthers(Machine machine, BitSet to) throws LibvirtException {
    widen(machine, OptionalLong.empty(), to);
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

  /** A thread's processors are always some of its group's. */
  private static void widen(Machine machine, OptionalLong processor, BitSet to)
      throws LibvirtException {
    Optional<MachineGroup> group = MachineGroup.of(machine.pid());
    if (group.isPresent()) {
      group.get().pin(processor, CpuMaps.format(to));
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

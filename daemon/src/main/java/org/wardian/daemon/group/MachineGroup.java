package org.wardian.daemon.group;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Tuning;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The control group of a running machine: memory and disks are limited as a whole, processors' time
 * in threaded groups within, {@code vcpu0} and on, and {@code emulator} for all other threads.
 */
public final class MachineGroup {
  /** "No limit" in KiB: {@code VIR_DOMAIN_MEMORY_PARAM_UNLIMITED}. */
  public static final long UNLIMITED_KIB = 9_007_199_254_740_991L;

  /** The longest quota, in microseconds, which stands for none. */
  public static final long UNLIMITED_QUOTA = 17_592_186_044_415L;

  private static final String EMULATOR = "emulator";
  private static final String PROCESSOR = "vcpu";
  private static final String NO_LIMIT = "max";
  private static final String SETS = "cpuset.cpus";
  private static final String QUOTAS = "cpu.max";

  /** The kernel's period where nobody says one, in microseconds. */
  private static final long USUAL_PERIOD = 100_000;

  private static final List<String> OF_THREADS = List.of("cpu", "cpuset");

  /** Files of memory by the names of limits. */
  private static final Map<String, String> MEMORY =
      Map.of(
          "hard_limit", "memory.max",
          "soft_limit", "memory.high",
          "swap_hard_limit", "memory.swap.max");

  private final ControlGroup group;

  private MachineGroup(ControlGroup group) {
    this.group = group;
  }

  private static MachinePlace place(DomainDocument live, int id) {
    return new MachinePlace(id, live.name(), live.tuning().partition());
  }

  /** Puts a machine's process into a group of its own; not where this host does not let us. */
  public static void make(long pid, DomainDocument live, int id) {
    place(live, id).take(pid);
  }

  /** Removes what is left of the group of a machine that has ended: systemd removes its own. */
  public static void remove(DomainDocument live, int id) {
    ControlGroup group = place(live, id).folder();
    if (group.has("cgroup.procs")) {
      group.remove();
    }
  }

  /** The group of a machine's process; empty where it has none. */
  public static Optional<MachineGroup> of(long pid) {
    return ControlGroup.of(pid)
        .map(found ->
            found.name().equals(EMULATOR) ? new ControlGroup(found.folder().getParent()) : found)
        .filter(found ->
            found.name().equals(MachinePlace.WITHIN) || found.name().endsWith(MachinePlace.SUFFIX))
        .map(MachineGroup::new);
  }

  /**
   * The same for a change that needs a controller.
   *
   * @throws LibvirtException where there is no group, or it is not switched on
   */
  public static MachineGroup of(long pid, Controller controller) throws LibvirtException {
    Optional<MachineGroup> found = of(pid);
    if (found.isEmpty() || !found.get().group.has(controller.file)) {
      throw Refusal.qemu(ErrorNumber.OPERATION_INVALID, controller.refusal);
    }
    return found.get();
  }

  /** What limits something, and what libvirt says where it is not there. */
  public enum Controller {
    /** The processors' time. */
    CPU(QUOTAS, "cgroup CPU controller is not mounted"),
    /** Which processors, and nodes of memory. */
    CPUSET("cpuset.cpus", "cgroup cpuset controller is not mounted"),
    /** How much memory. */
    MEMORY("memory.max", "cgroup memory controller is not mounted"),
    /** Disks. */
    IO("io.max", "blkio cgroup isn't mounted");

    private final String file;
    private final String refusal;

    Controller(String file, String refusal) {
      this.file = file;
      this.refusal = refusal;
    }
  }

  /**
   * Divides the group, and sets all that a document says, before the guest runs.
   *
   * @param pid of the machine, of which all threads become the emulator's
   * @throws LibvirtException where the host refuses a limit
   */
  public void limit(long pid, DomainDocument live) throws LibvirtException {
    Tuning tuning = live.tuning();
    if (group.has(QUOTAS)) {
      if (tuning.cpuShares().isPresent()) {
        setShares(tuning.cpuShares().getAsLong());
      }
      setTime(group, time(tuning, "global_period"), time(tuning, "global_quota"));
    }
    for (String name : MEMORY.keySet()) {
      OptionalLong kib = tuning.memoryLimit(name);
      if (kib.isPresent() && group.has(MEMORY.get(name))) {
        setMemory(name, kib.getAsLong());
      }
    }
    if (group.has("io.max")) {
      new DiskLimits(group).set(tuning);
    }
    if (!isDivisible()) {
      return;
    }
    ControlGroup emulator = thread(EMULATOR);
    emulator.write("cgroup.procs", Long.toString(pid));
    setTime(emulator, time(tuning, "emulator_period"), time(tuning, "emulator_quota"));
    setSets(emulator, live, tuning.emulatorPin());
  }

  /** Whether this host has a controller that a thread could be under. */
  private boolean isDivisible() {
    return group.has(QUOTAS) || group.has(SETS);
  }

  /** A group for threads, with the controllers of threads. */
  private ControlGroup thread(String name) throws LibvirtException {
    ControlGroup child = group.child(name);
    if (child.has("cgroup.type")) {
      return child;
    }
    try {
      child.make();
    } catch (IOException e) {
      throw Refusal.system("Unable to create cgroup for " + name + ": " + e.getMessage(), e);
    }
    child.write("cgroup.type", "threaded");
    group.enable(OF_THREADS);
    return child;
  }

  /**
   * Has processors in groups of their own, with the limits of a document; those that are there
   * already stay.
   *
   * @param threads of the host by the processors' numbers
   */
  public void place(Map<Integer, Integer> threads, DomainDocument live) throws LibvirtException {
    if (!isDivisible()) {
      return;
    }
    Tuning tuning = live.tuning();
    for (Map.Entry<Integer, Integer> one : threads.entrySet()) {
      ControlGroup child = group.child(PROCESSOR + one.getKey());
      if (!child.has("cgroup.type")) {
        thread(child.name());
        setTime(child, time(tuning, "period"), time(tuning, "quota"));
        Optional<String> pin =
            tuning.vcpuPins().stream()
                .filter(of -> of.id() == one.getKey())
                .map(Tuning.Pin::cpuset)
                .findFirst();
        setSets(child, live, pin);
      }
      child.write("cgroup.threads", Integer.toString(one.getValue()));
    }
  }

  private static OptionalLong time(Tuning tuning, String name) {
    return tuning.cpuTime(name);
  }

  private static void setSets(ControlGroup of, DomainDocument live, Optional<String> pin)
      throws LibvirtException {
    Optional<String> processors = pin.or(live::processorSet);
    if (processors.isPresent() && of.has(SETS)) {
      of.write(SETS, processors.get());
    }
    // The other modes are wishes, not limits.
    boolean held =
        live.tuning()
            .memoryMode()
            .filter(mode -> mode.equals("strict") || mode.equals("restrictive"))
            .isPresent();
    if (held && live.tuning().memoryNodes().isPresent() && of.has("cpuset.mems")) {
      of.write("cpuset.mems", live.tuning().memoryNodes().get());
    }
  }

  /** Sets the weight of the processors' time: libvirt's shares are the weight here, 1 to 10000. */
  public void setShares(long shares) throws LibvirtException {
    group.write("cpu.weight", Long.toString(shares));
  }

  /** The weight. */
  public OptionalLong shares() {
    return group.read("cpu.weight").map(Long::parseLong).stream().mapToLong(one -> one).findAny();
  }

  /**
   * Limits the processors' time. What is empty, or 0, stays.
   *
   * @param whose global, emulator or vcpu, which are all of them
   * @param period in microseconds
   * @param quota of each period, in microseconds; negative for none
   */
  public void setTime(String whose, OptionalLong period, OptionalLong quota)
      throws LibvirtException {
    for (ControlGroup one : groups(whose)) {
      setTime(one, period, quota);
    }
  }

  private List<ControlGroup> groups(String whose) {
    return switch (whose) {
      case "global" -> List.of(group);
      case EMULATOR -> List.of(group.child(EMULATOR));
      case PROCESSOR ->
          group.children().stream()
              .filter(one -> one.name().matches(PROCESSOR + "[0-9]+"))
              .sorted(Comparator.comparing(ControlGroup::name))
              .toList();
      default -> List.of();
    };
  }

  private static void setTime(ControlGroup of, OptionalLong period, OptionalLong quota)
      throws LibvirtException {
    if (period.orElse(0) == 0 && quota.orElse(0) == 0 || !of.has(QUOTAS)) {
      return;
    }
    Time now = Time.of(of);
    long length = period.orElse(0) == 0 ? now.period : period.getAsLong();
    long most = quota.orElse(0) == 0 ? now.quota : quota.getAsLong();
    of.write(
        QUOTAS,
        (most < 0 || most >= UNLIMITED_QUOTA ? NO_LIMIT : Long.toString(most)) + " " + length);
  }

  /**
   * A limit of the processors' time.
   *
   * @param period in microseconds
   * @param quota of each, in microseconds; {@link #UNLIMITED_QUOTA} for none
   */
  public record Time(long period, long quota) {
    private static Time of(ControlGroup group) {
      String[] words = group.read(QUOTAS).orElse(NO_LIMIT + " " + USUAL_PERIOD).split(" ");
      return new Time(
          Long.parseLong(words[1]),
          words[0].equals(NO_LIMIT) ? UNLIMITED_QUOTA : Long.parseLong(words[0]));
    }
  }

  /** The limit of global, emulator or vcpu, of which all have one; empty where there is none. */
  public Optional<Time> time(String whose) {
    return groups(whose).stream().filter(one -> one.has(QUOTAS)).findFirst().map(Time::of);
  }

  /**
   * Limits the memory.
   *
   * @param name hard_limit, soft_limit or swap_hard_limit
   * @param kib in KiB
   */
  public void setMemory(String name, long kib) throws LibvirtException {
    group.write(MEMORY.get(name), kib >= UNLIMITED_KIB ? NO_LIMIT : Long.toString(kib << 10));
  }

  /** A limit of memory in KiB, by the same names; empty where there is none to be had. */
  public OptionalLong memory(String name) {
    Optional<String> text = group.read(MEMORY.get(name));
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(
        text.get().equals(NO_LIMIT) ? UNLIMITED_KIB : Long.parseUnsignedLong(text.get()) >> 10);
  }

  /** The limits of disks. */
  public DiskLimits disks() {
    return new DiskLimits(group);
  }

  /** Lets a processor run on some of the host's only; for no processor's number, all else. */
  public void pin(OptionalLong processor, String set) throws LibvirtException {
    ControlGroup of =
        group.child(processor.isPresent() ? PROCESSOR + processor.getAsLong() : EMULATOR);
    if (of.has(SETS)) {
      of.write(SETS, set);
    }
  }

  /** Has the memory of all threads on some of the host's nodes only. */
  public void setNodes(String nodes) throws LibvirtException {
    group.child(EMULATOR).write("cpuset.mems", nodes);
    for (ControlGroup one : groups(PROCESSOR)) {
      one.write("cpuset.mems", nodes);
    }
  }
}

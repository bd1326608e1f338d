package org.wardian.processor.kvm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.wardian.host.HostException;
import org.wardian.host.HostProcessor;
import org.wardian.host.Mapping;
import org.wardian.host.kvm.CpuStructure;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.host.kvm.Kvm;
import org.wardian.host.kvm.KvmCapability;
import org.wardian.host.kvm.KvmCpu;
import org.wardian.host.kvm.KvmVm;
import org.wardian.host.kvm.Registers;
import org.wardian.host.kvm.RunPage;
import org.wardian.host.kvm.SpecialRegisters;
import org.wardian.memory.RawMemory;

/**
 * Finds out whether the host's KVM executes guests on a processor, by a guest of one page that
 * counts down: some kernels offer /dev/kvm and emulate each instruction, and no capability tells.
 * Takes some milliseconds, leaves nothing open, and never throws.
 */
public final class KvmProbe {
  /**
   * What lies between an emulator in the kernel, of some MIPS, and a processor, which has
   * thousands, or hundreds where it is itself translated by QEMU.
   */
  static final double FAST_MIPS = 50;

  private static final Path MODULES = Path.of("/sys/module");

  /** The first calls of a JVM look for their functions, and take milliseconds. */
  private static final int FIRST_PASSES = 5;

  private static final int PAGE = 4096;
  private static final int COUNTER = 0x800;
  private static final int PORT = 0xe0;

  /**
   * In 32-bit mode at 0: counts from the number at 0x800 down to 0, exits by a port, begins anew.
   */
  private static final byte[] GUEST = {
    (byte) 0x8b,
    0x0d,
    0x00,
    0x08,
    0x00,
    0x00, // mov 0x800, %ecx
    0x49, // 1: dec %ecx
    0x75,
    (byte) 0xfd, // jnz 1b
    (byte) 0xe6,
    (byte) PORT, // out %al, $0xe0
    (byte) 0xeb,
    (byte) 0xf3 // jmp 0
  };

  /** Where the kernel may put what some Intel processors need; the guest never goes there. */
  private static final long IDENTITY_MAP = 0xfeff_c000L;

  private static final long TASK_STATE = IDENTITY_MAP + PAGE;

  private final Duration warmUp;
  private final List<String> modules = modules();
  private final boolean nested = HostProcessor.current().has("hypervisor");
  private List<KvmCapability> missing = List.of();
  private List<CpuidEntry> supported = List.of();
  private Optional<String> kickMethod = Optional.empty();
  private int mostVcpus;
  private double mips;
  private double exitMicroseconds;

  private KvmProbe(Duration warmUp) {
    this.warmUp = warmUp;
  }

  /** Looks at {@link Kvm#DEVICE} in a few milliseconds. */
  public static KvmReport probe() {
    return probe(Kvm.DEVICE, Duration.ZERO);
  }

  /**
   * Looks at a device.
   *
   * @param warmUp how long exits are tried before they are measured: the code of a JVM that has
   *     just started is slower than an exit, and with {@link Duration#ZERO} the report's sentence
   *     is silent on what one costs
   */
  public static KvmReport probe(Path device, Duration warmUp) {
    return new KvmProbe(warmUp).examine(device);
  }

  private KvmReport examine(Path device) {
    try (Kvm kvm = Kvm.open(device)) {
      missing =
          KernelMachine.REQUIRED.stream().filter(needed -> kvm.capability(needed) == 0).toList();
      kvm.require(KernelMachine.REQUIRED.toArray(KvmCapability[]::new));
      mostVcpus = Math.max(kvm.capability(KvmCapability.MAX_VCPUS), 1);
      supported = kvm.supportedCpuid();
      run(kvm);
    } catch (HostException e) {
      return report(false, e.getMessage());
    } catch (RuntimeException e) {
      return report(false, device + " cannot be examined: " + e);
    }
    String name = modules.isEmpty() ? device.toString() : device + " (" + modules.getFirst() + ")";
    if (mips == 0) {
      return report(false, name + " does not execute the simplest of guests");
    }
    String figures = figure(mips) + " MIPS";
    if (warmUp.isPositive()) {
      figures += ", " + figure(exitMicroseconds) + " microseconds an exit";
    }
    return report(
        true,
        mips >= FAST_MIPS
            ? name + " executes guests on a processor: " + figures
            : name + " emulates each instruction of a guest: " + figures);
  }

  private KvmReport report(boolean usable, String reason) {
    return new KvmReport(
        usable,
        usable && mips >= FAST_MIPS,
        mips,
        exitMicroseconds,
        reason,
        missing,
        modules,
        kickMethod,
        nested,
        mostVcpus,
        supported);
  }

  /** A number with as many digits as mean something. */
  private static String figure(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.1f" : "%.0f", value);
  }

  private void run(Kvm kvm) {
    try (Mapping memory = Mapping.anonymous(PAGE);
        KvmVm vm = kvm.createVm()) {
      RawMemory.copy(GUEST, 0, memory.address(), GUEST.length);
      vm.identityMapAddress(IDENTITY_MAP);
      vm.taskStateAddress(TASK_STATE);
      vm.memoryRegion(0, 0, 0, PAGE, memory.address());
      try (KvmCpu cpu = vm.createCpu(0)) {
        kickMethod = Optional.of(cpu.kickMethod());
        enter(cpu);
        measure(cpu, memory.address() + COUNTER);
      }
    }
  }

  /** Flat 32-bit segments, no paging, at address 0. */
  private static void enter(KvmCpu cpu) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment special = arena.allocate(CpuStructure.SPECIAL_REGISTERS.size(), 8);
      cpu.get(CpuStructure.SPECIAL_REGISTERS, special);
      segment(special.asSlice(SpecialRegisters.CS), 8, 11);
      for (int data :
          new int[] {
            SpecialRegisters.DS,
            SpecialRegisters.ES,
            SpecialRegisters.FS,
            SpecialRegisters.GS,
            SpecialRegisters.SS
          }) {
        segment(special.asSlice(data), 16, 3);
      }
      special.set(ValueLayout.JAVA_LONG, SpecialRegisters.CR0, 0x11);
      cpu.set(CpuStructure.SPECIAL_REGISTERS, special);
      MemorySegment registers = arena.allocate(CpuStructure.REGISTERS.size(), 8);
      registers.set(ValueLayout.JAVA_LONG, Registers.RFLAGS, 2);
      cpu.set(CpuStructure.REGISTERS, registers);
    }
  }

  private static void segment(MemorySegment at, int selector, int type) {
    at.set(ValueLayout.JAVA_LONG, SpecialRegisters.SEGMENT_BASE, 0);
    at.set(ValueLayout.JAVA_INT, SpecialRegisters.SEGMENT_LIMIT, -1);
    at.set(ValueLayout.JAVA_SHORT, SpecialRegisters.SEGMENT_SELECTOR, (short) selector);
    at.set(ValueLayout.JAVA_BYTE, SpecialRegisters.SEGMENT_TYPE, (byte) type);
    at.set(ValueLayout.JAVA_BYTE, SpecialRegisters.SEGMENT_PRESENT, (byte) 1);
    at.set(ValueLayout.JAVA_BYTE, SpecialRegisters.SEGMENT_DPL, (byte) 0);
    at.set(ValueLayout.JAVA_BYTE, SpecialRegisters.SEGMENT_DB, (byte) 1);
    at.set(ValueLayout.JAVA_BYTE, SpecialRegisters.SEGMENT_S, (byte) 1);
    at.set(ValueLayout.JAVA_BYTE, SpecialRegisters.SEGMENT_L, (byte) 0);
    at.set(ValueLayout.JAVA_BYTE, SpecialRegisters.SEGMENT_G, (byte) 1);
    at.set(ValueLayout.JAVA_BYTE, SpecialRegisters.SEGMENT_UNUSABLE, (byte) 0);
  }

  private void measure(KvmCpu cpu, long counter) {
    long warm = System.nanoTime() + warmUp.toNanos();
    for (int i = 0; i < FIRST_PASSES || System.nanoTime() < warm; i++) {
      pass(cpu, counter, 1);
    }
    CountingRate rate =
        new CountingRate(FAST_MIPS, count -> pass(cpu, counter, count), System::nanoTime);
    rate.measure();
    mips = rate.mips();
    exitMicroseconds = rate.exitMicroseconds();
  }

  /** Nanoseconds from entering the guest to its next exit. */
  private static long pass(KvmCpu cpu, long counter, int count) {
    RawMemory.putInt(counter, count);
    long start = System.nanoTime();
    int result = cpu.run();
    while (result != KvmCpu.EXITED) {
      result = cpu.run();
    }
    long elapsed = System.nanoTime() - start;
    int reason = RawMemory.getInt(cpu.runPage() + RunPage.EXIT_REASON);
    if (reason != RunPage.EXIT_IO) {
      throw new IllegalStateException("a counting guest left with exit reason " + reason);
    }
    return elapsed;
  }

  private static List<String> modules() {
    try (Stream<Path> names = Files.list(MODULES)) {
      return names
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("kvm_"))
          .sorted()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}

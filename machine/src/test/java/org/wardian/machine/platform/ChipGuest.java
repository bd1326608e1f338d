package org.wardian.machine.platform;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.wardian.bus.Device;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.host.HostException;
import org.wardian.host.Mapping;
import org.wardian.host.kvm.CpuStructure;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.host.kvm.Kvm;
import org.wardian.host.kvm.KvmCpu;
import org.wardian.host.kvm.KvmVm;
import org.wardian.host.kvm.Registers;
import org.wardian.host.kvm.RunPage;
import org.wardian.host.kvm.SpecialRegisters;
import org.wardian.host.kvm.TimerState;
import org.wardian.memory.RawMemory;

/**
 * A machine of the host's KVM with all chips in the kernel, 64 KiB of memory and one vCPU in real
 * mode, whose interrupt handlers say their vector at port {@link #VECTOR_PORT}. Tests are skipped,
 * with the reason, where there is no KVM.
 */
final class ChipGuest implements AutoCloseable {
  /** Where the vector of an interrupt is written to. */
  static final int VECTOR_PORT = 0x10;

  /** Enables interrupts and waits for them. */
  static final String WAIT = "fb f4 eb fd";

  private static final int MEMORY = 0x10000;
  private static final int CODE = 0x1000;
  private static final int HANDLERS = 0x2000;
  private static final int HANDLER_LENGTH = 8;
  private static final int X2APIC_AND_TSC_DEADLINE = 1 << 21 | 1 << 24;
  private static final int SECONDS = 120;

  final KvmVm vm;
  final KvmCpu cpu;
  final KernelLocalApic localApic;
  final KernelIoApic ioApic;
  final KernelPics pics;
  final KernelPit pit;
  private final Kvm kvm;
  private final Mapping memory;
  private final Arena arena = Arena.ofConfined();
  private volatile boolean late;

  /** Makes the machine, all chips in their power-on state. */
  ChipGuest(String code) {
    kvm = open();
    vm = kvm.createVm();
    memory = Mapping.anonymous(MEMORY);
    vm.taskStateAddress(0xfffb_d000L);
    vm.identityMapAddress(0xfffb_c000L);
    vm.createInterruptChips();
    vm.createTimer(TimerState.SPEAKER_DUMMY);
    KernelRouting.ofKernelChips(vm);
    vm.memoryRegion(0, 0, 0, MEMORY, memory.address());
    cpu = vm.createCpu(0);
    cpu.cpuid(cpuid());
    localApic = new KernelLocalApic(cpu, 0, true);
    ioApic = new KernelIoApic(vm);
    pics = new KernelPics(vm);
    pit = new KernelPit(vm);
    for (Device device : devices()) {
      device.reset();
    }
    for (int vector = 0; vector < 256; vector++) {
      int handler = HANDLERS + HANDLER_LENGTH * vector;
      memory.segment().set(JAVA_SHORT, 4L * vector, (short) handler);
      memory.segment().set(JAVA_SHORT, 4L * vector + 2, (short) 0);
      put(handler, "50 b0 %02x e6 %02x 58 cf".formatted(vector, VECTOR_PORT));
    }
    code(code);
  }

  private static Kvm open() {
    try {
      return Kvm.open();
    } catch (HostException e) {
      return Assumptions.abort("no KVM here: " + e.getMessage());
    }
  }

  private List<CpuidEntry> cpuid() {
    return kvm.supportedCpuid().stream()
        .map(entry ->
            entry.function() != 1
                ? entry
                : new CpuidEntry(
                    1,
                    entry.index(),
                    entry.flags(),
                    entry.eax(),
                    entry.ebx(),
                    entry.ecx() | X2APIC_AND_TSC_DEADLINE,
                    entry.edx()))
        .toList();
  }

  /** The chips, in an order in which saved state can be restored. */
  List<Device> devices() {
    return List.of(ioApic, pics, pit, localApic);
  }

  private void put(int at, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    MemorySegment.copy(bytes, 0, memory.segment(), JAVA_BYTE, at, bytes.length);
  }

  /** Has the vCPU begin anew with other code, hexadecimal bytes. */
  void code(String code) {
    put(CODE, code);
    MemorySegment special = arena.allocate(SpecialRegisters.SIZE, 8);
    cpu.get(CpuStructure.SPECIAL_REGISTERS, special);
    special.set(JAVA_LONG, SpecialRegisters.CS + (long) SpecialRegisters.SEGMENT_BASE, 0);
    special.set(
        JAVA_SHORT, SpecialRegisters.CS + (long) SpecialRegisters.SEGMENT_SELECTOR, (short) 0);
    cpu.set(CpuStructure.SPECIAL_REGISTERS, special);
    MemorySegment registers = arena.allocate(Registers.SIZE, 8);
    registers.set(JAVA_LONG, Registers.RIP, CODE);
    registers.set(JAVA_LONG, Registers.RSP, CODE);
    registers.set(JAVA_LONG, Registers.RFLAGS, 2);
    cpu.set(CpuStructure.REGISTERS, registers);
  }

  /** The byte that the guest writes next to {@link #VECTOR_PORT}; fails where none comes. */
  int out() {
    late = false;
    Thread limit = Thread.ofPlatform().daemon().start(this::kickLate);
    try {
      while (cpu.run() != KvmCpu.EXITED) {
        // Signals that mean something else interrupt the vCPU as well.
        assertThat(late).as("nothing happened within %d seconds", SECONDS).isFalse();
      }
      long page = cpu.runPage();
      assertThat(RawMemory.getInt(page + RunPage.EXIT_REASON)).isEqualTo(RunPage.EXIT_IO);
      assertThat(RawMemory.getByte(page + RunPage.IO_DIRECTION)).isEqualTo((byte) RunPage.IO_OUT);
      assertThat(RawMemory.getShort(page + RunPage.IO_PORT)).isEqualTo((short) VECTOR_PORT);
      return RawMemory.getByte(page + RawMemory.getLong(page + RunPage.IO_DATA_OFFSET)) & 0xff;
    } finally {
      limit.interrupt();
      join(limit);
    }
  }

  private void kickLate() {
    try {
      TimeUnit.SECONDS.sleep(SECONDS);
      late = true;
      cpu.kick();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The record of a device. */
  static byte[] record(Device device) {
    StateWriter out = new StateWriter();
    device.save(out);
    return out.toByteArray();
  }

  /** Loads a record. */
  static void load(Device device, byte[] record) {
    StateReader in = new StateReader(record);
    device.load(in);
    in.finish();
  }

  @Override
  public void close() {
    cpu.close();
    vm.close();
    kvm.close();
    memory.close();
    arena.close();
  }
}

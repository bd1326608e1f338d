package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Assumptions;
import org.wardian.host.HostException;
import org.wardian.host.Mapping;

/**
 * A VM on the host's KVM with 64 KiB of memory from address 0 on and one vCPU in real mode, which
 * begins at {@link #CODE}. Tests are skipped, with the reason, where there is no KVM.
 */
final class TinyGuest implements AutoCloseable {
  static final int CODE = 0x1000;
  static final int MEMORY = 0x10000;

  /** A page that holds no memory: accesses are MMIO exits. */
  static final int DEVICE = 0x20000;

  final Kvm kvm;
  final KvmVm vm;
  final Mapping memory;
  final KvmCpu cpu;
  private final Arena arena = Arena.ofShared();

  private TinyGuest(boolean chips, KickMethod method, String code) {
    kvm = open();
    vm = kvm.createVm();
    memory = Mapping.anonymous(MEMORY);
    vm.taskStateAddress(0xfffb_d000L);
    vm.identityMapAddress(0xfffb_c000L);
    if (chips) {
      vm.createInterruptChips();
    }
    vm.memoryRegion(0, 0, 0, MEMORY, memory.address());
    code(CODE, code);
    cpu = vm.createCpu(0, method);
    start(CODE);
  }

  /** A guest without interrupt chips. Spaces in {@code code}, hexadecimal bytes, do not count. */
  static TinyGuest bare(String code) {
    return new TinyGuest(false, KickMethod.chosen(), code);
  }

  /** A guest with the interrupt chips in the kernel. */
  static TinyGuest withChips(String code) {
    return new TinyGuest(true, KickMethod.chosen(), code);
  }

  /**
   * A guest with the interrupt chips in the kernel whose vCPU is kicked in the given way; the test
   * is skipped where the host forbids that way.
   */
  static TinyGuest withChips(KickMethod method, String code) {
    if (method == KickMethod.IO_URING) {
      UringKick trial = new UringKick();
      try {
        trial.prepare();
      } catch (HostException e) {
        Assumptions.abort("no io_uring here: " + e.getMessage());
      } finally {
        trial.close();
      }
    }
    return new TinyGuest(true, method, code);
  }

  /** Opens KVM, or skips the test. */
  static Kvm open() {
    try {
      return Kvm.open();
    } catch (HostException e) {
      return Assumptions.abort("no KVM here: " + e.getMessage());
    }
  }

  /** Puts code or data into the guest's memory. */
  void code(int at, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    MemorySegment.copy(bytes, 0, memory.segment(), JAVA_BYTE, at, bytes.length);
  }

  /** Points an interrupt vector of real mode to an address below 64 KiB. */
  void vector(int number, int at) {
    memory.segment().set(JAVA_SHORT, 4L * number, (short) at);
    memory.segment().set(JAVA_SHORT, 4L * number + 2, (short) 0);
  }

  /** Native memory for a structure. */
  MemorySegment structure(int size) {
    return arena.allocate(size, Long.BYTES);
  }

  /** Reads a structure of the vCPU. */
  MemorySegment get(CpuStructure what) {
    MemorySegment to = structure(cpu.size(what));
    cpu.get(what, to);
    return to;
  }

  /** Real mode, flat from 0, at {@code ip}, with a stack below the code. */
  void start(int ip) {
    MemorySegment special = get(CpuStructure.SPECIAL_REGISTERS);
    special.set(JAVA_LONG, SpecialRegisters.CS + (long) SpecialRegisters.SEGMENT_BASE, 0);
    special.set(
        JAVA_SHORT, SpecialRegisters.CS + (long) SpecialRegisters.SEGMENT_SELECTOR, (short) 0);
    cpu.set(CpuStructure.SPECIAL_REGISTERS, special);
    MemorySegment registers = structure(Registers.SIZE);
    registers.set(JAVA_LONG, Registers.RIP, ip);
    registers.set(JAVA_LONG, Registers.RSP, CODE);
    registers.set(JAVA_LONG, Registers.RFLAGS, 2);
    cpu.set(CpuStructure.REGISTERS, registers);
  }

  /** Switches the local APIC on, as a guest does by its spurious vector register. */
  void enableLocalApic() {
    MemorySegment apic = get(CpuStructure.LOCAL_APIC);
    apic.set(JAVA_INT, LocalApicState.SPURIOUS_VECTOR, 0x1ff);
    cpu.set(CpuStructure.LOCAL_APIC, apic);
  }

  /** Runs until an exit other than a kick or signal, whose reason it returns. */
  int exit() {
    int result;
    do {
      result = cpu.run();
    } while (result == KvmCpu.KICKED);
    assertThat(result).isEqualTo(KvmCpu.EXITED);
    return page().get(JAVA_INT, RunPage.EXIT_REASON);
  }

  /** Runs to an OUT of one byte and returns the port and the byte: {@code port << 8 | value}. */
  int out() {
    assertThat(exit()).as("exit reason").isEqualTo(RunPage.EXIT_IO);
    MemorySegment page = page();
    assertThat(page.get(JAVA_BYTE, RunPage.IO_DIRECTION)).isEqualTo((byte) RunPage.IO_OUT);
    long data = page.get(JAVA_LONG, RunPage.IO_DATA_OFFSET);
    int port = page.get(JAVA_SHORT, RunPage.IO_PORT) & 0xffff;
    return port << 8 | page.get(JAVA_BYTE, data) & 0xff;
  }

  /** The page that the vCPU shares with the kernel. */
  @SuppressWarnings("restricted") // as the vCPU's loop reads it
  MemorySegment page() {
    return MemorySegment.ofAddress(cpu.runPage()).reinterpret(cpu.runPageSize());
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

package org.wardian.processor.kvm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.wardian.host.HostException;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.host.kvm.Kvm;
import org.wardian.host.kvm.KvmCpu;
import org.wardian.host.kvm.KvmVm;
import org.wardian.host.kvm.RunPage;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.PowerOnState;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/** One vCPU of the real kernel with interrupt chips, 2 MiB of RAM at 0, and a state block. */
final class TinyMachine implements AutoCloseable {
  /** Bytes of RAM. */
  static final int RAM = 2 << 20;

  private static final int RDX = 2;

  /** What every processor since the first x86-64 has, so that it runs on each host. */
  static final CpuModel MODEL = CpuModel.named("x86-64-v1");

  final Kvm kvm;
  final KvmVm vm;
  final KvmCpu cpu;
  final List<CpuidEntry> supported;
  final Cpuid cpuid;
  final List<CpuidEntry> entries;
  final StateTransfer transfer;
  final GuestMemory memory = GuestMemory.withRam(RAM);

  /** Host address of a block with the state after power on. */
  final long block;

  private final Arena arena = Arena.ofShared();

  private TinyMachine(Kvm kvm) {
    this.kvm = kvm;
    vm = kvm.createVm();
    vm.identityMapAddress(0xfeff_c000L);
    vm.taskStateAddress(0xfeff_d000L);
    GuestMemory.Region ram = memory.regions().getFirst();
    vm.memoryRegion(0, 0, ram.base(), ram.size(), ram.host());
    vm.createInterruptChips();
    cpu = vm.createCpu(0);
    supported = kvm.supportedCpuid();
    cpuid = new Cpuid(MODEL, 0, 1, cpu.timestampKilohertz() * 1000L, 1_000_000_000L);
    entries = KernelCpuid.entries(cpuid, MODEL, supported);
    cpu.cpuid(entries);
    transfer = new StateTransfer(cpu);
    block = newBlock().address();
    PowerOnState.write(block);
    RawMemory.putLong(block + StateLayout.GPR + 8 * RDX, 0);
  }

  /** A machine, or an aborted test with the reason where this host has no KVM for us. */
  static TinyMachine create() {
    Kvm kvm;
    try {
      kvm = Kvm.open();
    } catch (HostException e) {
      assumeTrue(false, e.getMessage());
      throw e;
    }
    return new TinyMachine(kvm);
  }

  /** Zeroed memory for another state block, alive as long as the machine. */
  MemorySegment newBlock() {
    return arena.allocate(StateLayout.ARCHITECTURAL_SIZE, 64);
  }

  /** Puts {@code code} at guest-physical {@code address}. */
  void load(int address, int... code) {
    byte[] bytes = new byte[code.length];
    for (int i = 0; i < code.length; i++) {
      bytes[i] = (byte) code[i];
    }
    memory.write(address, bytes, 0, bytes.length);
  }

  /** The 32-bit value at guest-physical {@code address}. */
  int word(int address) {
    return RawMemory.getInt(memory.hostAddress(address));
  }

  /** Writes a 32-bit value at guest-physical {@code address}. */
  void word(int address, int value) {
    RawMemory.putInt(memory.hostAddress(address), value);
  }

  /** Real mode at {@code address}, below 64 KiB, all segments at 0. */
  void realMode(int address) {
    RawMemory.putLong(block + StateLayout.segment(StateLayout.CS) + StateLayout.BASE, 0);
    RawMemory.putShort(block + StateLayout.segment(StateLayout.CS), (short) 0);
    RawMemory.putLong(block + StateLayout.RIP, address);
  }

  /** Flat 32-bit protected mode without paging at {@code address}. */
  void flatMode(int address) {
    for (int s = StateLayout.ES; s <= StateLayout.GS; s++) {
      long at = block + StateLayout.segment(s);
      RawMemory.putShort(at + StateLayout.SELECTOR, (short) (s == StateLayout.CS ? 8 : 16));
      RawMemory.putInt(at + StateLayout.ATTRIBUTES, s == StateLayout.CS ? 0xc09b : 0xc093);
      RawMemory.putInt(at + StateLayout.LIMIT, -1);
      RawMemory.putLong(at + StateLayout.BASE, 0);
    }
    RawMemory.putLong(block + StateLayout.CR0, 0x11);
    RawMemory.putLong(block + StateLayout.RIP, address);
  }

  /**
   * Runs from the block's state to the next exit, reads the state back; returns the exit reason.
   */
  int run() {
    transfer.write(block);
    int result;
    do {
      result = cpu.run();
    } while (result != KvmCpu.EXITED);
    int reason = RawMemory.getInt(cpu.runPage() + RunPage.EXIT_REASON);
    transfer.read(block);
    return reason;
  }

  @Override
  public void close() {
    transfer.close();
    cpu.close();
    vm.close();
    kvm.close();
    memory.close();
    arena.close();
  }
}

package org.wardian.processor.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.host.Mapping;
import org.wardian.host.kvm.CpuStructure;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.host.kvm.EventState;
import org.wardian.host.kvm.KvmCpu;
import org.wardian.host.kvm.MpState;
import org.wardian.host.kvm.Registers;
import org.wardian.host.kvm.RunPage;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.PowerOnState;
import org.wardian.processor.Vcpu;
import org.wardian.x86.StateLayout;

/**
 * A virtual processor of the kernel. {@link #run} stays in the kernel but for accesses to ports and
 * memory-mapped registers that no chip of the kernel answers.
 */
public final class KernelVcpu implements Vcpu {
  private static final int SIGNATURE_LEAF = 1;
  private static final int RDX = 2;
  private static final long IF = 1 << 9;

  /** Rates that differ by this part at most are the same: 100 ppm, which a guest's clock bears. */
  private static final long SAME_RATE = 10_000;

  private final int id;
  private final KvmCpu cpu;
  private final GuestMemory memory;
  private final IoBus ports;
  private final IoBus mmio;
  private final long page;
  private final Mapping block = Mapping.anonymous(StateLayout.ARCHITECTURAL_SIZE);
  private final Arena arena = Arena.ofShared();
  private final MemorySegment scratch;
  private StateTransfer transfer;
  private int signature;

  /** Whether {@link #block} shows what the kernel holds. */
  private boolean fresh;

  private volatile boolean stopAsked;
  private volatile boolean examinationAsked;
  private volatile boolean external;
  private boolean split;
  private IntSupplier acknowledge = () -> -1;
  private IntConsumer endOfInterrupt = vector -> {};
  private String failure = "";
  private boolean held;
  private long heldTimestamp;

  private long exits;

  /** How often in a row it was found asleep for good. */
  volatile int looksAsleep;

  private HaltWatch watch;
  private volatile boolean present = true;

  /** {@link #exits} for other threads. */
  private volatile long seenExits;

  private long portExits;
  private long memoryExits;
  private long windowExits;
  private long endExits;
  private long otherExits;
  private long kicks;

  KernelVcpu(int id, KvmCpu cpu, GuestMemory memory, IoBus ports, IoBus mmio) {
    this.id = id;
    this.cpu = cpu;
    this.memory = memory;
    this.ports = ports;
    this.mmio = mmio;
    this.page = cpu.runPage();
    this.scratch = arena.allocate(CpuStructure.EVENTS.size() + CpuStructure.REGISTERS.size(), 8);
  }

  /** Sets what CPUID answers; before the first run. */
  void promise(List<CpuidEntry> entries) {
    cpu.cpuid(entries);
    for (CpuidEntry entry : entries) {
      if (entry.function() == SIGNATURE_LEAF) {
        signature = entry.eax();
      }
    }
    transfer = new StateTransfer(cpu);
  }

  /** The kernel's processor, for what only some machines need. */
  public KvmCpu cpu() {
    return cpu;
  }

  /** APIC ID. */
  public int id() {
    return id;
  }

  /**
   * Has the guest's time-stamp counter tick at another rate; before CPUID is promised.
   *
   * @throws org.wardian.host.HostException where the host's processor cannot scale it so
   */
  void timestampHz(long hertz) {
    if (Math.abs(hertz - timestampHz()) > hertz / SAME_RATE) {
      cpu.timestampKilohertz(Math.toIntExact(hertz / 1000));
    }
  }

  /** Ticks a second of the guest's time-stamp counter. */
  public long timestampHz() {
    return cpu.timestampKilohertz() * 1000L;
  }

  /**
   * Connects PIC and I/O APIC that are not in the kernel.
   *
   * @param vector the PIC's answer to an interrupt acknowledge cycle: 0 to 255, or -1
   * @param end told of the end of level-triggered interrupts, by vector
   * @return the line from the PIC, for any thread
   */
  public InterruptLine splitChips(IntSupplier vector, IntConsumer end) {
    split = true;
    acknowledge = vector;
    endOfInterrupt = end;
    return level -> {
      external = level;
      if (level) {
        cpu.kick();
      }
    };
  }

  // ---- life cycle -------------------------------------------------------------------------------

  @Override
  public void reset() {
    PowerOnState.write(block.address());
    RawMemory.putLong(
        block.address() + StateLayout.GPR + 8 * RDX, Integer.toUnsignedLong(signature));
    failure = "";
    stateChanged();
  }

  @Override
  public long state() {
    if (!fresh) {
      transfer.read(block.address());
      fresh = true;
    }
    return block.address();
  }

  @Override
  public void stateChanged() {
    looksAsleep = 0;
    transfer.write(block.address());
    fresh = true;
  }

  @Override
  public long timestamp() {
    return held ? heldTimestamp : transfer.timestamp();
  }

  @Override
  public void timestamp(long ticks) {
    heldTimestamp = ticks;
    transfer.timestamp(ticks);
  }

  /**
   * From now on {@link #timestamp()} is what it is at this moment, for whoever saves a machine that
   * stands still: the kernel's counter goes on.
   *
   * @return that
   */
  public long holdTimestamp() {
    held = false;
    holdTimestamp(timestamp());
    return heldTimestamp;
  }

  /** As the other, with a value of the caller's. */
  public void holdTimestamp(long ticks) {
    heldTimestamp = ticks;
    held = true;
  }

  /** Ends {@link #holdTimestamp()}. */
  public void releaseTimestamp() {
    held = false;
  }

  @Override
  public String failure() {
    return failure;
  }

  @Override
  public long instructions() {
    return -1;
  }

  @Override
  public Map<String, Long> counters() {
    Map<String, Long> counters = new LinkedHashMap<>();
    counters.put("exits", exits);
    counters.put("exits-port", portExits);
    counters.put("exits-mmio", memoryExits);
    counters.put("exits-interrupt-window", windowExits);
    counters.put("exits-end-of-interrupt", endExits);
    counters.put("exits-other", otherExits);
    counters.put("kicks", kicks);
    return counters;
  }

  @Override
  public void close() {
    cpu.close();
    if (transfer != null) {
      transfer.close();
      transfer = null;
    }
    if (arena.scope().isAlive()) {
      arena.close();
    }
    block.close();
  }

  @Override
  public void kick() {
    stopAsked = true;
    cpu.kick();
  }

  /** Sets who is told of such looks; before the first run. */
  void watchedBy(HaltWatch haltWatch) {
    watch = haltWatch;
  }

  /**
   * Whether it is in the machine: one that is not does not run, and wakes nobody. While no vCPU
   * runs.
   */
  public void present(boolean there) {
    present = there;
  }

  boolean isPresent() {
    return present;
  }

  /** Asks the vCPU to look whether it sleeps for good; any thread. */
  void examine() {
    examinationAsked = true;
    cpu.kick();
  }

  /** Exits so far: whoever does not come out may sleep for good. */
  long exits() {
    return seenExits;
  }

  // ---- the run loop -----------------------------------------------------------------------------

  @Override
  public Exit run() {
    fresh = false;
    looksAsleep = 0;
    while (true) {
      if (split) {
        offerExternalInterrupt();
      }
      int result = cpu.run();
      if (result == KvmCpu.EXITED) {
        exits++;
        seenExits = exits;
        looksAsleep = 0;
        Exit exit = handle(RawMemory.getInt(page + RunPage.EXIT_REASON));
        if (exit != null) {
          return exit;
        }
      } else if (result == KvmCpu.KICKED) {
        kicks++;
        if (stopAsked) {
          stopAsked = false;
          return Exit.STOPPED;
        }
        if (examinationAsked) {
          examinationAsked = false;
          if (watch.found(this, sleepsForGood())) {
            return Exit.HALTED;
          }
        }
      }
    }
  }

  /** What the vCPU left the kernel for; a result means that run() returns. */
  private Exit handle(int reason) {
    switch (reason) {
      case RunPage.EXIT_IO -> port();
      case RunPage.EXIT_MMIO -> memoryMapped();
      case RunPage.EXIT_IRQ_WINDOW_OPEN -> windowExits++;
      case RunPage.EXIT_IOAPIC_EOI -> {
        endExits++;
        endOfInterrupt.accept(RawMemory.getByte(page + RunPage.EOI_VECTOR) & 0xff);
      }
      case RunPage.EXIT_SHUTDOWN -> {
        return Exit.TRIPLE_FAULT;
      }
      case RunPage.EXIT_HLT -> {
        return Exit.HALTED;
      }
      case RunPage.EXIT_DEBUG -> {
        return Exit.DEBUG;
      }
      case RunPage.EXIT_INTR -> otherExits++;
      default -> {
        failure = FailureReport.of(page, state(), memory);
        return Exit.FAILED;
      }
    }
    return null;
  }

  private void port() {
    portExits++;
    int size = RawMemory.getByte(page + RunPage.IO_SIZE);
    int port = RawMemory.getShort(page + RunPage.IO_PORT) & 0xffff;
    int count = RawMemory.getInt(page + RunPage.IO_COUNT);
    long data = page + RawMemory.getLong(page + RunPage.IO_DATA_OFFSET);
    if (RawMemory.getByte(page + RunPage.IO_DIRECTION) == RunPage.IO_OUT) {
      for (int i = 0; i < count; i++) {
        ports.write(port, size, load(data + (long) i * size, size));
      }
    } else {
      for (int i = 0; i < count; i++) {
        store(data + (long) i * size, size, ports.read(port, size));
      }
    }
  }

  private void memoryMapped() {
    memoryExits++;
    long address = RawMemory.getLong(page + RunPage.MMIO_ADDRESS);
    int length = RawMemory.getInt(page + RunPage.MMIO_LENGTH);
    long data = page + RunPage.MMIO_DATA;
    boolean write = RawMemory.getByte(page + RunPage.MMIO_IS_WRITE) != 0;
    // The kernel cuts an access at the end of a page only, so 3, 5, 6 or 7 bytes can come.
    for (int done = 0; done < length; ) {
      int size = Integer.highestOneBit(Math.min(8, length - done));
      if (write) {
        mmio.write(address + done, size, load(data + done, size));
      } else {
        store(data + done, size, mmio.read(address + done, size));
      }
      done += size;
    }
  }

  private static long load(long at, int size) {
    return switch (size) {
      case 1 -> RawMemory.getByte(at) & 0xffL;
      case 2 -> RawMemory.getShort(at) & 0xffffL;
      case 4 -> RawMemory.getInt(at) & 0xffffffffL;
      default -> RawMemory.getLong(at);
    };
  }

  private static void store(long at, int size, long value) {
    switch (size) {
      case 1 -> RawMemory.putByte(at, (byte) value);
      case 2 -> RawMemory.putShort(at, (short) value);
      case 4 -> RawMemory.putInt(at, (int) value);
      default -> RawMemory.putLong(at, value);
    }
  }

  /** Hands the PIC's interrupt to the kernel, or asks to be told when the guest can take it. */
  private void offerExternalInterrupt() {
    if (external && RawMemory.getByte(page + RunPage.READY_FOR_INTERRUPT_INJECTION) != 0) {
      int vector = acknowledge.getAsInt();
      if (vector >= 0) {
        cpu.interrupt(vector);
        // One at a time: the kernel says anew when it can take the next.
        RawMemory.putByte(page + RunPage.READY_FOR_INTERRUPT_INJECTION, (byte) 0);
      }
    }
    RawMemory.putByte(page + RunPage.REQUEST_INTERRUPT_WINDOW, (byte) (external ? 1 : 0));
  }

  /** Whether the vCPU is in HLT with interrupts off and no NMI on its way, or awaits its start. */
  private boolean sleepsForGood() {
    cpu.get(CpuStructure.MP_STATE, scratch);
    int activity = scratch.get(ValueLayout.JAVA_INT, MpState.STATE);
    if (activity == MpState.UNINITIALIZED || activity == MpState.INIT_RECEIVED) {
      return true;
    }
    if (activity != MpState.HALTED) {
      return false;
    }
    cpu.get(CpuStructure.REGISTERS, scratch);
    if ((scratch.get(ValueLayout.JAVA_LONG, Registers.RFLAGS) & IF) != 0) {
      return false;
    }
    cpu.get(CpuStructure.EVENTS, scratch);
    return scratch.get(ValueLayout.JAVA_BYTE, EventState.NMI_PENDING) == 0
        && scratch.get(ValueLayout.JAVA_BYTE, EventState.NMI_INJECTED) == 0;
  }
}

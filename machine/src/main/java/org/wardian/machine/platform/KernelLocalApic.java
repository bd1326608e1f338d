package org.wardian.machine.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.Device;
import org.wardian.bus.LocalInterruptController;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.chipset.LocalApic;
import org.wardian.chipset.LocalApicRegisters;
import org.wardian.host.kvm.CpuStructure;
import org.wardian.host.kvm.KvmCpu;
import org.wardian.host.kvm.LocalApicState;

/**
 * A local APIC in the kernel, with the saved state of a {@link LocalApic}. Its bus clock is KVM's
 * nanosecond, which is {@link LocalApic#BUS_FREQUENCY_HZ} too.
 *
 * <p>What the kernel's chip has not is lost in it: errors that are not in ESR yet, and an ExtINT
 * requested by message. CPUID and the time-stamp counter of the vCPU have to be set before {@link
 * #load}: the kernel looks at them for the timer mode and for an armed deadline.
 */
final class KernelLocalApic implements Device {
  private static final int[] BASE = {LocalInterruptController.IA32_APIC_BASE};
  private static final int[] DEADLINE = {LocalInterruptController.IA32_TSC_DEADLINE};
  private static final int STRIDE = 0x10;
  private static final int ENTRIES = 6;
  private static final int WORDS = 8;

  /** Corrected machine check interrupts, which our local vector table has no entry for. */
  private static final int LVT_CMCI = 0x2f0;

  private static final int LVT_MASKED = 1 << 16;
  private static final ValueLayout.OfInt REGISTER = ValueLayout.JAVA_INT;

  private final KvmCpu cpu;
  private final int id;
  private final boolean bootstrap;

  /** The registers at the moment of the pause; the kernel's timer does not stop for it. */
  private LocalApicRegisters paused;

  /**
   * Takes the local APIC of a vCPU as it is.
   *
   * @param id the initial APIC ID, 0 to 254, which is the number of the vCPU
   * @param bootstrap whether this is the bootstrap processor
   */
  KernelLocalApic(KvmCpu cpu, int id, boolean bootstrap) {
    this.cpu = cpu;
    this.id = id;
    this.bootstrap = bootstrap;
  }

  @Override
  public String name() {
    return "apic" + id;
  }

  @Override
  public void reset() {
    registers(LocalApicRegisters.reset(id, bootstrap));
  }

  @Override
  public void pause() {
    paused = registers();
  }

  @Override
  public void resume() {
    paused = null;
  }

  @Override
  public void save(StateWriter out) {
    LocalApicRegisters now = registers();
    boolean sameCount = paused != null && paused.initialCount() == now.initialCount();
    (sameCount ? now.withCurrentCount(paused.currentCount()) : now).save(name(), out);
  }

  @Override
  public void load(StateReader in) {
    registers(LocalApicRegisters.load(name(), in));
    paused = null;
  }

  /** All registers now. */
  LocalApicRegisters registers() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(LocalApicState.SIZE, 8);
      cpu.get(CpuStructure.LOCAL_APIC, page);
      long base = msr(BASE);
      boolean x2apic = (base & LocalApic.BASE_X2APIC) != 0;
      LocalApicRegisters registers =
          new LocalApicRegisters(
              base,
              x2apic ? id : page.get(REGISTER, LocalApicState.ID) >>> 24,
              page.get(REGISTER, LocalApicState.TASK_PRIORITY),
              page.get(REGISTER, LocalApicState.LOGICAL_DESTINATION),
              page.get(REGISTER, LocalApicState.DESTINATION_FORMAT),
              page.get(REGISTER, LocalApicState.SPURIOUS_VECTOR),
              page.get(REGISTER, LocalApicState.ERROR_STATUS),
              0,
              Integer.toUnsignedLong(page.get(REGISTER, LocalApicState.INTERRUPT_COMMAND))
                  | (long) page.get(REGISTER, LocalApicState.INTERRUPT_COMMAND_HIGH) << 32,
              read(page, LocalApicState.LVT_TIMER, ENTRIES),
              read(page, LocalApicState.IN_SERVICE, WORDS),
              read(page, LocalApicState.TRIGGER_MODE, WORDS),
              read(page, LocalApicState.INTERRUPT_REQUEST, WORDS),
              false,
              page.get(REGISTER, LocalApicState.DIVIDE_CONFIGURATION),
              page.get(REGISTER, LocalApicState.INITIAL_COUNT),
              page.get(REGISTER, LocalApicState.CURRENT_COUNT),
              msr(DEADLINE));
      return expired(registers);
    }
  }

  /**
   * A count that has run out is read as 0, by a timer in periodic mode whose next period the kernel
   * has not begun, and by one in one-shot mode whose interrupt it may hold back until the vCPU
   * runs, where nobody sees it. An interrupt too many is no harm to a guest, one too few stops it.
   */
  private static LocalApicRegisters expired(LocalApicRegisters registers) {
    if (registers.initialCount() == 0 || registers.currentCount() != 0) {
      return registers;
    }
    int timer = registers.localVectors().getFirst();
    if (registers.periodic()) {
      return registers.withCurrentCount(registers.initialCount());
    }
    boolean seen = has(registers.requested(), timer) || has(registers.inService(), timer);
    boolean awaited = registers.oneShot() && (timer & LVT_MASKED) == 0 && !seen;
    return awaited ? registers.withCurrentCount(1) : registers;
  }

  private static boolean has(List<Integer> words, int timer) {
    int vector = timer & 0xff;
    return (words.get(vector >>> 5) >>> (vector & 31) & 1) != 0;
  }

  /**
   * Gives the kernel's chip these registers.
   *
   * @throws StateException if the kernel does not accept IA32_APIC_BASE: reserved bits, or a mode
   *     that the guest's CPUID does not promise
   */
  void registers(LocalApicRegisters registers) {
    // The mode first: by it the kernel understands the page.
    if (cpu.setMsrs(BASE, new long[] {registers.base()}) != 1) {
      throw new StateException(
          "%s cannot have 0x%x in IA32_APIC_BASE".formatted(name(), registers.base()));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(LocalApicState.SIZE, 8);
      fill(page, registers);
      // Twice: where the first changes the timer to or from deadline mode, the kernel clears the
      // count after it has taken the page.
      cpu.set(CpuStructure.LOCAL_APIC, page);
      cpu.set(CpuStructure.LOCAL_APIC, page);
    }
    cpu.setMsrs(DEADLINE, new long[] {registers.deadline()});
  }

  private void fill(MemorySegment page, LocalApicRegisters registers) {
    boolean x2apic = (registers.base() & LocalApic.BASE_X2APIC) != 0;
    page.set(REGISTER, LocalApicState.ID, x2apic ? id : registers.id() << 24);
    page.set(REGISTER, LocalApicState.TASK_PRIORITY, registers.taskPriority());
    page.set(REGISTER, LocalApicState.LOGICAL_DESTINATION, registers.logicalDestination());
    page.set(REGISTER, LocalApicState.DESTINATION_FORMAT, registers.destinationFormat());
    page.set(REGISTER, LocalApicState.SPURIOUS_VECTOR, registers.spurious());
    page.set(REGISTER, LocalApicState.ERROR_STATUS, registers.errorStatus());
    long command = registers.interruptCommand();
    page.set(REGISTER, LocalApicState.INTERRUPT_COMMAND, (int) command);
    page.set(REGISTER, LocalApicState.INTERRUPT_COMMAND_HIGH, (int) (command >>> 32));
    page.set(REGISTER, LVT_CMCI, LVT_MASKED);
    write(page, LocalApicState.LVT_TIMER, registers.localVectors());
    write(page, LocalApicState.IN_SERVICE, registers.inService());
    write(page, LocalApicState.TRIGGER_MODE, registers.triggerMode());
    write(page, LocalApicState.INTERRUPT_REQUEST, registers.requested());
    page.set(REGISTER, LocalApicState.DIVIDE_CONFIGURATION, registers.divideConfiguration());
    // The kernel takes a current count of 0 with an initial count for an expiry just now, and
    // interrupts. A timer that does not run is one without a count.
    boolean counts = registers.oneShot() || registers.periodic();
    boolean stopped = counts && registers.currentCount() == 0;
    page.set(REGISTER, LocalApicState.INITIAL_COUNT, stopped ? 0 : registers.initialCount());
    page.set(REGISTER, LocalApicState.CURRENT_COUNT, registers.currentCount());
  }

  private static List<Integer> read(MemorySegment page, int offset, int length) {
    List<Integer> values = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      values.add(page.get(REGISTER, offset + (long) STRIDE * i));
    }
    return values;
  }

  private static void write(MemorySegment page, int offset, List<Integer> values) {
    for (int i = 0; i < values.size(); i++) {
      page.set(REGISTER, offset + (long) STRIDE * i, values.get(i));
    }
  }

  private long msr(int[] index) {
    long[] value = new long[1];
    return cpu.getMsrs(index, value) == 1 ? value[0] : 0;
  }
}

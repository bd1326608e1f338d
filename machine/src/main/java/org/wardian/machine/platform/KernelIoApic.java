package org.wardian.machine.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.Device;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.chipset.ApicMessage;
import org.wardian.chipset.IoApic;
import org.wardian.chipset.IoApicRegisters;
import org.wardian.chipset.Pic8259;
import org.wardian.host.kvm.InterruptChipState;
import org.wardian.host.kvm.KvmVm;

/**
 * The I/O APIC in the kernel, beside the kernel's PICs and PIT, with the saved state of an {@link
 * IoApic}. Of its ID a guest sees the low four bits, as the 82093AA has no more.
 *
 * <p>To be loaded before the local APICs. A line that is high at an edge-triggered pin can be made
 * known to the kernel only as an edge, and what that delivers the local APICs' registers replace.
 */
final class KernelIoApic implements Device {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private final KvmVm vm;

  /** Takes the I/O APIC of a machine as it is; {@link #reset} gives it the board's ID. */
  KernelIoApic(KvmVm vm) {
    this.vm = vm;
  }

  @Override
  public String name() {
    return "ioapic";
  }

  @Override
  public void reset() {
    registers(IoApicRegisters.reset(Wiring.IO_APIC_ID, registers().asserted()));
  }

  @Override
  public void save(StateWriter out) {
    registers().save(name(), out);
  }

  @Override
  public void load(StateReader in) {
    registers(IoApicRegisters.load(name(), in));
  }

  /** All registers now. */
  IoApicRegisters registers() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(InterruptChipState.SIZE, 8);
      vm.getInterruptChip(InterruptChipState.IOAPIC, state);
      List<Long> entries = new ArrayList<>();
      for (int pin = 0; pin < IoApic.PINS; pin++) {
        entries.add(state.get(LONG, InterruptChipState.IOAPIC_REDIRECTION + 8L * pin));
      }
      int asserted = state.get(INT, InterruptChipState.IOAPIC_LINES);
      int selected = state.get(INT, InterruptChipState.IOAPIC_SELECT);
      int id = state.get(INT, InterruptChipState.IOAPIC_ID);
      IoApicRegisters registers = new IoApicRegisters(entries, asserted, selected, id);
      return new IoApicRegisters(entries, asserted | edgeLines(registers), selected, id);
    }
  }

  /**
   * The lines that are high at edge-triggered pins: the kernel's I/O APIC does not show them once
   * it has delivered the edge, but the PICs on the same wires do.
   */
  private int edgeLines(IoApicRegisters registers) {
    int lines = new KernelPics(vm).registers().lines();
    int asserted = 0;
    for (int line = 0; line < Pic8259.LINES; line++) {
      int pin = line == 0 ? Wiring.CASCADE : line;
      if (line != Wiring.CASCADE && !registers.levelTriggered(pin)) {
        asserted |= (lines >>> line & 1) << pin;
      }
    }
    return asserted;
  }

  /** Gives the kernel's chip these registers. */
  void registers(IoApicRegisters registers) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(InterruptChipState.SIZE, 8);
      state.set(INT, InterruptChipState.CHIP, InterruptChipState.IOAPIC);
      state.set(LONG, InterruptChipState.IOAPIC_BASE, IoApic.BASE);
      state.set(INT, InterruptChipState.IOAPIC_SELECT, registers.selected());
      state.set(INT, InterruptChipState.IOAPIC_ID, registers.id());
      state.set(INT, InterruptChipState.IOAPIC_LINES, lines(registers));
      for (int pin = 0; pin < IoApic.PINS; pin++) {
        state.set(
            LONG, InterruptChipState.IOAPIC_REDIRECTION + 8L * pin, registers.entries().get(pin));
      }
      vm.setInterruptChip(state);
    }
  }

  /**
   * The lines that the kernel is told of: not that of its own PIT, which it pulses from low, nor
   * one whose edge would be more than a bit in a local APIC.
   */
  private static int lines(IoApicRegisters registers) {
    int lines = 0;
    for (int pin = 0; pin < IoApic.PINS; pin++) {
      boolean harmless = registers.deliveryMode(pin) <= ApicMessage.LOWEST_PRIORITY;
      if (registers.levelTriggered(pin) || harmless && pin != Wiring.CASCADE) {
        lines |= registers.asserted() & 1 << pin;
      }
    }
    return lines;
  }
}

package org.wardian.machine.platform;

import static org.wardian.host.kvm.InterruptChipState.PIC_MASTER;
import static org.wardian.host.kvm.InterruptChipState.PIC_SLAVE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.wardian.bus.Device;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.chipset.Pic8259Registers;
import org.wardian.host.kvm.InterruptChipState;
import org.wardian.host.kvm.KvmVm;

/**
 * The two 8259A in the kernel, beside the kernel's PIT, with the saved state of a {@link
 * org.wardian.chipset.Pic8259}.
 *
 * <p>The kernel's chips are always cascaded and know level-triggered lines by ELCR alone: what ICW1
 * may say otherwise is lost in them.
 */
final class KernelPics implements Device {
  /** Lines that may be level-triggered, of the master and of the slave. */
  private static final int[] EDGE_LEVEL_WRITABLE = {0xf8, 0xde};

  /** The line of the kernel's PIT, which pulses it and leaves it low. */
  private static final int TIMER_LINE = 1;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private final KvmVm vm;

  /** Takes the PICs of a machine as they are. */
  KernelPics(KvmVm vm) {
    this.vm = vm;
  }

  @Override
  public String name() {
    return "pic";
  }

  @Override
  public void reset() {
    Pic8259Registers now = registers();
    registers(
        new Pic8259Registers(
            Pic8259Registers.Chip.powerOn(now.master().lines()),
            Pic8259Registers.Chip.powerOn(now.slave().lines())));
  }

  /**
   * Makes a line level-triggered, as firmware does.
   *
   * @param line 3 to 7, 9 to 12, 14 or 15
   */
  void levelTriggered(int line) {
    Pic8259Registers now = registers();
    boolean onMaster = line < 8;
    Pic8259Registers.Chip chip = onMaster ? now.master() : now.slave();
    Pic8259Registers.Chip changed =
        chip.edgeLevelControl(chip.edgeLevelControl() | 1 << (line & 7));
    registers(
        onMaster
            ? new Pic8259Registers(changed, now.slave())
            : new Pic8259Registers(now.master(), changed));
  }

  @Override
  public void save(StateWriter out) {
    registers().save(name(), out);
  }

  @Override
  public void load(StateReader in) {
    registers(Pic8259Registers.load(name(), in));
  }

  /** All registers now. The level of line 0 is what a PIT of ours in that state would drive. */
  Pic8259Registers registers() {
    boolean timer = new KernelPit(vm).output();
    return new Pic8259Registers(read(PIC_MASTER, timer ? TIMER_LINE : 0), read(PIC_SLAVE, 0));
  }

  private Pic8259Registers.Chip read(int chip, int moreLines) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(InterruptChipState.SIZE, 8);
      vm.getInterruptChip(chip, state);
      int initialization = get(state, InterruptChipState.PIC_INIT_STATE);
      return new Pic8259Registers.Chip(
          initialization == 0 ? 0 : initialization + 1,
          flag(state, InterruptChipState.PIC_FOUR_WORDS),
          false,
          false,
          get(state, InterruptChipState.PIC_EDGE_LEVEL),
          get(state, InterruptChipState.PIC_BASE),
          get(state, InterruptChipState.PIC_LAST_REQUESTS) | moreLines,
          get(state, InterruptChipState.PIC_REQUESTS),
          get(state, InterruptChipState.PIC_MASK),
          get(state, InterruptChipState.PIC_IN_SERVICE),
          get(state, InterruptChipState.PIC_PRIORITY_ADD) + 7,
          flag(state, InterruptChipState.PIC_AUTO_EOI),
          flag(state, InterruptChipState.PIC_ROTATE_ON_AUTO_EOI),
          flag(state, InterruptChipState.PIC_SPECIAL_MASK),
          flag(state, InterruptChipState.PIC_SPECIAL_FULLY_NESTED),
          flag(state, InterruptChipState.PIC_READ_SELECT),
          flag(state, InterruptChipState.PIC_POLL));
    }
  }

  private static int get(MemorySegment state, int offset) {
    return state.get(BYTE, offset) & 0xff;
  }

  private static boolean flag(MemorySegment state, int offset) {
    return state.get(BYTE, offset) != 0;
  }

  /** Gives the kernel's chips these registers. */
  void registers(Pic8259Registers registers) {
    // The slave first: the kernel carries its request over to the master after either, and the
    // master is to have none but that of the new slave.
    write(PIC_SLAVE, registers.slave(), 0);
    write(PIC_MASTER, registers.master(), TIMER_LINE);
  }

  private void write(int chip, Pic8259Registers.Chip registers, int lessLines) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(InterruptChipState.SIZE, 8);
      state.set(ValueLayout.JAVA_INT, InterruptChipState.CHIP, chip);
      int expected = registers.expected();
      set(state, InterruptChipState.PIC_INIT_STATE, expected == 0 ? 0 : expected - 1);
      set(state, InterruptChipState.PIC_FOUR_WORDS, registers.needsIcw4());
      set(state, InterruptChipState.PIC_EDGE_LEVEL, registers.edgeLevelControl());
      set(state, InterruptChipState.PIC_EDGE_LEVEL_MASK, EDGE_LEVEL_WRITABLE[chip]);
      set(state, InterruptChipState.PIC_BASE, registers.base());
      set(state, InterruptChipState.PIC_LAST_REQUESTS, registers.lines() & ~lessLines);
      set(state, InterruptChipState.PIC_REQUESTS, registers.requested());
      set(state, InterruptChipState.PIC_MASK, registers.masked());
      set(state, InterruptChipState.PIC_IN_SERVICE, registers.inService());
      set(state, InterruptChipState.PIC_PRIORITY_ADD, registers.lowestPriority() + 1 & 7);
      set(state, InterruptChipState.PIC_AUTO_EOI, registers.autoEoi());
      set(state, InterruptChipState.PIC_ROTATE_ON_AUTO_EOI, registers.rotateOnAutoEoi());
      set(state, InterruptChipState.PIC_SPECIAL_MASK, registers.specialMask());
      set(state, InterruptChipState.PIC_SPECIAL_FULLY_NESTED, registers.specialFullyNested());
      set(state, InterruptChipState.PIC_READ_SELECT, registers.readInService());
      set(state, InterruptChipState.PIC_POLL, registers.poll());
      vm.setInterruptChip(state);
    }
  }

  private static void set(MemorySegment state, int offset, int value) {
    state.set(BYTE, offset, (byte) value);
  }

  private static void set(MemorySegment state, int offset, boolean value) {
    set(state, offset, value ? 1 : 0);
  }
}

package org.wardian.machine.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.machine.platform.ChipGuest.load;
import static org.wardian.machine.platform.ChipGuest.record;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.chipset.ApicBus;
import org.wardian.chipset.IoApic;
import org.wardian.chipset.IoApicRegisters;
import org.wardian.chipset.LocalApicRegisters;
import org.wardian.chipset.Pic8259Registers;

/** State moves between our I/O APIC and the kernel's. */
class KernelIoApicTest {
  private static final int SEEDS = 300;
  private static final long LEVEL = 1 << 15;
  private static final long REMOTE_IRR = 1 << 14;
  private static final long MASKED = 1 << 16;

  private static final Pic8259Registers.Chip MASKED_PIC =
      new Pic8259Registers.Chip(
          0, false, false, false, 0, 0, 0, 0, 0xff, 0, 7, false, false, false, false, false, false);

  private final ChipGuest guest = new ChipGuest(ChipGuest.WAIT);
  private final IoApic ours = new IoApic(Wiring.IO_APIC_ID, new ApicBus());

  @AfterEach
  void close() {
    guest.close();
  }

  private static IoApicRegisters entry(int pin, long entry, boolean asserted) {
    List<Long> entries = new ArrayList<>(IoApicRegisters.reset(0, 0).entries());
    entries.set(pin, entry);
    return new IoApicRegisters(entries, asserted ? 1 << pin : 0, 0, Wiring.IO_APIC_ID);
  }

  private void enableLocalApic() {
    LocalApicRegisters now = guest.localApic.registers();
    guest.localApic.registers(
        new LocalApicRegisters(
            now.base(),
            now.id(),
            0,
            0,
            -1,
            0x1ff,
            0,
            0,
            0,
            now.localVectors(),
            now.inService(),
            now.triggerMode(),
            now.requested(),
            false,
            0,
            0,
            0,
            0));
  }

  @Test
  void recordsSurviveTheKernel() {
    SplittableRandom random = new SplittableRandom(82093);
    for (int i = 0; i < SEEDS; i++) {
      List<Long> entries = new ArrayList<>();
      int waiting = 0;
      for (int pin = 0; pin < IoApic.PINS; pin++) {
        entries.add(random.nextLong());
        boolean quiet = (entries.get(pin) & (REMOTE_IRR | MASKED)) != 0;
        waiting |= quiet && (entries.get(pin) & LEVEL) != 0 ? 1 << pin : 0;
      }
      // Others are delivered at once, or, at edge-triggered pins, known by the PICs, which are in
      // reset here.
      int asserted = random.nextInt() & waiting;
      ours.registers(new IoApicRegisters(entries, asserted, random.nextInt(), random.nextInt()));
      load(guest.ioApic, record(ours));
      assertThat(guest.ioApic.registers()).isEqualTo(ours.registers());
      assertThat(record(guest.ioApic)).isEqualTo(record(ours));
    }
  }

  @Test
  void resetIsThatOfOurs() {
    ours.registers(entry(9, LEVEL | REMOTE_IRR | 0x49, true));
    load(guest.ioApic, record(ours));
    guest.ioApic.reset();
    ours.reset();
    assertThat(record(guest.ioApic)).isEqualTo(record(ours));
    assertThat(ours.registers().asserted()).isEqualTo(1 << 9);
  }

  @Test
  void aLevelUnderWayIsDeliveredOnlyAfterItsEnd() {
    load(guest.ioApic, save(entry(9, LEVEL | REMOTE_IRR | 0x49, true)));
    enableLocalApic();
    guest.vm.interruptLine(9, true);
    assertThat(guest.localApic.registers().requested()).containsOnly(0);
    assertThat(guest.ioApic.registers().asserted()).isEqualTo(1 << 9);
    guest.vm.interruptLine(9, false);
    assertThat(guest.ioApic.registers().asserted()).isZero();
  }

  @Test
  void anAssertedLevelIsDelivered() {
    enableLocalApic();
    load(guest.ioApic, save(entry(9, LEVEL | 0x49, true)));
    assertThat(guest.ioApic.registers().entries().get(9)).isEqualTo(LEVEL | REMOTE_IRR | 0x49);
    assertThat(guest.out()).isEqualTo(0x49);
  }

  @Test
  void anEdgeThatWasDeliveredIsNoNewOne() {
    guest.pics.registers(new Pic8259Registers(MASKED_PIC, MASKED_PIC));
    load(guest.ioApic, save(entry(4, 0x34, true)));
    enableLocalApic();
    guest.vm.interruptLine(4, true);
    assertThat(guest.localApic.registers().requested()).containsOnly(0);
    assertThat(guest.ioApic.registers().asserted()).isEqualTo(1 << 4);
    guest.vm.interruptLine(4, false);
    guest.vm.interruptLine(4, true);
    assertThat(guest.out()).isEqualTo(0x34);
    assertThat(guest.ioApic.registers().asserted()).as("by way of the PIC").isEqualTo(1 << 4);
  }

  @Test
  void anEdgeAtAMaskedPinStaysLost() {
    load(guest.ioApic, save(entry(4, MASKED | 0x34, true)));
    enableLocalApic();
    load(guest.ioApic, record(guest.ioApic));
    assertThat(guest.localApic.registers().requested()).containsOnly(0);
    assertThat(guest.ioApic.registers().entries().get(4)).isEqualTo(MASKED | 0x34);
  }

  private static byte[] save(IoApicRegisters registers) {
    IoApic chip = new IoApic(0, new ApicBus());
    chip.registers(registers);
    return record(chip);
  }
}

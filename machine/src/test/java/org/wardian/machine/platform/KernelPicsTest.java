package org.wardian.machine.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.machine.platform.ChipGuest.load;
import static org.wardian.machine.platform.ChipGuest.record;

import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.bus.InterruptLine;
import org.wardian.chipset.Pic8259;
import org.wardian.chipset.Pic8259Registers;

/** State moves between our PICs and the kernel's. */
class KernelPicsTest {
  private static final int SEEDS = 300;

  /** Lines that may be level-triggered. */
  private static final int[] LEVEL = {0xf8, 0xde};

  private final ChipGuest guest = new ChipGuest(ChipGuest.WAIT);
  private final Pic8259 ours = new Pic8259(InterruptLine.UNCONNECTED);

  @AfterEach
  void close() {
    guest.close();
  }

  private static Pic8259Registers.Chip random(SplittableRandom random, int chip) {
    int elcr = random.nextInt() & LEVEL[chip];
    // The line of the PIT is low, as it is while the PIT is in its power-on state.
    int lines = random.nextInt() & (chip == 0 ? ~1 : ~0);
    return new Pic8259Registers.Chip(
        random.nextInt(6),
        random.nextBoolean(),
        false,
        false,
        elcr,
        random.nextInt(),
        lines,
        random.nextInt() & ~elcr | lines & elcr,
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean());
  }

  @Test
  void recordsSurviveTheKernel() {
    SplittableRandom random = new SplittableRandom(8259);
    for (int i = 0; i < SEEDS; i++) {
      ours.registers(new Pic8259Registers(random(random, 0), random(random, 1)));
      load(guest.pics, record(ours));
      assertThat(guest.pics.registers()).isEqualTo(ours.registers());
      assertThat(record(guest.pics)).isEqualTo(record(ours));
    }
  }

  @Test
  void resetIsThatOfOursAndLeavesTheLines() {
    SplittableRandom random = new SplittableRandom(5);
    ours.registers(new Pic8259Registers(random(random, 0), random(random, 1)));
    load(guest.pics, record(ours));
    guest.pics.reset();
    ours.reset();
    assertThat(record(guest.pics)).isEqualTo(record(ours));
    assertThat(ours.registers().lines()).isNotZero();
  }

  @Test
  void firmwareMakesALineLevelTriggered() {
    guest.pics.levelTriggered(9);
    guest.pics.levelTriggered(5);
    Pic8259Registers registers = guest.pics.registers();
    assertThat(registers.master().edgeLevelControl()).isEqualTo(1 << 5);
    assertThat(registers.slave().edgeLevelControl()).isEqualTo(1 << 1);
    guest.vm.interruptLine(9, true);
    assertThat(guest.pics.registers().slave().requested()).isEqualTo(1 << 1);
    guest.vm.interruptLine(9, false);
    assertThat(guest.pics.registers().slave().requested()).isZero();
  }

  /** Initialises as PCs do, vectors 0x30 and 0x38. */
  private void initialize() {
    for (boolean master : new boolean[] {true, false}) {
      var ports = master ? ours.masterPorts() : ours.slavePorts();
      ports.write(0, 1, 0x11);
      ports.write(1, 1, master ? 0x30 : 0x38);
      ports.write(1, 1, master ? 4 : 2);
      ports.write(1, 1, 1);
    }
  }

  @Test
  void aRequestOfTheSlaveReachesTheGuest() {
    initialize();
    ours.line(12).set(true);
    load(guest.pics, record(ours));
    assertThat(guest.out()).isEqualTo(0x3c);
    Pic8259Registers after = guest.pics.registers();
    assertThat(after.slave().inService()).isEqualTo(1 << 4);
    assertThat(after.master().inService()).isEqualTo(1 << 2);
    assertThat(after.slave().lines()).isEqualTo(1 << 4);
    load(ours, record(guest.pics));
    ours.slavePorts().write(0, 1, 0x0b);
    assertThat(ours.slavePorts().read(0, 1)).isEqualTo(1 << 4);
  }

  @Test
  void aRequestThatIsGoneIsNotLeftInTheMaster() {
    initialize();
    ours.line(12).set(true);
    load(guest.pics, record(ours));
    ours.reset();
    initialize();
    ours.line(12).set(false);
    ours.line(6).set(true);
    load(guest.pics, record(ours));
    assertThat(guest.out()).isEqualTo(0x36);
    assertThat(guest.pics.registers().slave().inService()).isZero();
  }

  @Test
  void aLineThatStaysHighIsNoNewEdge() {
    initialize();
    ours.line(6).set(true);
    assertThat(ours.acknowledge()).isEqualTo(0x36);
    ours.masterPorts().write(0, 1, 0x20);
    load(guest.pics, record(ours));
    guest.vm.interruptLine(6, true);
    assertThat(guest.pics.registers().master().requested()).isZero();
    guest.vm.interruptLine(6, false);
    guest.vm.interruptLine(6, true);
    assertThat(guest.pics.registers().master().requested()).isEqualTo(1 << 6);
  }
}

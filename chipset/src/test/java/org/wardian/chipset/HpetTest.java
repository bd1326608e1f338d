package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HpetTest {
  private static final long TICK = 10;

  private final PcDevices pc = new PcDevices();

  @AfterEach
  void close() {
    pc.close();
  }

  private long read(int register) {
    return pc.mmio.read(Hpet.BASE + register, 8);
  }

  private void write(int register, long value) {
    pc.mmio.write(Hpet.BASE + register, 8, value);
  }

  @Test
  void itTellsItsPeriod() {
    assertThat(read(0) >>> 32).as("femtoseconds").isEqualTo(TICK * 1_000_000);
    assertThat(read(0) & 0xffff).isEqualTo(0x2201);
  }

  @Test
  void itCountsWhileEnabled() {
    write(0xf0, 1000);
    pc.timers.advance(5000);
    assertThat(read(0xf0)).isEqualTo(1000);
    write(0x10, 1);
    pc.timers.advance(5000);
    assertThat(read(0xf0)).isEqualTo(1500);
    assertThat(pc.mmio.read(Hpet.BASE + 0xf0, 4)).isEqualTo(1500);
    write(0x10, 0);
    pc.timers.advance(5000);
    assertThat(read(0xf0)).isEqualTo(1500);
  }

  @Test
  void aComparatorInterruptsOnce() {
    write(0x10, 1);
    write(0x100, 21 << 9 | 4);
    write(0x108, 10_000);
    pc.timers.advance(99_990);
    assertThat(pc.lines[21].edges).isZero();
    pc.timers.advance(10);
    assertThat(pc.lines[21].edges).isEqualTo(1);
    pc.timers.advance(10_000_000);
    assertThat(pc.lines[21].edges).isEqualTo(1);
  }

  @Test
  void aLevelStaysUntilItIsAcknowledged() {
    write(0x10, 1);
    write(0x100, 20 << 9 | 6);
    write(0x108, 100);
    pc.timers.advance(1000);
    assertThat(pc.lines[20].level).isTrue();
    assertThat(read(0x20)).isEqualTo(1);
    write(0x20, 1);
    assertThat(pc.lines[20].level).isFalse();
  }

  @Test
  void aPeriodRepeats() {
    write(0x100, 22 << 9 | 0x4c);
    write(0x108, 100_000);
    write(0x10, 1);
    for (int i = 1; i <= 5; i++) {
      pc.timers.advance(1_000_000);
      assertThat(pc.lines[22].edges).isEqualTo(i);
    }
  }

  @Test
  void messagesMayBeSent() {
    write(0x10, 1);
    write(0x110, 0xfee00000L << 32 | 0x51);
    write(0x100, 0x4004);
    write(0x108, 1000);
    pc.timers.advance(10_000);
    assertThat(pc.messages).containsExactly(0xfee00000L + ":81");
  }

  @Test
  void routesThatAreNotWiredAreRefused() {
    write(0x100, 3 << 9);
    assertThat(read(0x100) >> 9 & 0x1f).isEqualTo(20);
    assertThat(read(0x100) >>> 32).isEqualTo(0xf00000);
  }
}

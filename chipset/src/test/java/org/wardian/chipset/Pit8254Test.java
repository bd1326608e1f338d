package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.bus.ManualTimers;

/** Modes and commands of the 8254, on channel 2 (whose gate can be moved) and channel 0. */
class Pit8254Test {
  private final ManualTimers timers = new ManualTimers();
  private final RecordedLine output = new RecordedLine();
  private final Pit8254 pit = new Pit8254(timers, output);
  private long ticks;

  /** Moves to just after a tick of the input clock, counted from the start. */
  private void ticksTo(long tick) {
    long when = (tick * 1_000_000_000L + Pit8254.FREQUENCY_HZ - 1) / Pit8254.FREQUENCY_HZ;
    timers.advance(when - timers.nanoseconds());
    ticks = tick;
  }

  private void tick(long more) {
    ticksTo(ticks + more);
  }

  private void control(int channel, int access, int mode) {
    pit.write(3, 1, channel << 6 | access << 4 | mode << 1);
  }

  private void program(int channel, int mode, int count) {
    control(channel, 3, mode);
    load(channel, count);
  }

  private void load(int channel, int count) {
    pit.write(channel, 1, count & 0xff);
    pit.write(channel, 1, count >> 8 & 0xff);
  }

  private int count(int channel) {
    control(channel, 0, 0);
    return (int) (pit.read(channel, 1) | pit.read(channel, 1) << 8);
  }

  private void gate(boolean level) {
    pit.portB().write(0, 1, level ? 1 : 0);
  }

  private boolean out() {
    return (pit.portB().read(0, 1) & 0x20) != 0;
  }

  @Test
  void mode0GoesHighAtTheTerminalCount() {
    gate(true);
    program(2, 0, 100);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(count(2)).isEqualTo(100);
    tick(99);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(out()).isTrue();
    tick(10);
    assertThat(count(2)).as("it counts on").isEqualTo(0x10000 - 10);
    load(2, 5);
    assertThat(out()).isFalse();
  }

  @Test
  void mode0StopsBetweenTheBytesOfACount() {
    gate(true);
    program(2, 0, 100);
    pit.write(2, 1, 50);
    tick(1000);
    assertThat(out()).isFalse();
    pit.write(2, 1, 0);
    tick(50);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(out()).isTrue();
  }

  @Test
  void theGateHoldsMode0() {
    gate(true);
    program(2, 0, 100);
    tick(41);
    gate(false);
    int held = count(2);
    tick(1000);
    assertThat(count(2)).isEqualTo(held).isEqualTo(60);
    gate(true);
    tick(60);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(out()).isTrue();
  }

  @Test
  void mode1IsATriggeredOneShot() {
    program(2, 1, 100);
    tick(500);
    assertThat(out()).isTrue();
    gate(true);
    tick(1);
    assertThat(out()).isFalse();
    tick(60);
    gate(false);
    gate(true); // retriggers
    tick(100);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(out()).isTrue();
  }

  @Test
  void mode1TakesANewCountAtTheNextTrigger() {
    program(2, 1, 100);
    gate(true);
    tick(10);
    load(2, 20);
    tick(90);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(out()).isTrue();
    gate(false);
    gate(true);
    tick(20);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(out()).isTrue();
  }

  @Test
  void mode2IsLowForOneTickOfItsPeriod() {
    gate(true);
    program(2, 2, 10);
    tick(1);
    for (int i = 0; i < 40; i++) {
      assertThat(count(2)).isEqualTo(10 - i % 10);
      assertThat(out()).isEqualTo(i % 10 != 9);
      tick(1);
    }
  }

  @Test
  void mode2TakesANewCountAtTheEndOfItsPeriod() {
    gate(true);
    program(2, 2, 10);
    tick(4);
    load(2, 6);
    tick(6);
    assertThat(out()).as("the last tick of the old period").isFalse();
    tick(1);
    assertThat(count(2)).isEqualTo(6);
    tick(5);
    assertThat(out()).isFalse();
  }

  @Test
  void theGateRestartsMode2() {
    gate(true);
    program(2, 2, 10);
    tick(10);
    assertThat(out()).isFalse();
    gate(false);
    assertThat(out()).isTrue();
    tick(7);
    assertThat(out()).isTrue();
    gate(true);
    tick(1);
    assertThat(count(2)).isEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 11})
  void mode3IsASquareWave(int count) {
    gate(true);
    program(2, 3, count);
    tick(1);
    int high = 0;
    for (int i = 0; i < count; i++) {
      assertThat(count(2) & 1).as("it counts by twos").isZero();
      high += out() ? 1 : 0;
      tick(1);
    }
    assertThat(high).isEqualTo((count + 1) / 2);
    assertThat(out()).isTrue();
  }

  @Test
  void mode3TakesANewCountAtTheEndOfItsHalfPeriod() {
    gate(true);
    program(2, 3, 100);
    tick(1 + 20);
    load(2, 10);
    tick(29);
    assertThat(out()).isTrue();
    tick(1);
    assertThat(out()).isFalse();
    tick(5);
    assertThat(out()).isTrue();
    tick(5);
    assertThat(out()).isFalse();
  }

  @Test
  void mode4StrobesOnce() {
    gate(true);
    program(2, 4, 100);
    tick(100);
    assertThat(out()).isTrue();
    tick(1);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(out()).isTrue();
    tick(0x10000);
    assertThat(out()).isTrue();
  }

  @Test
  void mode5StrobesAfterEachTrigger() {
    program(2, 5, 10);
    tick(100);
    assertThat(out()).isTrue();
    for (int i = 0; i < 2; i++) {
      gate(false);
      gate(true);
      tick(11);
      assertThat(out()).isFalse();
      tick(1);
      assertThat(out()).isTrue();
    }
  }

  @Test
  void modes6And7Are2And3() {
    pit.write(3, 1, 2 << 6 | 3 << 4 | 7 << 1);
    pit.write(3, 1, 0xe8); // read back the status of channel 2
    assertThat(pit.read(2, 1) & 0x0e).isEqualTo(3 << 1);
  }

  @Test
  void aCountOfZeroIsTheLargest() {
    gate(true);
    program(2, 0, 0);
    tick(0x10000);
    assertThat(out()).isFalse();
    tick(1);
    assertThat(out()).isTrue();
  }

  @Test
  void binaryCodedDecimal() {
    gate(true);
    pit.write(3, 1, 0xb1);
    load(2, 0x1000);
    tick(2);
    assertThat(count(2)).isEqualTo(0x0999);
    tick(1000);
    assertThat(count(2)).isEqualTo(0x9999);
  }

  @Test
  void aSingleByteCount() {
    gate(true);
    control(2, 1, 0);
    pit.write(2, 1, 200);
    tick(51);
    assertThat(pit.read(2, 1)).isEqualTo(150);
    assertThat(pit.read(2, 1)).isEqualTo(150);
    control(2, 2, 0);
    pit.write(2, 1, 2);
    tick(1);
    assertThat(pit.read(2, 1)).isEqualTo(2);
    tick(1);
    assertThat(pit.read(2, 1)).isEqualTo(1);
  }

  @Test
  void aLatchedCountStandsStillUntilRead() {
    gate(true);
    program(2, 0, 1000);
    tick(101);
    control(2, 0, 0);
    tick(100);
    control(2, 0, 0); // ignored: the first is not read yet
    assertThat(pit.read(2, 1) | pit.read(2, 1) << 8).isEqualTo(900);
    assertThat(pit.read(2, 1) | pit.read(2, 1) << 8).isEqualTo(800);
  }

  @Test
  void readBackGivesTheStatusBeforeTheCount() {
    gate(true);
    program(2, 3, 1000);
    pit.write(3, 1, 0xe8);
    assertThat(pit.read(2, 1)).as("null count").isEqualTo(0xf6);
    tick(101);
    pit.write(3, 1, 0xc8);
    assertThat(pit.read(2, 1)).isEqualTo(0xb6);
    assertThat(pit.read(2, 1) | pit.read(2, 1) << 8).isEqualTo(800);
  }

  @Test
  void readBackReachesSeveralChannels() {
    program(0, 2, 1000);
    program(1, 0, 18);
    tick(1);
    pit.write(3, 1, 0xe6);
    assertThat(pit.read(0, 1)).isEqualTo(0xb4);
    assertThat(pit.read(1, 1)).isEqualTo(0x30);
  }

  @ParameterizedTest
  @CsvSource({"2", "3"})
  void periodicModesInterruptEveryPeriod(int mode) {
    program(0, mode, 11932);
    assertThat(output.takeEdges()).as("the control word raises OUT").isEqualTo(1);
    for (int i = 1; i <= 10; i++) {
      ticksTo(11932L * i);
      assertThat(output.takeEdges()).as("period %d", i).isZero();
      ticksTo(11932L * i + 1);
      assertThat(output.takeEdges()).as("period %d", i).isEqualTo(1);
    }
  }

  @Test
  void mode0InterruptsOnce() {
    program(0, 0, 5000);
    output.takeEdges();
    assertThat(output.level).isFalse();
    tick(5000);
    assertThat(output.edges).isZero();
    tick(1);
    assertThat(output.takeEdges()).isEqualTo(1);
    tick(200_000);
    assertThat(output.edges).isZero();
    assertThat(timers.earliest()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void reprogrammingStopsTheOldInterrupt() {
    program(0, 2, 11932);
    control(0, 3, 0);
    output.takeEdges();
    tick(100_000);
    assertThat(output.edges).isZero();
  }

  @Test
  void aNewPeriodIsFollowed() {
    program(0, 2, 20_000);
    output.takeEdges();
    tick(10);
    load(0, 30_000);
    ticksTo(20_001);
    assertThat(output.takeEdges()).isEqualTo(1);
    ticksTo(50_000);
    assertThat(output.edges).isZero();
    ticksTo(50_001);
    assertThat(output.takeEdges()).isEqualTo(1);
  }

  @Test
  void tinyPeriodsDoNotStarveTheHost() {
    program(0, 2, 1);
    output.takeEdges();
    timers.advance(1_000_000);
    assertThat(output.edges).isBetween(1, 50);
  }

  @Test
  void longUptimesDoNotOverflow() {
    timers.advance(400L * 24 * 3600 * 1_000_000_000L);
    gate(true);
    program(2, 0, 1000);
    timers.advance(100_000_000);
    assertThat(out()).isTrue();
    assertThat(count(2)).isEqualTo(1000 - 119317 & 0xffff);
  }

  @Test
  void portBKeepsItsWritableBitsAndTogglesTheRefreshBit() {
    pit.portB().write(0, 1, 0xff);
    assertThat(pit.portB().read(0, 1) & 0xcf).isEqualTo(0x0f);
    long before = pit.portB().read(0, 1) & 0x10;
    timers.advance(15_085);
    assertThat(pit.portB().read(0, 1) & 0x10).isNotEqualTo(before);
  }
}

package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;

class Rtc146818Test {
  private static final long SECOND = 1_000_000_000L;
  private static final Instant START = Instant.parse("2024-02-29T23:59:57.250Z");

  private final ManualTimers timers = new ManualTimers();
  private final RecordedLine output = new RecordedLine();
  private final Rtc146818 rtc =
      new Rtc146818(
          timers, () -> START.plusNanos(timers.nanoseconds()), output, 3L << 30, 5L << 30);

  private int read(int register) {
    rtc.write(0, 1, register);
    return (int) rtc.read(1, 1);
  }

  private void write(int register, int value) {
    rtc.write(0, 1, register);
    rtc.write(1, 1, value);
  }

  /** Day of week, century, year, month, day, hour, minute, second, in hexadecimal digits. */
  private String time() {
    int[] registers = {6, 0x32, 9, 8, 7, 4, 2, 0};
    StringBuilder text = new StringBuilder();
    for (int register : registers) {
      text.append("%02x ".formatted(read(register)));
    }
    return text.toString().trim();
  }

  @Test
  void timeOfDayInDecimalDigits() {
    assertThat(time()).isEqualTo("05 20 24 02 29 23 59 57");
    timers.advance(3 * SECOND);
    assertThat(time()).isEqualTo("06 20 24 03 01 00 00 00");
  }

  @Test
  void timeOfDayInBinaryAndTwelveHours() {
    write(0x0b, 0x04);
    assertThat(time()).isEqualTo("05 14 18 02 1d 8b 3b 39");
    timers.advance(3 * SECOND);
    assertThat(read(4)).isEqualTo(12);
    write(0x0b, 0x00);
    assertThat(read(4)).isEqualTo(0x12);
    write(4, 0x92);
    write(0x0b, 0x02);
    assertThat(read(4)).isEqualTo(0x12);
  }

  @Test
  void theGuestSetsTheTime() {
    write(0x0b, 0x82);
    int[][] values = {
      {0x32, 0x19}, {9, 0x99}, {8, 0x12}, {7, 0x31}, {4, 0x23}, {2, 0x58}, {0, 0x59}
    };
    for (int[] value : values) {
      write(value[0], value[1]);
    }
    timers.advance(10 * SECOND);
    assertThat(time()).as("SET holds the clock").isEqualTo("06 19 99 12 31 23 58 59");
    write(0x0b, 0x02);
    assertThat(time()).isEqualTo("06 19 99 12 31 23 58 59");
    timers.advance(61 * SECOND);
    assertThat(time()).isEqualTo("07 20 00 01 01 00 00 00");
  }

  @Test
  void theDayMayBeSetBeforeTheMonthThatHasIt() {
    write(0x0b, 0x82);
    write(7, 0x31);
    write(8, 0x01);
    write(0x0b, 0x02);
    assertThat(read(7)).isEqualTo(0x31);
    assertThat(read(8)).isEqualTo(0x01);
  }

  @Test
  void timesThatDoNotExistBecomeTheNearest() {
    write(0x0b, 0x82);
    write(8, 0x02);
    write(7, 0x31);
    write(4, 0x77);
    write(0x0b, 0x02);
    assertThat(time()).isEqualTo("05 20 24 02 29 23 59 57");
  }

  @Test
  void updateInProgressPrecedesTheUpdate() {
    assertThat(read(0x0a)).isEqualTo(0x26);
    timers.advance(750_000_000L - 244_001);
    assertThat(read(0x0a)).isEqualTo(0x26);
    timers.advance(1);
    assertThat(read(0x0a)).isEqualTo(0xa6);
    timers.advance(244_000);
    assertThat(read(0x0a)).isEqualTo(0x26);
    write(0x0b, 0x82);
    timers.advance(SECOND - 1);
    assertThat(read(0x0a)).isEqualTo(0x26);
  }

  @Test
  void updateEndedInterruptsEverySecond() {
    write(0x0a, 0x20); // no periodic flag
    write(0x0b, 0x12);
    timers.advance(749_999_999);
    assertThat(output.level).isFalse();
    timers.advance(1);
    assertThat(output.level).isTrue();
    assertThat(read(0x0c)).isEqualTo(0x90);
    assertThat(output.level).isFalse();
    assertThat(read(0x0c)).isZero();
    timers.advance(SECOND);
    assertThat(read(0x0c)).isEqualTo(0x90);
  }

  @Test
  void periodicInterruptsComeAtTheirRate() {
    write(0x0a, 0x26); // 1024 Hz
    write(0x0b, 0x42);
    output.takeEdges();
    int seen = 0;
    for (int i = 0; i < 1024; i++) {
      timers.advance(976_562);
      if ((read(0x0c) & 0xc0) == 0xc0) {
        seen++;
      }
    }
    assertThat(seen).isBetween(1022, 1024);
    write(0x0a, 0x20);
    assertThat(timers.earliest()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void alarmsMatchTimesAndWildcards() {
    write(0x0a, 0x20);
    write(1, 0x00);
    write(3, 0x00);
    write(5, 0x00);
    write(0x0b, 0x22);
    timers.advance(2_749_999_999L);
    assertThat(output.level).isFalse();
    timers.advance(1);
    assertThat(output.level).isTrue();
    assertThat(read(0x0c)).isEqualTo(0xb0);
    write(1, 0xff);
    write(3, 0xc0);
    write(5, 0xc0);
    timers.advance(SECOND);
    assertThat(read(0x0c) & 0x20).isNotZero();
  }

  @Test
  void flagsShowToAGuestThatPolls() {
    read(0x0c);
    timers.advance(SECOND);
    assertThat(read(0x0c)).isEqualTo(0x50);
    assertThat(output.edges).isZero();
    assertThat(timers.earliest()).as("and cost no timer").isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void enablingWhatHasHappenedInterrupts() {
    write(0x0b, 0x12);
    timers.advance(SECOND);
    write(0x0b, 0x02);
    assertThat(output.level).isFalse();
    write(0x0b, 0x12);
    assertThat(output.level).isTrue();
    rtc.reset();
    assertThat(output.level).isFalse();
    assertThat(read(0x0b)).isEqualTo(0x02);
  }

  @Test
  void registersCAndDAreReadOnly() {
    write(0x0a, 0x20);
    write(0x0c, 0xff);
    write(0x0d, 0);
    assertThat(read(0x0c)).isZero();
    assertThat(read(0x0d)).isEqualTo(0x80);
  }

  @Test
  void memorySizes() {
    assertThat(read(0x15) | read(0x16) << 8).isEqualTo(640);
    assertThat(read(0x17) | read(0x18) << 8).isEqualTo(0xffff);
    assertThat(read(0x34) | read(0x35) << 8).isEqualTo((3072 - 16) * 16);
    assertThat(read(0x5b) | read(0x5c) << 8 | read(0x5d) << 16).isEqualTo(5 * 16384);
  }

  @Test
  void memoryKeepsWhatIsWritten() {
    write(0x8f, 0x0a); // the NMI mask is no part of the address
    assertThat(read(0x0f)).isEqualTo(0x0a);
    rtc.store(0x5f, 3);
    assertThat(read(0x5f)).isEqualTo(3);
    assertThat(rtc.read(0, 1)).isEqualTo(0xff);
    assertThatThrownBy(() -> rtc.store(0x0a, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}

package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.bus.IoBus;
import org.wardian.bus.ManualTimers;

/**
 * A guest measures its time-stamp counter against the timer in the two ways that operating systems
 * know: by polling OUT of channel 2, and by watching the high byte of its count. Each port access
 * takes some time, and the counter runs at 1 GHz.
 */
class PitCalibrationTest {
  private final ManualTimers timers = new ManualTimers();
  private final IoBus ports = IoBus.ports();
  private long access;

  private void machine(long nanosecondsPerAccess) {
    Pit8254 pit = new Pit8254(timers, level -> {});
    ports.map(Pit8254.PORT, 4, pit);
    ports.map(Pit8254.PORT_B, 1, pit.portB());
    access = nanosecondsPerAccess;
    timers.advance(123_456_789);
  }

  private int in(int port) {
    timers.advance(access);
    return (int) ports.read(port, 1);
  }

  private void out(int port, int value) {
    timers.advance(access);
    ports.write(port, 1, value);
  }

  private void start(int count) {
    out(0x61, in(0x61) & ~2 | 1);
    out(0x43, 0xb0);
    out(0x42, count & 0xff);
    out(0x42, count >> 8);
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1000, 5000})
  void byPollingTheOutput(long nanosecondsPerAccess) {
    machine(nanosecondsPerAccess);
    int milliseconds = 10;
    int count = (int) (Pit8254.FREQUENCY_HZ / (1000 / milliseconds));
    start(count);
    long begin = timers.nanoseconds();
    int polls = 0;
    while ((in(0x61) & 0x20) == 0) {
      polls++;
    }
    assertThat(polls).isPositive();
    double kilohertz = (timers.nanoseconds() - begin) / (double) milliseconds;
    assertThat(kilohertz).isCloseTo(1_000_000, within(2000.0));
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1000, 5000})
  void byWatchingTheHighByte(long nanosecondsPerAccess) {
    machine(nanosecondsPerAccess);
    start(0xffff);
    in(0x42);
    in(0x42);
    long begin = expectHighByte(0xff);
    long end = begin;
    int steps = 50;
    for (int i = 1; i <= steps; i++) {
      end = expectHighByte(0xff - i);
    }
    double hertz = (end - begin) * (double) Pit8254.FREQUENCY_HZ / (256.0 * steps);
    assertThat(hertz).isCloseTo(1e9, within(2e6));
  }

  /** Waits until the high byte is no longer {@code value}; when that was. */
  private long expectHighByte(int value) {
    int reads = 0;
    while (highByteIs(value)) {
      reads++;
    }
    assertThat(reads).as("reads of one value").isGreaterThan(5);
    return timers.nanoseconds();
  }

  private boolean highByteIs(int value) {
    in(0x42);
    return in(0x42) == value;
  }
}

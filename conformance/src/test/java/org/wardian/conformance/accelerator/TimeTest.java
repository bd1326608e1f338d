package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import org.wardian.memory.RawMemory;

/** Counters of time: they advance, at about the rate that is promised. */
@OnEachAccelerator.Suite
class TimeTest {
  private static final int SYSTEM_TIME = 0x4b56_4d01;
  private static final int WALL_CLOCK = 0x4b56_4d00;
  private static final int TIMESTAMP = 0x10;
  private static final long PAGE = 0x20_0000;
  private static final long INTERVAL = 50_000_000L;

  /** Wide: a busy host may hold us up anywhere between two looks at the clock. */
  private static final double FACTOR = 4;

  @OnEachAccelerator
  void theTimestampCounterAdvancesAtItsRate(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      long outerStart = System.nanoTime();
      long first = monitor.timestamp();
      long innerStart = System.nanoTime();
      LockSupport.parkNanos(INTERVAL);
      long innerEnd = System.nanoTime();
      long second = monitor.timestamp();
      long outerEnd = System.nanoTime();
      double seconds = (second - first) / (double) monitor.guest.platform.timestampHz();
      assertThat(seconds)
          .isBetween(
              (innerEnd - innerStart) / 1e9 / FACTOR, (outerEnd - outerStart) / 1e9 * FACTOR);
      long now = monitor.guest.vcpu.timestamp();
      assertThat(now - second).as("seen from outside").isNotNegative();
    }
  }

  @OnEachAccelerator
  void theTimestampCounterNeverGoesBack(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      long last = monitor.timestamp();
      for (int n = 0; n < 50; n++) {
        long now = monitor.timestamp();
        assertThat(now).isGreaterThan(last);
        last = now;
      }
    }
  }

  @OnEachAccelerator
  void theTimestampCounterGoesOnFromWhatIsWritten(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      long minute = 60 * monitor.guest.platform.timestampHz();
      long from = 1L << 52;
      monitor.writeMsr(TIMESTAMP, from);
      assertThat(monitor.timestamp()).as("by the guest").isBetween(from, from + minute);
      monitor.guest.vcpu.timestamp(from / 2);
      assertThat(monitor.timestamp()).as("from outside").isBetween(from / 2, from / 2 + minute);
    }
  }

  /** Nanoseconds by KVM's clock. Source: Linux, Documentation/virt/kvm/x86/msr.rst. */
  private static long clock(Monitor monitor) {
    long at = monitor.guest.memory.hostAddress(PAGE);
    long timestamp = monitor.timestamp();
    assertThat(RawMemory.getInt(at) & 1).as("version is even").isZero();
    long delta = timestamp - RawMemory.getLong(at + 8);
    int shift = RawMemory.getByte(at + 28);
    long scaled = shift >= 0 ? delta << shift : delta >> -shift;
    long multiplier = RawMemory.getInt(at + 24) & 0xffff_ffffL;
    return RawMemory.getLong(at + 16) + Math.multiplyHigh(scaled << 16, multiplier << 16);
  }

  @OnEachAccelerator
  void theParavirtualClockAdvances(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      monitor.writeMsr(SYSTEM_TIME, PAGE | 1);
      assertThat(monitor.readMsr(SYSTEM_TIME)).isEqualTo(PAGE | 1);
      long outerStart = System.nanoTime();
      long first = clock(monitor);
      assertThat(monitor.guest.word(PAGE + 24) & 0xffff_ffffL).as("multiplier").isNotZero();
      long innerStart = System.nanoTime();
      LockSupport.parkNanos(INTERVAL);
      long innerEnd = System.nanoTime();
      long second = clock(monitor);
      long outerEnd = System.nanoTime();
      assertThat((double) (second - first))
          .isBetween((innerEnd - innerStart) / FACTOR, (outerEnd - outerStart) * FACTOR);
    }
  }

  @OnEachAccelerator
  void theWallClockIsThatOfTheHost(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      monitor.writeMsr(SYSTEM_TIME, PAGE | 1);
      monitor.writeMsr(WALL_CLOCK, PAGE + 64);
      long at = monitor.guest.memory.hostAddress(PAGE + 64);
      assertThat(RawMemory.getInt(at) & 1).as("version is even").isZero();
      long boot =
          (RawMemory.getInt(at + 4) & 0xffff_ffffL) * 1_000_000_000L
              + (RawMemory.getInt(at + 8) & 0xffff_ffffL);
      long now = boot + clock(monitor);
      assertThat(now / 1e9)
          .as("seconds since 1970")
          .isBetween(
              System.currentTimeMillis() / 1e3 - 120, System.currentTimeMillis() / 1e3 + 120);
    }
  }

  @OnEachAccelerator
  void timeStandsStillWhilePaused(Accelerator accelerator) {
    try (Monitor monitor = Monitor.on(accelerator)) {
      monitor.timestamp();
      long before = monitor.guest.platform.timers().nanoseconds();
      monitor.guest.platform.pause();
      long paused = monitor.guest.platform.timers().nanoseconds();
      LockSupport.parkNanos(5_000_000);
      assertThat(monitor.guest.platform.timers().nanoseconds()).isEqualTo(paused);
      monitor.guest.platform.resume();
      assertThat(paused).isGreaterThanOrEqualTo(before);
      LockSupport.parkNanos(1_000_000);
      assertThat(monitor.guest.platform.timers().nanoseconds()).isGreaterThan(paused);
    }
  }
}

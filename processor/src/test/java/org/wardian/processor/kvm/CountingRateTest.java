package org.wardian.processor.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The measurement by a clock of its own: a guest of known speed on a host of known business. */
class CountingRateTest {
  private static final double FAST = 50;

  /** A guest, and others that take its processor for a while every few milliseconds. */
  private static final class Host implements CountingRate.Pass {
    private final double mips;
    private final long exit;
    private final Random random;
    private final boolean busy;
    private long slice;
    private long now = 1 << 20;

    Host(double mips, long exit, boolean busy, long seed) {
      this.mips = mips;
      this.exit = exit;
      this.busy = busy;
      this.random = new Random(seed);
    }

    @Override
    public long run(int count) {
      long own = exit + (long) (1e3 * (2L * count + 3) / mips);
      long elapsed = own;
      slice -= own;
      while (busy && slice < 0) {
        elapsed += 3_000_000 + random.nextInt(10_000_000);
        slice += 500_000 + random.nextInt(3_000_000);
      }
      now += elapsed;
      return elapsed;
    }

    CountingRate measure() {
      CountingRate rate = new CountingRate(FAST, this, () -> now);
      rate.measure();
      return rate;
    }
  }

  @ParameterizedTest(name = "{0} MIPS and {1} ns an exit")
  @CsvSource({"5000, 1000", "3000, 40000", "580, 250000", "500, 900000", "1.5, 5000", "0.1, 5000"})
  void aQuietHostIsMeasured(double mips, long exit) {
    Host host = new Host(mips, exit, false, 1);
    long start = host.now;
    CountingRate rate = host.measure();

    assertThat(rate.mips()).isCloseTo(mips, within(mips / 100));
    assertThat(rate.exitMicroseconds()).isCloseTo(exit / 1e3, within(exit / 1e5));
    assertThat(host.now - start).as("nanoseconds").isLessThan(200_000_000);
  }

  @RepeatedTest(200)
  void aProcessorOnABusyHostIsOne(RepetitionInfo repetition) {
    int seed = repetition.getCurrentRepetition();

    assertThat(new Host(5000, 1000, true, seed).measure().mips()).isGreaterThan(FAST);
    assertThat(new Host(580, 300_000, true, seed).measure().mips()).isGreaterThan(FAST);
  }

  @RepeatedTest(200)
  void anEmulatorOnABusyHostIsNoProcessor(RepetitionInfo repetition) {
    int seed = repetition.getCurrentRepetition();

    assertThat(new Host(1.5, 5000, true, seed).measure().mips()).isBetween(0.01, 1.6);
  }
}

package org.wardian.processor.kvm;

import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * What a guest that counts down shows of who executes it: instructions a second, and what an exit
 * costs. Whatever disturbs a pass makes it slower, so the fastest counts; and since a host with
 * other work may disturb most of them, a slow guest is believed only where pass after pass of one
 * length says the same.
 */
final class CountingRate {
  /** All measurements together end after this, or at the end of the pass then running. */
  private static final long BUDGET_NANOSECONDS = 16_000_000;

  /** The same for a guest that seems slow: only where nothing could be measured undisturbed. */
  private static final long PATIENCE_NANOSECONDS = 10 * BUDGET_NANOSECONDS;

  /** A pass as long as this is a good measurement, and a few of them are enough. */
  private static final long LONG_ENOUGH_NANOSECONDS = 1_000_000;

  private static final int GOOD_PASSES = 3;

  /** So many where the guest seems slow. */
  private static final int BELIEVED_PASSES = 8;

  private static final int EXIT_SAMPLES = 200;
  private static final int LEAST_SAMPLES = 16;
  private static final int FIRST_COUNT = 1_000;
  private static final int LONGEST_COUNT = 50_000_000;

  /** Instructions of one pass of the guest: two for each count, and three. */
  private static final int PER_COUNT = 2;

  private static final int PER_PASS = 3;

  /** What lies between a guest that is emulated and one that is executed, in MIPS. */
  private final double fast;

  private final Pass pass;

  /** Nanoseconds, as {@link System#nanoTime}. */
  private final LongSupplier clock;

  private double mips;
  private double exitMicroseconds;

  /** Has the guest count. */
  interface Pass {
    /** Nanoseconds from entering the guest, which counts down from {@code count}, to its exit. */
    long run(int count);
  }

  /**
   * A rate that is not measured yet.
   *
   * @param fast MIPS from which on a guest is executed on a processor
   * @param clock nanoseconds from any point in time
   */
  CountingRate(double fast, Pass pass, LongSupplier clock) {
    this.fast = fast;
    this.pass = pass;
    this.clock = clock;
  }

  /** Millions of instructions a second; 0 before {@link #measure}. */
  double mips() {
    return mips;
  }

  /** What an exit by a port and the entry after it cost. */
  double exitMicroseconds() {
    return exitMicroseconds;
  }

  /** Exits first; then passes that grow while they are quick. */
  void measure() {
    long start = clock.getAsLong();
    long exit = exit(start + BUDGET_NANOSECONDS / 4);
    long enough = Math.max(LONG_ENOUGH_NANOSECONDS, 2 * exit + 1);
    int count = FIRST_COUNT;
    int good = 0;
    while (good < passes() && (mips == 0 || clock.getAsLong() - start < limit())) {
      long elapsed = pass.run(count);
      if (elapsed > 2 * exit) {
        mips = Math.max(mips, PER_COUNT * (count - 1) / ((elapsed - exit) / 1e3));
      }
      if (elapsed >= enough) {
        good++;
      } else {
        // The long ones before were disturbed.
        good = 0;
        int factor = Math.clamp(enough / Math.max(elapsed - exit, 1), 2, 16);
        count = Math.min(count, LONGEST_COUNT / factor) * factor;
      }
    }
    double instructions = mips > 0 ? (PER_COUNT + PER_PASS) / mips : 0;
    exitMicroseconds = Math.max(0, exit / 1e3 - instructions);
  }

  private int passes() {
    return mips < fast ? BELIEVED_PASSES : GOOD_PASSES;
  }

  private long limit() {
    return mips < fast ? PATIENCE_NANOSECONDS : BUDGET_NANOSECONDS;
  }

  /** Nanoseconds of a pass that counts to one: as the quicker ones have it. */
  private long exit(long end) {
    long[] samples = new long[EXIT_SAMPLES];
    int taken = 0;
    while (taken < samples.length && (taken < LEAST_SAMPLES || clock.getAsLong() < end)) {
      samples[taken++] = pass.run(1);
    }
    Arrays.sort(samples, 0, taken);
    return samples[taken / 4];
  }
}

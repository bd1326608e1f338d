package org.wardian.conformance.oracle;

import java.util.random.RandomGenerator;

/**
 * Random values that dwell on the edges: zero, one, all ones, sign bits, powers of two and their
 * neighbours, infinities, denormals, and NaNs of both kinds. The same seed gives the same values.
 */
public final class EdgeValues implements RandomGenerator {
  private long state;

  /** Starts a sequence. */
  public EdgeValues(long seed) {
    state = seed;
  }

  /** 64 evenly distributed bits (SplitMix64). */
  public long bits() {
    state += 0x9e3779b97f4a7c15L;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  @Override
  public long nextLong() {
    return bits();
  }

  /** An evenly distributed number from 0 to {@code bound} - 1. */
  public int below(int bound) {
    return (int) ((bits() >>> 33) % bound);
  }

  /** True once in {@code times}. */
  public boolean oneIn(int times) {
    return below(times) == 0;
  }

  /** One of the given values. */
  public int oneOf(int... values) {
    return values[below(values.length)];
  }

  /** An integer of 64 bits whose low 8, 16, 32 and 64 bits are all likely to be edges. */
  public long integer() {
    switch (below(10)) {
      case 0:
        return below(4) - 1L;
      case 1:
        return edge(oneOf(8, 16, 32, 64));
      case 2:
        return edge(oneOf(8, 16, 32, 64)) ^ bits() << oneOf(8, 16, 32);
      case 3:
        return 1L << below(64);
      case 4:
        return below(256);
      case 5:
        return -1L << below(64);
      case 6:
        return bits() >> below(64);
      case 7:
        // packed bytes and words at their saturation limits
        return lanes(oneOf(1, 2, 4));
      default:
        return bits();
    }
  }

  private long edge(int width) {
    long sign = 1L << (width - 1);
    long all = sign | (sign - 1);
    return switch (below(6)) {
      case 0 -> sign;
      case 1 -> sign - 1;
      case 2 -> sign + 1;
      case 3 -> all;
      case 4 -> all - 1;
      default -> 1;
    };
  }

  private long lanes(int bytes) {
    long value = 0;
    for (int i = 0; i < 8; i += bytes) {
      long lane = oneIn(4) ? bits() : edge(8 * bytes);
      value |= (lane & (-1L >>> (64 - 8 * bytes))) << (8 * i);
    }
    return value;
  }

  /** Two single-precision numbers. */
  public long singles() {
    return Integer.toUnsignedLong(single()) | (long) single() << 32;
  }

  /** A single-precision number. */
  public int single() {
    int sign = below(2) << 31;
    int fraction = (int) bits() & 0x7fffff;
    return switch (below(14)) {
      case 0 -> sign;
      case 1 -> sign | 0x7f800000;
      case 2 -> sign | 0x7fc00000 | fraction;
      case 3 -> sign | 0x7f800001 | fraction & 0x3fffff;
      case 4 -> sign | fraction;
      case 5 -> sign | 1 << below(23);
      case 6 -> sign | 0x00800000 | fraction >>> below(23);
      case 7 -> sign | 0x7f000000 | fraction;
      case 8 -> sign | 0x3f800000;
      case 9 -> Float.floatToRawIntBits(below(2001) - 1000);
      case 10 -> Float.floatToRawIntBits((below(2001) - 1000) / 2f);
      case 11 -> sign | (0x3f800000 + (below(40) << 23)) | fraction;
      case 12 -> (int) bits();
      default -> sign | (0x3f800000 + ((below(10) - 5) << 23)) | fraction;
    };
  }

  /** A double-precision number. */
  public long twice() {
    long sign = (long) below(2) << 63;
    long fraction = bits() & 0xf_ffff_ffff_ffffL;
    return switch (below(14)) {
      case 0 -> sign;
      case 1 -> sign | 0x7ff0_0000_0000_0000L;
      case 2 -> sign | 0x7ff8_0000_0000_0000L | fraction;
      case 3 -> sign | 0x7ff0_0000_0000_0001L | fraction & 0x7_ffff_ffff_ffffL;
      case 4 -> sign | fraction;
      case 5 -> sign | 1L << below(52);
      case 6 -> sign | 0x0010_0000_0000_0000L | fraction >>> below(52);
      case 7 -> sign | 0x7fe0_0000_0000_0000L | fraction;
      case 8 -> sign | 0x3ff0_0000_0000_0000L;
      case 9 -> Double.doubleToRawLongBits(below(2001) - 1000);
      case 10 -> Double.doubleToRawLongBits(Float.intBitsToFloat(single()));
      case 11 -> sign | (0x3ff0_0000_0000_0000L + ((long) below(70) << 52)) | fraction;
      case 12 -> bits();
      default -> sign | (0x3ff0_0000_0000_0000L + ((below(10) - 5L) << 52)) | fraction;
    };
  }

  /** Half of a vector register: integers, singles or doubles. */
  public long vectorHalf() {
    return switch (below(3)) {
      case 0 -> integer();
      case 1 -> singles();
      default -> twice();
    };
  }

  /** Sign and exponent of an 80-bit number, for {@link #significand}. */
  public int exponent80() {
    int sign = below(2) << 15;
    return switch (below(8)) {
      case 0 -> sign;
      case 1 -> sign | 0x7fff;
      case 2 -> sign | 1 + below(3);
      case 3 -> sign | 0x7ffe - below(3);
      case 4 -> sign | (0x3fff + below(70));
      case 5 ->
          sign | (0x3fff + oneOf(-1100, -1023, -1022, -150, -127, -126, 127, 128, 1023, 1024));
      case 6 -> sign | below(0x8000);
      default -> sign | (0x3fff + below(9) - 4);
    };
  }

  /** Significand of an 80-bit number, with its explicit integer bit; seldom an unnormal one. */
  public long significand(int exponent) {
    boolean integerBit = (exponent & 0x7fff) != 0;
    if (oneIn(20)) {
      integerBit = !integerBit;
    }
    long fraction =
        switch (below(7)) {
          case 0 -> 0;
          case 1 -> 1L << 62;
          case 2 -> 1L << below(63);
          case 3 -> -1L;
          case 4 -> bits() & 0xffff_ffff_ffff_f800L;
          case 5 -> bits() << below(63);
          default -> bits();
        };
    return fraction & Long.MAX_VALUE | (integerBit ? Long.MIN_VALUE : 0);
  }
}

package org.wardian.processor.software.sse;

/**
 * RCPPS and RSQRTPS: estimates with a relative error below 1.5 * 2^-12. They ignore MXCSR, raise no
 * exception, and read denormals as zero.
 *
 * <p>The SDM leaves the value open. Intel's processors (observed on Xeon model 207, and said to be
 * unchanged since the Pentium III) look up the top 11 bits of the fraction, for the root the top 10
 * and the parity of the exponent, and answer with the value at the middle of the interval, rounded
 * to 13 significant bits; the tables here are made by that rule, which reproduces the observed
 * processor for every input. AMD's processors use other tables.
 */
final class Estimates {
  private static final int FRACTION = 0x7f_ffff;
  private static final int INFINITY = 0x7f80_0000;
  private static final int QUIET = 1 << 22;
  private static final int SIGN = 1 << 31;
  private static final int INDEFINITE = 0xffc0_0000;

  /** Fraction fields of 1/x by the top 11 bits of x's fraction. */
  private static final int[] RECIPROCAL = new int[2048];

  /** Fraction fields of 1/sqrt(x) by exponent parity (even in the upper half) and top 10 bits. */
  private static final int[] ROOT = new int[2048];

  static {
    for (int i = 0; i < 2048; i++) {
      RECIPROCAL[i] = field(1 / (1 + (i + 0.5) / 2048));
    }
    for (int i = 0; i < 1024; i++) {
      double middle = 1 + (i + 0.5) / 1024;
      ROOT[i] = field(1 / Math.sqrt(middle));
      ROOT[1024 + i] = field(1 / Math.sqrt(2 * middle));
    }
  }

  private Estimates() {}

  /** Fraction field of a value in [1/2, 1) rounded to 13 bits. */
  private static int field(double value) {
    return ((int) Math.floor(value * 8192 + 0.5) - 4096) << 11;
  }

  static int reciprocal(int a) {
    int sign = a & SIGN;
    int exponent = a >>> 23 & 0xff;
    if (exponent == 0xff) {
      return (a & FRACTION) != 0 ? a | QUIET : sign;
    }
    if (exponent == 0) {
      return sign | INFINITY;
    }
    // A result below the normal range is flushed.
    return exponent > 252 ? sign : sign | (253 - exponent) << 23 | RECIPROCAL[(a & FRACTION) >> 12];
  }

  static int reciprocalRoot(int a) {
    int exponent = a >>> 23 & 0xff;
    if (exponent == 0xff && (a & FRACTION) != 0) {
      return a | QUIET;
    }
    if (exponent == 0) {
      return a & SIGN | INFINITY;
    }
    if (a < 0) {
      return INDEFINITE;
    }
    if (exponent == 0xff) {
      return 0;
    }
    int half = (exponent - 127) >> 1;
    int table = (exponent & 1) != 0 ? 0 : 1024;
    return (126 - half) << 23 | ROOT[table + ((a & FRACTION) >> 13)];
  }
}

package org.wardian.processor.software.x87;

import java.math.BigInteger;

/**
 * Constants of the transcendental operations to 128 bits, each as a pair high, low at {@code 2 * i}
 * of its array; computed once with 192 bits. An entry is scaled by a power of two that its comment
 * tells.
 *
 * <p>Intel's processors (measured on family 6, model 207) evaluate around tabulated points, and
 * their tables have 67 bits. The error that such a constant brings into the result is reproduced by
 * the arrays named ROUNDING: the constant rounded to 67 bits minus the constant, in units of
 * 2^-128.
 */
final class Constants {
  private static final int BITS = 192;
  private static final BigInteger ONE = BigInteger.ONE.shiftLeft(BITS);

  /** Terms of the series; each converges to 128 bits. */
  static final int EXPONENTIAL_TERMS = 34;

  static final int ODD_TERMS = 28;
  static final int TRIGONOMETRIC_TERMS = 18;

  /** atan(i / 32) for i from 0 to 32, rounded to 67 bits, times 2^128. */
  static final long[] ARCTANGENT = new long[66];

  /** Of the sine of the middle of interval i: {@link #interval}. */
  static final long[] SINE_ROUNDING = new long[8];

  /** Of the cosine of the middle of interval i. */
  static final long[] COSINE_ROUNDING = new long[8];

  /** Of 2^a - 1: 32 intervals of a from 1/4 to 1, then the same of -a. */
  static final long[] EXPONENTIAL_ROUNDING = new long[64];

  /** ln(2) rounded to 67 bits, times 2^128. */
  static final long LN2_HIGH = 0xb17217f7d1cf79abL;

  static final long LN2_LOW = 0xc000000000000000L;

  /** 1 / ln(2) rounded to 67 bits, times 2^127. */
  static final long LOG2E_HIGH = 0xb8aa3b295c17f0bbL;

  static final long LOG2E_LOW = 0xc000000000000000L;

  /** The 66 bits of pi that the processor knows, times 2^126. */
  static final long PI_HIGH = 0xc90fdaa22168c234L;

  static final long PI_LOW = 0xc000000000000000L;

  /** ln(2)^(k+1) / (k+1)!, times 2^128. */
  static final long[] EXPONENTIAL = new long[2 * EXPONENTIAL_TERMS];

  /** 1 / (2k + 1), times 2^127. */
  static final long[] ODD = new long[2 * ODD_TERMS];

  /** 1 / (2k + 1)!, times 2^128; the first entry, 1, is not usable. */
  static final long[] SINE = new long[2 * TRIGONOMETRIC_TERMS];

  /** 1 / (2k)!, times 2^128; the first entry, 1, is not usable. */
  static final long[] COSINE = new long[2 * TRIGONOMETRIC_TERMS];

  /** 2 / ln(2), times 2^126. */
  static final long[] TWO_LOG2E = new long[2];

  private Constants() {}

  static {
    BigInteger ln2 = inverseHyperbolic(3).shiftLeft(1);
    BigInteger pi =
        inverseTangent(ONE.divide(BigInteger.valueOf(5)))
            .shiftLeft(2)
            .subtract(inverseTangent(ONE.divide(BigInteger.valueOf(239))))
            .shiftLeft(2);
    BigInteger power = ONE;
    for (int k = 0; k < EXPONENTIAL_TERMS; k++) {
      power = multiply(power, ln2).divide(BigInteger.valueOf(k + 1));
      put(EXPONENTIAL, k, power, 128);
    }
    for (int k = 0; k < ODD_TERMS; k++) {
      put(ODD, k, ONE.divide(BigInteger.valueOf(2 * k + 1)), 127);
    }
    BigInteger factorial = BigInteger.ONE;
    for (int k = 1; k < TRIGONOMETRIC_TERMS; k++) {
      factorial = factorial.multiply(BigInteger.valueOf(2L * k));
      put(COSINE, k, ONE.divide(factorial), 128);
      factorial = factorial.multiply(BigInteger.valueOf(2L * k + 1));
      put(SINE, k, ONE.divide(factorial), 128);
    }
    for (int i = 1; i <= 32; i++) {
      BigInteger angle = i == 32 ? pi.shiftRight(2) : inverseTangent(fraction(i, 5));
      put(ARCTANGENT, i, rounded(angle), 128);
    }
    put(TWO_LOG2E, 0, ONE.multiply(ONE).shiftLeft(1).divide(ln2), 126);
    for (int i = 0; i < 8; i++) {
      BigInteger middle = i < 4 ? fraction(2 * i + 9, 5) : fraction(2 * i + 1, 4);
      SINE_ROUNDING[i] = rounding(series(middle, 1, 2, true));
      COSINE_ROUNDING[i] = rounding(series(middle, 0, 2, true));
    }
    for (int i = 0; i < 32; i++) {
      BigInteger middle = i < 16 ? fraction(2 * i + 33, 7) : fraction(2 * i + 1, 6);
      BigInteger power1 = multiply(middle, ln2);
      EXPONENTIAL_ROUNDING[i] = rounding(series(power1, 1, 1, false));
      EXPONENTIAL_ROUNDING[i + 32] = rounding(series(power1, 1, 1, true).abs());
    }
  }

  /**
   * The interval of {@code value} (in [1/4, 1), times 2^64) where an octave has 2^{@code bits}: the
   * processor evaluates around the middle of it.
   */
  static int interval(long value, int bits) {
    int octave = value < 0 ? 1 : 0;
    int within = (int) (value >>> (62 + octave - bits)) & (1 << bits) - 1;
    return octave << bits | within;
  }

  private static BigInteger fraction(int numerator, int bits) {
    return ONE.multiply(BigInteger.valueOf(numerator)).shiftRight(bits);
  }

  /** x^first / first! and every {@code step}th term after it, with signs alternating or not. */
  private static BigInteger series(BigInteger x, int first, int step, boolean alternating) {
    BigInteger term = first == 0 ? ONE : x;
    BigInteger sum = BigInteger.ZERO;
    boolean minus = false;
    for (int n = first; term.signum() != 0; n += step) {
      sum = minus ? sum.subtract(term) : sum.add(term);
      minus ^= alternating;
      for (int i = 1; i <= step; i++) {
        term = multiply(term, x).divide(BigInteger.valueOf(n + i));
      }
    }
    return sum;
  }

  /** {@code value} to nearest in 67 significant bits. */
  private static BigInteger rounded(BigInteger value) {
    int shift = value.bitLength() - 67;
    return value.shiftRight(shift - 1).add(BigInteger.ONE).shiftRight(1).shiftLeft(shift);
  }

  private static long rounding(BigInteger value) {
    return rounded(value).subtract(value).shiftRight(BITS - 128).longValueExact();
  }

  /** Stores {@code value} (scaled by 2^192) times 2^{@code scale}. */
  private static void put(long[] array, int index, BigInteger value, int scale) {
    BigInteger scaled = value.shiftRight(BITS - scale);
    array[2 * index] = scaled.shiftRight(64).longValue();
    array[2 * index + 1] = scaled.longValue();
  }

  private static BigInteger multiply(BigInteger a, BigInteger b) {
    return a.multiply(b).shiftRight(BITS);
  }

  /** atanh(1 / n) = sum of 1 / ((2k + 1) n^(2k + 1)). */
  private static BigInteger inverseHyperbolic(int n) {
    BigInteger power = ONE.divide(BigInteger.valueOf(n));
    BigInteger sum = BigInteger.ZERO;
    for (int k = 1; power.signum() != 0; k += 2) {
      sum = sum.add(power.divide(BigInteger.valueOf(k)));
      power = power.divide(BigInteger.valueOf((long) n * n));
    }
    return sum;
  }

  /** atan(x), for x below 1. */
  private static BigInteger inverseTangent(BigInteger x) {
    // Euler's series converges for every x: sum of 2^2k k!^2 / (2k+1)! x^(2k+1) / (1+x^2)^(k+1).
    BigInteger square = multiply(x, x);
    BigInteger ratio = square.shiftLeft(BITS).divide(ONE.add(square));
    BigInteger term = x.shiftLeft(BITS).divide(ONE.add(square));
    BigInteger sum = BigInteger.ZERO;
    for (int k = 1; term.signum() != 0; k++) {
      sum = sum.add(term);
      term =
          multiply(term, ratio)
              .multiply(BigInteger.valueOf(2L * k))
              .divide(BigInteger.valueOf(2L * k + 1));
    }
    return sum;
  }
}

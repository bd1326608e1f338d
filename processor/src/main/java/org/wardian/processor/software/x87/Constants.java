package org.wardian.processor.software.x87;

import java.math.BigInteger;

/**
 * Constants of the transcendental operations to 128 bits, each as a pair high, low at {@code 2 * i}
 * of its array; computed once with 192 bits. An entry is scaled by a power of two that its comment
 * tells.
 */
final class Constants {
  private static final int BITS = 192;
  private static final BigInteger ONE = BigInteger.ONE.shiftLeft(BITS);

  /** Terms of the series; each converges to 128 bits. */
  static final int EXPONENTIAL_TERMS = 34;

  static final int ODD_TERMS = 28;
  static final int TRIGONOMETRIC_TERMS = 18;

  /** atan(i / 32) for i from 0 to 32, times 2^128. */
  static final long[] ARCTANGENT = new long[66];

  /** ln(2)^(k+1) / (k+1)!, times 2^128. */
  static final long[] EXPONENTIAL = new long[2 * EXPONENTIAL_TERMS];

  /** 1 / (2k + 1), times 2^127. */
  static final long[] ODD = new long[2 * ODD_TERMS];

  /** 1 / (2k + 1)!, times 2^128; the first entry, 1, is not usable. */
  static final long[] SINE = new long[2 * TRIGONOMETRIC_TERMS];

  /** 1 / (2k)!, times 2^128; the first entry, 1, is not usable. */
  static final long[] COSINE = new long[2 * TRIGONOMETRIC_TERMS];

  /** 2 / ln(2), times 2^126, then pi times 2^126. */
  static final long[] SCALED = new long[4];

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
    for (int i = 1; i < 32; i++) {
      put(ARCTANGENT, i, inverseTangent(ONE.multiply(BigInteger.valueOf(i)).shiftRight(5)), 128);
    }
    put(ARCTANGENT, 32, pi.shiftRight(2), 128);
    put(SCALED, 0, ONE.multiply(ONE).shiftLeft(1).divide(ln2), 126);
    put(SCALED, 1, pi, 126);
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

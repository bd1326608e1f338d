package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.BIAS;
import static org.wardian.processor.software.x87.Float80.INTEGER_BIT;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.Float80.exponentOf;
import static org.wardian.processor.software.x87.Float80.isInfinity;
import static org.wardian.processor.software.x87.Float80.isZero;
import static org.wardian.processor.software.x87.Float80.normalised;

/**
 * FYL2X and FYL2XP1, by the series of the inverse hyperbolic tangent. As in the processor (which is
 * measured, not documented) the logarithm is cut to 67 bits before it is multiplied.
 */
final class Logarithm {
  /** The square root of two as a significand. */
  private static final long ROOT2 = 0xb504f333f9de6484L;

  /** 9/8 and 7/8 as significands: the processor has a way of its own between them. */
  private static final long NINE_EIGHTHS = 0x9000000000000000L;

  private static final long SEVEN_EIGHTHS = 0xe000000000000000L;

  /** Exponent of x from which on 1 + x is not between them. */
  private static final int EIGHTH = -3;

  /** Exponent of the smallest x whose square counts in log2(1 + x). */
  private static final int TINY = -66;

  private final Fraction z = new Fraction();
  private final Fraction square = new Fraction();
  private final Fraction sum = new Fraction();

  /** The logarithm is {@link #sum} * 2^exponent, with the top bit of sum set. */
  private int exponent;

  private boolean negative;

  /** y * log2(x). */
  void compute(Float80 f, int xse, long x, int yse, long y) {
    if (f.propagate(xse, x, yse, y)) {
      return;
    }
    int ySign = yse & SIGN;
    boolean xZero = isZero(xse, x);
    boolean yZero = isZero(yse, y);
    if (((xse & SIGN) != 0 && !xZero) || (xZero && yZero)) {
      f.invalid();
      return;
    }
    boolean yInfinite = isInfinity(yse, y);
    if (isInfinity(xse, x)) {
      if (yZero) {
        f.invalid();
      } else if (!f.denormal(yse, y)) {
        f.infinity(ySign);
      }
      return;
    }
    if (xZero) {
      if (!yInfinite) {
        f.exceptions |= Float80.ZERO_DIVIDE;
      }
      f.infinity(ySign ^ SIGN);
      return;
    }
    boolean one = xse == BIAS && x == INTEGER_BIT;
    if (yInfinite && one) {
      f.invalid();
      return;
    }
    if (f.denormal(xse, x, yse, y)) {
      return;
    }
    int below = exponentOf(xse, x) < BIAS ? SIGN : 0;
    if (yInfinite) {
      f.infinity(ySign ^ below);
      return;
    }
    if (yZero || one) {
      f.zero(ySign ^ below);
      return;
    }
    logarithm(exponentOf(xse, x) - BIAS, normalised(x));
    multiply(f, yse, y);
  }

  /** Leaves log2(significand / 2^63 * 2^power) in {@link #sum}. */
  private void logarithm(int power, long significand) {
    int k = power;
    long numerator;
    boolean below = Long.compareUnsigned(significand, ROOT2) > 0;
    long divisorHigh;
    long divisorLow;
    if (significand == INTEGER_BIT) {
      sum.set(Math.abs((long) k), 0);
      negative = k < 0;
      exponent = 64 - sum.normalise();
      if (negative) {
        // The processor arrives at a whole negative logarithm from inside.
        sum.add(-1L, 0xe000000000000000L);
      }
      return;
    }
    if (k == 0 && Long.compareUnsigned(significand, NINE_EIGHTHS) < 0) {
      long x = significand - INTEGER_BIT;
      int leading = Long.numberOfLeadingZeros(x);
      nearOne(false, -leading, x << leading);
      return;
    }
    if (k == -1 && Long.compareUnsigned(significand, SEVEN_EIGHTHS) >= 0) {
      long x = -significand;
      int leading = Long.numberOfLeadingZeros(x);
      nearOne(true, -leading - 1, x << leading);
      return;
    }
    if (below) {
      // m = significand / 2^64, below one: z = (2^64 - significand) / (2^64 + significand).
      k++;
      numerator = -significand;
      divisorHigh = INTEGER_BIT | significand >>> 1;
      divisorLow = significand << 63;
    } else {
      // z = (significand - 2^63) / (significand + 2^63).
      numerator = significand - INTEGER_BIT;
      divisorHigh = INTEGER_BIT | (significand + INTEGER_BIT) >>> 1;
      divisorLow = significand << 63;
    }
    // The divisors are halved 65-bit numbers, so z is half of the quotient by them.
    int leading = Long.numberOfLeadingZeros(numerator);
    z.set(numerator << leading, 0);
    int zExponent = -leading - 1;
    if (z.compareTo(divisorHigh, divisorLow) >= 0) {
      z.shiftRight(1);
      zExponent++;
    }
    z.divide(divisorHigh, divisorLow);
    zExponent -= z.normalise();
    series(zExponent);
    negative = below;
    if (k != 0) {
      addInteger(k);
    }
  }

  /** Leaves 2 atanh(z) / ln 2 in {@link #sum} and {@link #exponent}. */
  private void series(int zExponent) {
    square.set(z);
    square.shiftRight(-zExponent);
    square.multiply(square);
    sum.set(0, 0);
    for (int i = Constants.ODD_TERMS - 1; i >= 0; i--) {
      sum.multiply(square);
      sum.add(Constants.ODD[2 * i], Constants.ODD[2 * i + 1]);
    }
    // sum is scaled by 2^127, the constant 2 / ln 2 by 2^126.
    sum.multiply(Constants.TWO_LOG2E[0], Constants.TWO_LOG2E[1]);
    sum.multiply(z);
    exponent = 3 + zExponent - sum.normalise();
  }

  /**
   * Leaves log2(1 + x) in {@link #sum} for |x| below 1/8: u + u (z^2 / 3 + z^4 / 5 + ...) with z =
   * x / (2 + x) and u = 2 z / ln 2, where the processor computes u as the quotient of 67-bit
   * numbers.
   */
  private void nearOne(boolean minus, int xExponent, long significand) {
    negative = minus;
    // 2 + x, scaled by 2^126 and cut.
    square.set(significand, 0);
    int shift = 1 - xExponent;
    square.shiftRight(shift);
    if (minus) {
      if (shift > 64 && significand << (128 - shift) != 0) {
        square.adjust(1);
      }
      square.subtractFrom(INTEGER_BIT, 0);
    } else {
      square.add(INTEGER_BIT, 0);
    }
    int divisorShift = square.normalise();
    square.truncate();
    z.set(Constants.LOG2E_HIGH, Constants.LOG2E_LOW);
    z.multiply(significand, 0);
    int uExponent = xExponent + 1 - z.normalise() + divisorShift;
    z.truncate();
    if (z.compareTo(square.high, square.low) >= 0) {
      z.shiftRight(1);
      uExponent++;
    }
    z.divide(square.high, square.low);
    uExponent -= z.normalise();
    z.truncate();
    // z = u ln 2 / 2, for the series.
    square.set(Constants.EXPONENTIAL[0], Constants.EXPONENTIAL[1]);
    square.multiply(z);
    square.shiftRight(1 - uExponent);
    square.multiply(square);
    sum.set(0, 0);
    for (int i = Constants.ODD_TERMS - 1; i >= 1; i--) {
      sum.multiply(square);
      sum.add(Constants.ODD[2 * i], Constants.ODD[2 * i + 1]);
    }
    sum.multiply(square);
    // The table's scale of 2^127 leaves room for a carry out of u + u P.
    sum.multiply(z);
    z.shiftRight(1);
    sum.add(z.high, z.low);
    exponent = uExponent + 1 - sum.normalise();
  }

  /** Adds {@code k} to the logarithm, whose magnitude is at most one half. */
  private void addInteger(int k) {
    z.set(Math.abs((long) k), 0);
    int integerExponent = 64 - z.normalise();
    sum.shiftRight(integerExponent - exponent);
    exponent = integerExponent;
    if (negative == k < 0) {
      // The sum may carry out of the top: make room.
      sum.shiftRight(1);
      z.shiftRight(1);
      exponent++;
      sum.add(z.high, z.low);
    } else {
      sum.subtractFrom(z.high, z.low);
    }
    negative = k < 0;
    exponent -= sum.normalise();
  }

  private void multiply(Float80 f, int yse, long y) {
    int sign = yse & SIGN ^ (negative ? SIGN : 0);
    int biased = exponentOf(yse, y) + exponent;
    sum.truncate();
    Transcendental.roundProduct(f, sign, biased, normalised(y), sum);
  }

  /** y * log2(x + 1), for x between sqrt(1/2) - 1 and sqrt(2) - 1; exact enough up to 1. */
  void computePlusOne(Float80 f, int xse, long x, int yse, long y) {
    if (f.propagate(xse, x, yse, y)) {
      return;
    }
    int sign = (xse ^ yse) & SIGN;
    boolean xZero = isZero(xse, x);
    boolean yZero = isZero(yse, y);
    boolean yInfinite = isInfinity(yse, y);
    if (isInfinity(xse, x)) {
      if ((xse & SIGN) != 0 || yZero) {
        f.invalid();
      } else if (!f.denormal(yse, y)) {
        f.infinity(sign);
      }
      return;
    }
    if (xZero && yInfinite) {
      f.invalid();
      return;
    }
    if (f.denormal(xse, x, yse, y)) {
      return;
    }
    if (xZero || yZero) {
      f.zero(sign);
      return;
    }
    if (yInfinite) {
      f.infinity(sign);
      return;
    }
    boolean minus = (xse & SIGN) != 0;
    int xExponent = exponentOf(xse, x) - BIAS;
    long significand = normalised(x);
    if (xExponent >= 0 && minus) {
      // No logarithm: the processor returns the argument.
      f.set(xse, x);
      f.exceptions |= Float80.PRECISION;
      return;
    }
    if (xExponent >= 0 || (xExponent == -1 && minus)) {
      large(f, minus, xExponent, significand, yse, y);
      return;
    }
    if (xExponent < TINY) {
      // So small that the processor takes log2(1 + x) for x / ln 2.
      sum.set(Constants.LOG2E_HIGH, Constants.LOG2E_LOW);
      sum.multiply(significand, 0);
      exponent = xExponent + 2 - sum.normalise();
      negative = minus;
      multiply(f, yse, y);
      return;
    }
    if (xExponent < EIGHTH) {
      nearOne(minus, xExponent, significand);
      multiply(f, yse, y);
      return;
    }
    // z = x / (2 + x); 2 + x is scaled by 2^126.
    square.set(significand, 0);
    square.shiftRight(1 - xExponent);
    if (minus) {
      square.subtractFrom(INTEGER_BIT, 0);
    } else {
      square.add(INTEGER_BIT, 0);
    }
    int zExponent = xExponent - 1 + square.normalise();
    z.set(significand, 0);
    if (z.compareTo(square.high, square.low) >= 0) {
      z.shiftRight(1);
      zExponent++;
    }
    z.divide(square.high, square.low);
    zExponent -= z.normalise();
    series(zExponent);
    negative = minus;
    multiply(f, yse, y);
  }

  /** x of one or more, where the instruction is undefined, or of -1/2 or less. */
  private void large(Float80 f, boolean minus, int xExponent, long significand, int yse, long y) {
    if (minus) {
      // 1 - |x| is exact.
      long rest = -significand;
      int leading = Long.numberOfLeadingZeros(rest);
      logarithm(-1 - leading, rest << leading);
    } else {
      // 1 + x to 64 bits.
      long one = xExponent > 63 ? 0 : INTEGER_BIT >>> xExponent;
      long total = significand + one;
      if (one != 0 && total >= 0) {
        logarithm(xExponent + 1, total >>> 1 | INTEGER_BIT);
      } else {
        logarithm(xExponent, total);
      }
    }
    multiply(f, yse, y);
  }
}

package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.BIAS;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.Float80.exponentOf;
import static org.wardian.processor.software.x87.Float80.isInfinity;
import static org.wardian.processor.software.x87.Float80.isZero;
import static org.wardian.processor.software.x87.Float80.normalised;

/**
 * FPATAN, by a table of arctangents and Gregory's series. Quotients and sums are cut to 67 bits
 * where the processor does it (measured, not documented), which makes the results Intel's.
 */
final class Arctangent {
  /** Exponent of the quotient up to which it is its own angle. */
  private static final int TINY = -40;

  /** Terms of the series, for arguments below 3/64. */
  private static final int TERMS = 16;

  private final Fraction quotient = new Fraction();
  private final Fraction sum = new Fraction();
  private final Fraction numerator = new Fraction();
  private final Fraction denominator = new Fraction();
  private final Fraction square = new Fraction();

  /** The angle is {@link #sum} * 2^exponent. */
  private int exponent;

  /** The angle of the point (x, y), between -pi and pi. */
  void compute(Float80 f, int xse, long x, int yse, long y) {
    if (f.propagate(xse, x, yse, y)) {
      return;
    }
    if (f.denormal(xse, x, yse, y)) {
      return;
    }
    int sign = yse & SIGN;
    boolean left = (xse & SIGN) != 0;
    boolean xInfinite = isInfinity(xse, x);
    boolean yInfinite = isInfinity(yse, y);
    if (isZero(yse, y) || (xInfinite && !yInfinite)) {
      if (left) {
        piQuarters(f, sign, 4);
      } else {
        f.zero(sign);
      }
      return;
    }
    if (xInfinite) {
      piQuarters(f, sign, left ? 3 : 1);
      return;
    }
    if (isZero(xse, x) || yInfinite) {
      piQuarters(f, sign, 2);
      return;
    }
    finite(f, sign, left, exponentOf(xse, x), normalised(x), exponentOf(yse, y), normalised(y));
  }

  /** Rounds a multiple of pi / 4. */
  private void piQuarters(Float80 f, int sign, int quarters) {
    sum.set(Constants.PI_HIGH, Constants.PI_LOW);
    if (quarters == 3) {
      // pi - pi / 4, still scaled by 2^126.
      sum.shiftRight(2);
      sum.subtractFrom(Constants.PI_HIGH, Constants.PI_LOW);
      f.round(sign, BIAS + 1, sum.high, sum.low);
    } else {
      int shift = quarters == 4 ? 0 : quarters == 2 ? 1 : 2;
      f.round(sign, BIAS + 1 - shift, sum.high, sum.low);
    }
  }

  private void finite(
      Float80 f, int sign, boolean left, int xExponent, long x, int yExponent, long y) {
    boolean steep =
        yExponent > xExponent || (yExponent == xExponent && Long.compareUnsigned(y, x) > 0);
    if (steep) {
      angle(x, y, xExponent - yExponent, true);
    } else {
      angle(y, x, yExponent - xExponent, left);
    }
    if (!steep && !left) {
      int leading = sum.normalise();
      int biased = BIAS - 1 + exponent - leading;
      f.round(sign, biased, sum.high, sum.low);
      f.inexact(biased);
      return;
    }
    exponent -= sum.normalise();
    sum.truncate();
    // In units of 2^-126: pi / 2 or pi, plus or minus the angle.
    sum.shiftRight(2 - exponent);
    long high = Constants.PI_HIGH;
    long low = Constants.PI_LOW;
    if (steep) {
      low = low >>> 1 | high << 63;
      high >>>= 1;
    }
    if (steep && left) {
      sum.add(high, low);
    } else {
      sum.subtractFrom(high, low);
    }
    int leading = sum.normalise();
    f.round(sign, BIAS + 1 - leading, sum.high, sum.low);
    f.inexact(BIAS);
  }

  /**
   * Leaves the arctangent of n / d * 2^difference, at most one, in {@link #sum}; n and d have the
   * top bit set. Where it is not {@code reused} its last bit is sticky.
   */
  private void angle(long n, long d, int difference, boolean reused) {
    quotient.set(n, 0);
    exponent = difference;
    if (Long.compareUnsigned(n, d) >= 0) {
      quotient.shiftRight(1);
      exponent++;
    }
    if (n == d) {
      quotient.set(Float80.INTEGER_BIT, 0);
    } else {
      quotient.divide(d, 0);
    }
    if (exponent <= TINY) {
      sum.set(quotient);
      if (!reused && quotient.low != 0) {
        sum.low |= 1;
      }
      return;
    }
    quotient.truncate();
    // The nearest multiple of 1/32; the table begins with the second.
    int entry = 0;
    if (exponent > -5) {
      entry = exponent > 0 ? 32 : (int) ((quotient.high >>> (58 - exponent)) + 1 >>> 1);
    }
    if (entry < 2) {
      series();
      if (!reused) {
        sum.low |= 1;
      }
    } else {
      tabulated(n, d, difference, entry);
    }
  }

  /** The arctangent of {@link #quotient} * 2^exponent, below 3/64. */
  private void series() {
    square.set(quotient);
    square.shiftRight(-exponent);
    square.multiply(square);
    sum.set(0, 0);
    for (int i = TERMS; i >= 1; i--) {
      sum.multiply(square);
      // The table is scaled by 2^127.
      long h = Constants.ODD[2 * i] << 1 | Constants.ODD[2 * i + 1] >>> 63;
      sum.subtractFrom(h, Constants.ODD[2 * i + 1] << 1);
    }
    sum.multiply(square);
    if (sum.isZero()) {
      sum.set(-1L, -1L);
    } else {
      sum.subtractFrom(0, 0);
    }
    sum.multiply(quotient);
  }

  /** atan(a) + atan((n - a d) / (d + a n)) with a = entry / 32. */
  private void tabulated(long n, long d, int difference, int entry) {
    long a = (long) entry << 58;
    // Both halved, to keep below one: a is entry / 64 here.
    square.set(d, 0);
    square.multiply(a, 0);
    numerator.set(n, 0);
    numerator.shiftRight(-difference);
    denominator.set(numerator);
    denominator.multiply(a, 0);
    denominator.add(d >>> 1, d << 63);
    numerator.shiftRight(1);
    boolean below = numerator.compareTo(square.high, square.low) < 0;
    if (below) {
      numerator.subtractFrom(square.high, square.low);
    } else {
      square.subtractFrom(numerator.high, numerator.low);
      numerator.set(square);
    }
    sum.set(0, 0);
    if (!numerator.isZero()) {
      int up = denominator.normalise();
      denominator.truncate();
      exponent = up - numerator.normalise();
      quotient.set(numerator);
      if (quotient.compareTo(denominator.high, denominator.low) >= 0) {
        quotient.shiftRight(1);
        exponent++;
      }
      quotient.divide(denominator.high, denominator.low);
      quotient.truncate();
      series();
      exponent -= sum.normalise();
      sum.truncate();
      sum.shiftRight(-exponent);
    }
    exponent = 0;
    long high = Constants.ARCTANGENT[2 * entry];
    long low = Constants.ARCTANGENT[2 * entry + 1];
    if (below) {
      sum.subtractFrom(high, low);
    } else {
      sum.add(high, low);
    }
  }
}

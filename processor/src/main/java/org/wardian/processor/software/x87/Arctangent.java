package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.BIAS;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.Float80.exponentOf;
import static org.wardian.processor.software.x87.Float80.isInfinity;
import static org.wardian.processor.software.x87.Float80.isZero;
import static org.wardian.processor.software.x87.Float80.normalised;

/** FPATAN, by a table of arctangents and Gregory's series. */
final class Arctangent {
  private final Fraction quotient = new Fraction();
  private final Fraction square = new Fraction();
  private final Fraction sum = new Fraction();

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
    sum.set(Constants.SCALED[2], Constants.SCALED[3]);
    if (quarters == 3) {
      // pi - pi / 4, still scaled by 2^126.
      quotient.set(sum);
      quotient.shiftRight(2);
      quotient.subtractFrom(sum.high, sum.low);
      sum.set(quotient);
      f.round(sign, BIAS + 1, sum.high, sum.low | 1);
      return;
    }
    int shift = quarters == 4 ? 0 : quarters == 2 ? 1 : 2;
    f.round(sign, BIAS + 1 - shift, sum.high, sum.low | 1);
  }

  private void finite(
      Float80 f, int sign, boolean left, int xExponent, long x, int yExponent, long y) {
    boolean steep =
        yExponent > xExponent
            || (yExponent == xExponent && Long.compareUnsigned(y, x) > 0);
    long numerator = steep ? x : y;
    long divisor = steep ? y : x;
    int difference = steep ? xExponent - yExponent : yExponent - xExponent;
    if (difference == 0 && numerator == divisor) {
      piQuarters(f, sign, left ? 3 : 1);
      return;
    }
    quotient.set(numerator, 0);
    int qExponent = difference;
    if (Long.compareUnsigned(numerator, divisor) >= 0) {
      quotient.shiftRight(1);
      qExponent++;
    }
    quotient.divide(divisor, 0);
    boolean exact = numerator == divisor;
    if (!steep && !left) {
      angle(qExponent);
      int leading = sum.normalise();
      // An exact power of two still has an angle below it.
      f.round(sign, BIAS - 1 + exponent - leading, sum.high, sum.low | (exact ? 0 : 1) | 1);
      return;
    }
    angle(qExponent);
    // In units of 2^-126: pi / 2 or pi, plus or minus the angle.
    sum.shiftRight(2 - exponent);
    long high = Constants.SCALED[2];
    long low = Constants.SCALED[3];
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
    f.round(sign, BIAS + 1 - leading, sum.high, sum.low | 1);
  }

  /** atan of {@link #quotient} * 2^qExponent, at most one, into {@link #sum}. */
  private void angle(int qExponent) {
    int interval = 0;
    if (qExponent > -5) {
      // The quotient as a fraction, its first five bits, and the rest: t = (q - c) / (1 + q c).
      quotient.shiftRight(-qExponent);
      interval = (int) (quotient.high >>> 59);
      long c = (long) interval << 59;
      square.set(quotient);
      square.multiply(c, 0);
      square.shiftRight(1);
      square.add(1L << 63, 0);
      quotient.high -= c;
      quotient.divide(square.high, square.low);
      quotient.shiftRight(1);
      exponent = 0;
    } else {
      exponent = qExponent;
    }
    square.set(quotient);
    square.shiftRight(-exponent);
    square.multiply(square);
    sum.set(0, 0);
    for (int i = 14; i >= 1; i--) {
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
    if (interval != 0) {
      sum.add(Constants.ARCTANGENT[2 * interval], Constants.ARCTANGENT[2 * interval + 1]);
    }
  }
}

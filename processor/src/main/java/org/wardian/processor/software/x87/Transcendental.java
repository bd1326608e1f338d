package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.BIAS;
import static org.wardian.processor.software.x87.Float80.EXPONENT;
import static org.wardian.processor.software.x87.Float80.INTEGER_BIT;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.Float80.exponentOf;
import static org.wardian.processor.software.x87.Float80.isZero;
import static org.wardian.processor.software.x87.Float80.normalised;

/**
 * FSIN, FCOS and FPTAN, and the way to the other transcendental operations.
 *
 * <p>The sine is computed to about 120 bits and rounded once, with the error that the processor's
 * table of 67-bit constants brings added ({@link Constants}), so that most results have Intel's
 * last bit even where it is not the nearest. Source: Intel SDM vol. 1 §8.3.8 and §8.3.10, vol. 2;
 * the internal widths are measured.
 */
final class Transcendental {
  /** pi / 2 in units of 2^-65, from the 66-bit pi that the processor reduces by. */
  private static final long HALF_PI_HIGH = 3;

  private static final long HALF_PI_LOW = 0x243f6a8885a308d3L;

  /** Biased exponent of the smallest argument that is not its own sine. */
  private static final int TINY = BIAS - 68;

  private final Fraction x = new Fraction();
  private final Fraction square = new Fraction();
  private final Fraction sum = new Fraction();
  private final Fraction other = new Fraction();
  private final Exponential exponential = new Exponential();
  private final Logarithm logarithm = new Logarithm();
  private final Arctangent arctangent = new Arctangent();

  /** Quotient of the argument by pi / 2, low two bits. */
  private int quadrant;

  private boolean negative;

  /** The reduced argument is {@link #x} * 2^xExponent, with the top bit of x set. */
  private int xExponent;

  /** FYL2X: y * log2(x). */
  void logarithm(Float80 f, int xse, long x, int yse, long y) {
    logarithm.compute(f, xse, x, yse, y);
  }

  /** FYL2XP1: y * log2(x + 1). */
  void logarithmPlusOne(Float80 f, int xse, long x, int yse, long y) {
    logarithm.computePlusOne(f, xse, x, yse, y);
  }

  /** FPATAN: the angle of the point (x, y). */
  void arctangent(Float80 f, int xse, long x, int yse, long y) {
    arctangent.compute(f, xse, x, yse, y);
  }

  /** F2XM1: 2^x - 1. */
  void exponential(Float80 f, int se, long value) {
    exponential.compute(f, se, value);
  }

  /** Rounds significand / 2^63 * 2^(exponent - bias) * fraction, and reports it as inexact. */
  static void roundProduct(Float80 f, int sign, int exponent, long significand, Fraction fraction) {
    long lowest = fraction.low * significand;
    long low = Math.unsignedMultiplyHigh(fraction.low, significand);
    long middle = fraction.high * significand;
    long high = Math.unsignedMultiplyHigh(fraction.high, significand);
    middle += low;
    if (Long.compareUnsigned(middle, low) < 0) {
      high++;
    }
    int leading = Long.numberOfLeadingZeros(high);
    if (leading != 0) {
      high = high << leading | middle >>> (64 - leading);
      middle = middle << leading | lowest >>> (64 - leading);
      lowest <<= leading;
    }
    int biased = exponent - leading;
    f.round(sign, biased, high, middle | (lowest != 0 ? 1 : 0));
    f.inexact(biased);
  }

  /** Handles what is no finite number, and zero with {@code atZero}; else reduces the argument. */
  private boolean special(Float80 f, int se, long value, boolean one) {
    if (f.propagate(se, value)) {
      return true;
    }
    if ((se & EXPONENT) == EXPONENT) {
      f.invalid();
      return true;
    }
    if (isZero(se, value)) {
      if (one) {
        f.set(BIAS, INTEGER_BIT);
      } else {
        f.zero(se & SIGN);
      }
      return true;
    }
    return f.denormal(se, value);
  }

  /** Below 2^-68 sine and tangent are the argument in every rounding mode, and the cosine is 1. */
  private static boolean tiny(Float80 f, int se, long value, boolean one) {
    int exponent = exponentOf(se, value);
    if (exponent >= TINY) {
      return false;
    }
    if (one) {
      f.set(BIAS, INTEGER_BIT);
      f.inexact(BIAS);
    } else {
      f.round(se & SIGN, exponent, normalised(value), 0);
      f.inexact(exponent);
    }
    return true;
  }

  /** FSIN, for |value| below 2^63. */
  void sine(Float80 f, int se, long value) {
    if (special(f, se, value, false) || tiny(f, se, value, false)) {
      return;
    }
    reduce(se, value);
    boolean minus = negative ^ (quadrant & 2) != 0;
    if ((quadrant & 1) == 0) {
      finishSine(f, minus ^ (se & SIGN) != 0);
    } else {
      finishCosine(f, (quadrant & 2) != 0 ^ (se & SIGN) != 0);
    }
  }

  /** FCOS, for |value| below 2^63. */
  void cosine(Float80 f, int se, long value) {
    if (special(f, se, value, true) || tiny(f, se, value, true)) {
      return;
    }
    reduce(se, value);
    int next = quadrant + 1;
    if ((next & 1) == 0) {
      finishSine(f, negative ^ (next & 2) != 0);
    } else {
      finishCosine(f, (next & 2) != 0);
    }
  }

  /** FPTAN, for |value| below 2^63: sine by cosine, each cut to 67 bits. */
  void tangent(Float80 f, int se, long value) {
    if (special(f, se, value, false) || tiny(f, se, value, false)) {
      return;
    }
    reduce(se, value);
    boolean minus = negative ^ (se & SIGN) != 0 ^ (quadrant & 1) != 0;
    cosine();
    sum.truncate();
    other.set(sum);
    int exponent = BIAS + sine();
    sum.truncate();
    // sum * 2^e is the sine, other the cosine; both have the top bit set.
    if ((quadrant & 1) == 0) {
      quotient(f, minus, exponent, sum, other);
    } else {
      quotient(f, minus, 2 * BIAS - exponent, other, sum);
    }
  }

  private static void quotient(
      Float80 f, boolean minus, int exponent, Fraction dividend, Fraction divisor) {
    int biased = exponent - 1;
    if (dividend.compareTo(divisor.high, divisor.low) >= 0) {
      dividend.shiftRight(1);
      biased++;
    }
    dividend.divide(divisor.high, divisor.low);
    f.round(minus ? SIGN : 0, biased, dividend.high, dividend.low | 1);
  }

  /** |value| minus the nearest multiple of pi / 2. */
  private void reduce(int se, long value) {
    quadrant = 0;
    negative = false;
    int exponent = exponentOf(se, value) - BIAS;
    long significand = normalised(value);
    if (exponent < -1
        || (exponent == -1 && Long.compareUnsigned(significand, 0xc90fdaa22168c235L) < 0)) {
      x.set(significand, 0);
      xExponent = exponent + 1;
      return;
    }
    // In units of 2^-65 the argument is significand * 2^(exponent + 2).
    long high = 0;
    long low = significand;
    for (int i = exponent + 2; i > 0; i--) {
      high = high << 1 | low >>> 63;
      low <<= 1;
      quadrant <<= 1;
      if (high > HALF_PI_HIGH
          || (high == HALF_PI_HIGH && Long.compareUnsigned(low, HALF_PI_LOW) >= 0)) {
        high -= HALF_PI_HIGH + (Long.compareUnsigned(low, HALF_PI_LOW) < 0 ? 1 : 0);
        low -= HALF_PI_LOW;
        quadrant++;
      }
    }
    // Nearer to the next multiple? Twice the rest against pi / 2.
    long doubleHigh = high << 1 | low >>> 63;
    if (doubleHigh > HALF_PI_HIGH
        || (doubleHigh == HALF_PI_HIGH && Long.compareUnsigned(low << 1, HALF_PI_LOW) > 0)) {
      high = HALF_PI_HIGH - high - (Long.compareUnsigned(HALF_PI_LOW, low) < 0 ? 1 : 0);
      low = HALF_PI_LOW - low;
      negative = true;
      quadrant++;
    }
    quadrant &= 3;
    x.set(high, low);
    xExponent = 63 - x.normalise();
  }

  /** Leaves 1 - z c1 + z^2 c2 - ... in {@link #sum}, where z is the square of the argument. */
  private void series(long[] coefficients) {
    square.set(x);
    square.shiftRight(-xExponent);
    square.multiply(square);
    sum.set(0, 0);
    for (int k = Constants.TRIGONOMETRIC_TERMS - 1; k >= 1; k--) {
      sum.multiply(square);
      sum.subtractFrom(coefficients[2 * k], coefficients[2 * k + 1]);
    }
    sum.multiply(square);
    if (sum.isZero()) {
      // Below one by less than the last bit.
      sum.set(-1L, -1L);
    } else {
      sum.subtractFrom(0, 0);
    }
  }

  /** The interval of the reduced argument in the processor's table, or -1 below 1/4. */
  private int interval() {
    return xExponent < -1 ? -1 : Constants.interval(x.high >>> -xExponent, 2);
  }

  /** Leaves the sine of the reduced argument in {@link #sum}; returns its exponent. */
  private int sine() {
    series(Constants.SINE);
    sum.multiply(x);
    int interval = interval();
    if (interval < 0) {
      return xExponent - sum.normalise();
    }
    sum.shiftRight(-xExponent);
    sum.adjust(Constants.SINE_ROUNDING[interval]);
    return -sum.normalise();
  }

  /** Leaves the cosine of the reduced argument, at least 0.7, in {@link #sum}. */
  private void cosine() {
    series(Constants.COSINE);
    int interval = interval();
    if (interval >= 0) {
      sum.adjust(Constants.COSINE_ROUNDING[interval]);
    }
  }

  private void finishSine(Float80 f, boolean minus) {
    int exponent = BIAS - 1 + sine();
    f.round(minus ? SIGN : 0, exponent, sum.high, sum.low | 1);
  }

  private void finishCosine(Float80 f, boolean minus) {
    cosine();
    f.round(minus ? SIGN : 0, BIAS - 1, sum.high, sum.low | 1);
  }
}

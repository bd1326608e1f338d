package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.BIAS;
import static org.wardian.processor.software.x87.Float80.INTEGER_BIT;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.Float80.exponentOf;
import static org.wardian.processor.software.x87.Float80.isInfinity;
import static org.wardian.processor.software.x87.Float80.isZero;
import static org.wardian.processor.software.x87.Float80.normalised;

/**
 * F2XM1, by the series of the exponential function.
 *
 * <p>The three ranges of the argument follow the processor's, whose 67-bit products and constants
 * show in the last bit of the result; they are measured, not documented.
 */
final class Exponential {
  /** Biased exponents below this one: the result is x times ln 2. */
  private static final int TINY = BIAS - 68;

  /** Biased exponents below this one: x times ln 2 cut to 67 bits, and the rest of the series. */
  private static final int SMALL = BIAS - 2;

  private final Fraction x = new Fraction();
  private final Fraction sum = new Fraction();
  private final Fraction product = new Fraction();

  /** 2^x - 1, for x between -1 and 1; outside, where it is undefined, the argument. */
  void compute(Float80 f, int se, long value) {
    if (f.propagate(se, value)) {
      return;
    }
    int sign = se & SIGN;
    if (isInfinity(se, value)) {
      if (sign != 0) {
        f.set(SIGN | BIAS, INTEGER_BIT);
      } else {
        f.infinity(0);
      }
      return;
    }
    if (isZero(se, value)) {
      f.zero(sign);
      return;
    }
    if (f.denormal(se, value)) {
      return;
    }
    int exponent = exponentOf(se, value);
    long significand = normalised(value);
    if (exponent >= BIAS) {
      f.exceptions |= Float80.PRECISION;
      if (exponent == BIAS && significand == INTEGER_BIT) {
        f.set(sign != 0 ? SIGN | (BIAS - 1) : BIAS, INTEGER_BIT);
      } else {
        f.set(se, value);
      }
    } else if (exponent >= SMALL) {
      tabulated(f, sign, exponent, significand);
    } else if (exponent >= TINY) {
      small(f, sign, exponent, significand);
    } else {
      sum.set(Constants.LN2_HIGH, Constants.LN2_LOW);
      Transcendental.roundProduct(f, sign, exponent, significand, sum);
    }
  }

  /** Leaves the sum of ln(2)^(k+1) / (k+1)! x^(k-first), for k from {@code first} on, in sum. */
  private void series(int sign, int exponent, long significand, int first) {
    x.set(significand, 0);
    x.shiftRight(BIAS - 1 - exponent);
    sum.set(0, 0);
    for (int k = Constants.EXPONENTIAL_TERMS - 1; k >= first; k--) {
      sum.multiply(x);
      long h = Constants.EXPONENTIAL[2 * k];
      long l = Constants.EXPONENTIAL[2 * k + 1];
      if (sign == 0) {
        sum.add(h, l);
      } else {
        sum.subtractFrom(h, l);
      }
    }
  }

  /** |x| from 1/4 on: the true value, and the error of a table with 16 entries an octave. */
  private void tabulated(Float80 f, int sign, int exponent, long significand) {
    series(sign, exponent, significand, 0);
    sum.multiply(x);
    int interval = Constants.interval(x.high, 4) + (sign == 0 ? 0 : 32);
    sum.adjust(Constants.EXPONENTIAL_ROUNDING[interval]);
    int leading = sum.normalise();
    f.round(sign, BIAS - 1 - leading, sum.high, sum.low | 1);
  }

  private void small(Float80 f, int sign, int exponent, long significand) {
    // 2^x - 1 = x ln 2 + x * tail.
    series(sign, exponent, significand, 1);
    sum.multiply(x);
    sum.multiply(significand, 0);
    product.set(Constants.LN2_HIGH, Constants.LN2_LOW);
    product.multiply(significand, 0);
    int leading = product.normalise();
    product.truncate();
    sum.shiftLeft(leading);
    if (sign == 0) {
      // The sum may carry out of the top: make room.
      sum.shiftRight(1);
      product.shiftRight(1);
      sum.add(product.high, product.low);
      leading += sum.normalise() - 1;
    } else {
      sum.subtractFrom(product.high, product.low);
      leading += sum.normalise();
    }
    f.round(sign, exponent - leading, sum.high, sum.low | 1);
  }
}

package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.BIAS;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.Float80.ZERO_DIVIDE;
import static org.wardian.processor.software.x87.Float80.exponentOf;
import static org.wardian.processor.software.x87.Float80.isInfinity;
import static org.wardian.processor.software.x87.Float80.isZero;
import static org.wardian.processor.software.x87.Float80.normalised;
import static org.wardian.processor.software.x87.Float80.roundsUp;

/**
 * FPREM, FPREM1, FRNDINT, FSCALE and FXTRACT: the operations on 80-bit values that treat exponent
 * and significand apart. Precision control does not apply to them. Source: Intel SDM vol. 2.
 */
final class Remainder {
  /** No quotient: the operation ended in a special case that leaves the condition bits alone. */
  static final int NONE = -1;

  /** The reduction is partial: C2 is to be set. */
  static final int PARTIAL = -2;

  private Remainder() {}

  /**
   * FPREM ({@code nearest} false) or FPREM1 ({@code nearest} true) of a by b.
   *
   * @return the low three bits of the quotient, {@link #PARTIAL} or {@link #NONE}
   */
  static int remainder(Float80 f, int ase, long a, int bse, long b, boolean nearest) {
    if (f.propagate(ase, a, bse, b)) {
      return NONE;
    }
    if (isInfinity(ase, a) || isZero(bse, b)) {
      f.invalid();
      return NONE;
    }
    if (f.denormal(ase, a, bse, b)) {
      return NONE;
    }
    if (isZero(ase, a)) {
      f.set(ase, a);
      return 0;
    }
    if (isInfinity(bse, b)) {
      copy(f, ase, a);
      return 0;
    }
    int sign = ase & SIGN;
    int exponent = exponentOf(ase, a);
    int difference = exponent - exponentOf(bse, b);
    long rest = normalised(a);
    if (difference < (nearest ? -1 : 0)) {
      // Unlike with an infinite divisor, a denormal dividend is an underflow where that is
      // unmasked.
      f.round(sign, exponent, rest, 0);
      return 0;
    }
    long divisor = normalised(b);
    if (difference >= 64) {
      int steps = 32 + (difference & 31);
      // The remainder by b * 2^(difference - steps), by the schoolbook method.
      rest = reduce(rest, divisor, steps);
      if (rest == 0) {
        f.zero(sign);
      } else {
        int leading = Long.numberOfLeadingZeros(rest);
        f.round(sign, exponent - steps - leading, rest << leading, 0);
      }
      return PARTIAL;
    }
    return complete(f, sign, exponent, difference, rest, divisor, nearest);
  }

  /** The operand as the result: a denormal is not reported as an underflow, even unmasked. */
  private static void copy(Float80 f, int se, long value) {
    boolean pseudoDenormal = (se & Float80.EXPONENT) == 0 && value < 0;
    f.set(pseudoDenormal ? se | 1 : se, value);
  }

  /** The remainder of {@code rest * 2^steps} by {@code divisor}; both have bit 63 set at first. */
  private static long reduce(long rest, long divisor, int steps) {
    long r = rest;
    if (Long.compareUnsigned(r, divisor) >= 0) {
      r -= divisor;
    }
    for (int i = 0; i < steps; i++) {
      boolean carry = r < 0;
      r <<= 1;
      if (carry || Long.compareUnsigned(r, divisor) >= 0) {
        r -= divisor;
      }
    }
    return r;
  }

  private static int complete(
      Float80 f, int sign, int exponent, int steps, long rest, long divisor, boolean nearest) {
    long quotient = 0;
    long r = rest;
    int unit = exponent - steps;
    if (steps >= 0) {
      if (Long.compareUnsigned(r, divisor) >= 0) {
        r -= divisor;
        quotient = 1;
      }
      for (int i = 0; i < steps; i++) {
        boolean carry = r < 0;
        r <<= 1;
        quotient <<= 1;
        if (carry || Long.compareUnsigned(r, divisor) >= 0) {
          r -= divisor;
          quotient++;
        }
      }
    }
    int resultSign = sign;
    if (nearest) {
      if (steps < 0) {
        if (Long.compareUnsigned(r, divisor) > 0) {
          // b - a with b = 2 * divisor in units of a: at most 64 bits, since a > b / 2.
          r = divisor + (divisor - r);
          quotient = 1;
          resultSign ^= SIGN;
        }
        unit = exponent;
      } else {
        int order = r < 0 ? 1 : Long.compareUnsigned(r << 1, divisor);
        if (order > 0 || (order == 0 && (quotient & 1) != 0)) {
          r = divisor - r;
          quotient++;
          resultSign ^= SIGN;
        }
      }
    }
    if (r == 0) {
      f.zero(sign);
    } else {
      int leading = Long.numberOfLeadingZeros(r);
      f.round(resultSign, unit - leading, r << leading, 0);
    }
    return (int) quotient & 7;
  }

  /** FRNDINT. */
  static void roundToInteger(Float80 f, int se, long value) {
    if (f.propagate(se, value)) {
      return;
    }
    if (isInfinity(se, value) || isZero(se, value)) {
      f.set(se, value);
      return;
    }
    if (f.denormal(se, value)) {
      return;
    }
    int sign = se & SIGN;
    int exponent = exponentOf(se, value) - BIAS;
    if (exponent >= 63) {
      f.set(se, value);
      return;
    }
    long x = normalised(value);
    long integer;
    boolean half;
    boolean sticky;
    if (exponent < 0) {
      integer = 0;
      half = exponent == -1;
      sticky = !half || x << 1 != 0;
    } else {
      integer = x >>> (63 - exponent);
      long fraction = x << (exponent + 1);
      half = fraction < 0;
      sticky = fraction << 1 != 0;
    }
    boolean inexact = half || sticky;
    if (inexact) {
      f.exceptions |= Float80.PRECISION;
      if (roundsUp(f.rounding(), sign != 0, (integer & 1) != 0, half, sticky)) {
        f.exceptions |= Float80.ROUNDED_UP;
        integer++;
      }
    }
    if (integer == 0) {
      f.zero(sign);
      return;
    }
    int leading = Long.numberOfLeadingZeros(integer);
    f.set(sign | (BIAS + 63 - leading), integer << leading);
  }

  /** FSCALE: a times two to the power of b, truncated to an integer. */
  static void scale(Float80 f, int ase, long a, int bse, long b) {
    if (f.propagate(ase, a, bse, b)) {
      return;
    }
    boolean down = (bse & SIGN) != 0;
    if (isInfinity(bse, b)) {
      boolean zero = isZero(ase, a);
      boolean infinite = isInfinity(ase, a);
      if ((zero && !down) || (infinite && down)) {
        f.invalid();
        return;
      }
      if (f.denormal(ase, a)) {
        return;
      }
      if (down) {
        f.zero(ase & SIGN);
      } else {
        f.infinity(ase & SIGN);
      }
      return;
    }
    if (f.denormal(ase, a, bse, b)) {
      return;
    }
    if (isInfinity(ase, a) || isZero(ase, a) || isZero(bse, b)) {
      copy(f, ase, a);
      return;
    }
    int exponent = exponentOf(ase, a);
    int by = exponentOf(bse, b) - BIAS;
    int steps;
    if (b == 0 || by < 0) {
      steps = 0;
    } else {
      // More than 2^16 steps cross the whole range, and what unmasked wrapping adds.
      steps = by > 16 ? 1 << 17 : (int) (normalised(b) >>> (63 - by));
    }
    f.round(ase & SIGN, down ? exponent - steps : exponent + steps, normalised(a), 0);
  }

  /**
   * FXTRACT: leaves the significand, as a value in [1, 2), in {@code f} and the exponent in {@code
   * exponent}, which need not have been started.
   */
  static void extract(Float80 f, Float80 exponent, int se, long value) {
    if (f.propagate(se, value)) {
      exponent.set(f.signExponent, f.significand);
      return;
    }
    if (isInfinity(se, value)) {
      exponent.infinity(0);
      f.set(se, value);
      return;
    }
    if (isZero(se, value)) {
      f.exceptions |= ZERO_DIVIDE;
      exponent.infinity(SIGN);
      f.set(se, value);
      return;
    }
    if (f.denormal(se, value)) {
      return;
    }
    integer(exponent, exponentOf(se, value) - BIAS);
    f.set(se & SIGN | BIAS, normalised(value));
  }

  /** Sets {@code f} to an integer, exactly. */
  static void integer(Float80 f, long value) {
    if (value == 0) {
      f.zero(0);
      return;
    }
    long magnitude = Math.abs(value);
    int leading = Long.numberOfLeadingZeros(magnitude);
    f.set((value < 0 ? SIGN : 0) | (BIAS + 63 - leading), magnitude << leading);
  }
}

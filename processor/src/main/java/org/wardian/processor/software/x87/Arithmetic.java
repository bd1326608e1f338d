package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.BIAS;
import static org.wardian.processor.software.x87.Float80.DOWN;
import static org.wardian.processor.software.x87.Float80.INTEGER_BIT;
import static org.wardian.processor.software.x87.Float80.INVALID;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.Float80.ZERO_DIVIDE;
import static org.wardian.processor.software.x87.Float80.exponentOf;
import static org.wardian.processor.software.x87.Float80.isInfinity;
import static org.wardian.processor.software.x87.Float80.isNormal;
import static org.wardian.processor.software.x87.Float80.isZero;
import static org.wardian.processor.software.x87.Float80.normalised;

/**
 * Addition, subtraction, multiplication, division and square root of 80-bit values, rounded to the
 * precision control. Each leaves its result in a {@link Float80} that {@link Float80#begin}
 * started.
 */
final class Arithmetic {
  private Arithmetic() {}

  /** {@code a + b}. */
  static void add(Float80 f, int ase, long a, int bse, long b) {
    sum(f, ase, a, bse, b, 0);
  }

  /** {@code a - b}. */
  static void subtract(Float80 f, int ase, long a, int bse, long b) {
    sum(f, ase, a, bse, b, SIGN);
  }

  private static void sum(Float80 f, int ase, long a, int bse, long b, int flip) {
    if (!isNormal(ase, a) || !isNormal(bse, b) || f.narrowDenormal) {
      if (f.propagate(ase, a, bse, b)) {
        return;
      }
      int bSign = (bse ^ flip) & SIGN;
      int aSign = ase & SIGN;
      boolean aInfinite = isInfinity(ase, a);
      boolean bInfinite = isInfinity(bse, b);
      if (aInfinite && bInfinite && aSign != bSign) {
        f.invalid();
        return;
      }
      if (f.denormal(ase, a, bse, b)) {
        return;
      }
      if (aInfinite || bInfinite) {
        f.infinity(aInfinite ? aSign : bSign);
        return;
      }
      if (a == 0 && b == 0) {
        f.zero(aSign == bSign ? aSign : exactZero(f));
        return;
      }
      if (a == 0 || b == 0) {
        long value = a == 0 ? b : a;
        int se = a == 0 ? bse : ase;
        f.round(a == 0 ? bSign : aSign, exponentOf(se, value), normalised(value), 0, f.precision());
        return;
      }
    }
    addNumbers(f, ase, a, bse ^ flip, b);
  }

  private static int exactZero(Float80 f) {
    return f.rounding() == DOWN ? SIGN : 0;
  }

  /** Both finite and not zero. */
  private static void addNumbers(Float80 f, int ase, long a, int bse, long b) {
    int aExponent = exponentOf(ase, a);
    int bExponent = exponentOf(bse, b);
    long big = normalised(a);
    long small = normalised(b);
    int sign = ase & SIGN;
    boolean opposite = ((ase ^ bse) & SIGN) != 0;
    int exponent = aExponent;
    int shift = aExponent - bExponent;
    if (shift < 0 || (shift == 0 && Long.compareUnsigned(big, small) < 0)) {
      long t = big;
      big = small;
      small = t;
      exponent = bExponent;
      shift = -shift;
      sign = bse & SIGN;
    }
    long high;
    long low;
    if (shift == 0) {
      high = small;
      low = 0;
    } else if (shift < 64) {
      high = small >>> shift;
      low = small << (64 - shift);
    } else if (shift < 128) {
      high = 0;
      int more = shift - 64;
      low = more == 0 ? small : small >>> more | (small << (64 - more) != 0 ? 1 : 0);
    } else {
      high = 0;
      low = 1;
    }
    if (!opposite) {
      long sum = big + high;
      if (Long.compareUnsigned(sum, big) < 0) {
        low = sum << 63 | low >>> 1 | (low & 1);
        sum = sum >>> 1 | INTEGER_BIT;
        exponent++;
      }
      f.round(sign, exponent, sum, low, f.precision());
      return;
    }
    long differenceLow = -low;
    long difference = big - high - (low != 0 ? 1 : 0);
    if ((difference | differenceLow) == 0) {
      f.zero(exactZero(f));
      return;
    }
    if (difference == 0) {
      difference = differenceLow;
      differenceLow = 0;
      exponent -= 64;
    }
    int leading = Long.numberOfLeadingZeros(difference);
    if (leading != 0) {
      difference = difference << leading | differenceLow >>> (64 - leading);
      differenceLow <<= leading;
      exponent -= leading;
    }
    f.round(sign, exponent, difference, differenceLow, f.precision());
  }

  /** {@code a * b}. */
  static void multiply(Float80 f, int ase, long a, int bse, long b) {
    int sign = (ase ^ bse) & SIGN;
    if (!isNormal(ase, a) || !isNormal(bse, b) || f.narrowDenormal) {
      if (f.propagate(ase, a, bse, b)) {
        return;
      }
      boolean infinite = isInfinity(ase, a) || isInfinity(bse, b);
      boolean zero = isZero(ase, a) || isZero(bse, b);
      if (infinite && zero) {
        f.invalid();
        return;
      }
      if (f.denormal(ase, a, bse, b)) {
        return;
      }
      if (infinite) {
        f.infinity(sign);
        return;
      }
      if (zero) {
        f.zero(sign);
        return;
      }
    }
    long x = normalised(a);
    long y = normalised(b);
    long high = Math.unsignedMultiplyHigh(x, y);
    long low = x * y;
    int exponent = exponentOf(ase, a) + exponentOf(bse, b) - BIAS + 1;
    if (high >= 0) {
      high = high << 1 | low >>> 63;
      low <<= 1;
      exponent--;
    }
    f.round(sign, exponent, high, low, f.precision());
  }

  /** {@code a / b}. */
  static void divide(Float80 f, int ase, long a, int bse, long b) {
    int sign = (ase ^ bse) & SIGN;
    if (!isNormal(ase, a) || !isNormal(bse, b) || f.narrowDenormal) {
      if (f.propagate(ase, a, bse, b)) {
        return;
      }
      boolean aInfinite = isInfinity(ase, a);
      boolean bInfinite = isInfinity(bse, b);
      boolean aZero = isZero(ase, a);
      boolean bZero = isZero(bse, b);
      if ((aInfinite && bInfinite) || (aZero && bZero)) {
        f.invalid();
        return;
      }
      if (bZero && !aInfinite) {
        f.exceptions |= ZERO_DIVIDE;
        f.infinity(sign);
        return;
      }
      if (f.denormal(ase, a, bse, b)) {
        return;
      }
      if (aInfinite) {
        f.infinity(sign);
        return;
      }
      if (aZero || bInfinite) {
        f.zero(sign);
        return;
      }
    }
    long dividend = normalised(a);
    long divisor = normalised(b);
    int exponent = exponentOf(ase, a) - exponentOf(bse, b) + BIAS;
    long high = dividend;
    long low = 0;
    if (Long.compareUnsigned(dividend, divisor) >= 0) {
      high = dividend >>> 1;
      low = dividend << 63;
    } else {
      exponent--;
    }
    long quotient = divide128(high, low, divisor);
    long remainder = low - quotient * divisor;
    f.round(sign, exponent, quotient, fraction(remainder, divisor), f.precision());
  }

  /** The bits below a quotient, as rounding wants them: half in bit 63, sticky in bit 0. */
  private static long fraction(long remainder, long divisor) {
    if (remainder == 0) {
      return 0;
    }
    // 2 * remainder against the divisor, without overflow.
    int order = Long.compareUnsigned(remainder, divisor - remainder);
    return order < 0 ? 1 : order == 0 ? INTEGER_BIT : INTEGER_BIT | 1;
  }

  /**
   * The quotient of the 128-bit {@code high:low} by {@code divisor}, whose bit 63 is set and which
   * is above {@code high}. Source: Knuth, TAOCP vol. 2, 4.3.1, algorithm D with base 2^32.
   */
  static long divide128(long high, long low, long divisor) {
    long d1 = divisor >>> 32;
    long d0 = divisor & 0xffffffffL;
    long q1 = quotientDigit(high, low >>> 32, d1, d0);
    long rest = (high << 32 | low >>> 32) - q1 * divisor;
    long q0 = quotientDigit(rest, low & 0xffffffffL, d1, d0);
    return q1 << 32 | q0;
  }

  private static long quotientDigit(long high, long next, long d1, long d0) {
    long q = Long.divideUnsigned(high, d1);
    long r = high - q * d1;
    while (q >= 1L << 32 || Long.compareUnsigned(q * d0, r << 32 | next) > 0) {
      q--;
      r += d1;
      if (r >= 1L << 32) {
        break;
      }
    }
    return q;
  }

  /** Square root of {@code a}. */
  static void squareRoot(Float80 f, int ase, long a) {
    if (!isNormal(ase, a) || (ase & SIGN) != 0) {
      if (f.propagate(ase, a)) {
        return;
      }
      if (isZero(ase, a)) {
        f.zero(ase & SIGN);
        return;
      }
      if ((ase & SIGN) != 0) {
        f.invalid();
        return;
      }
      if (isInfinity(ase, a)) {
        f.infinity(0);
        return;
      }
      if (f.denormal(ase, a)) {
        return;
      }
    }
    long x = normalised(a);
    int exponent = exponentOf(ase, a) - BIAS;
    // The radicand is x * 2^62 or x * 2^63, so that the exponent left over is even.
    boolean odd = (exponent & 1) != 0;
    long high = odd ? x : x >>> 1;
    long low = odd ? 0 : x << 63;
    long root = root128(high, low);
    long squareHigh = Math.unsignedMultiplyHigh(root, root);
    long squareLow = root * root;
    long restLow = low - squareLow;
    long restHigh = high - squareHigh - (Long.compareUnsigned(low, squareLow) < 0 ? 1 : 0);
    long fraction;
    if ((restHigh | restLow) == 0) {
      fraction = 0;
    } else if (restHigh != 0 || Long.compareUnsigned(restLow, root) > 0) {
      fraction = INTEGER_BIT | 1;
    } else {
      fraction = 1;
    }
    f.round(0, (exponent >> 1) + BIAS, root, fraction, f.precision());
  }

  /** The integer square root of {@code high:low}, at least 2^126. */
  private static long root128(long high, long low) {
    double estimate = Math.sqrt((double) (high >>> 1) * 2.0) * 0x1p32;
    long root = estimate >= 0x1p64 ? -1L : (long) (estimate * 0.5) << 1;
    if (root >= 0) {
      root = INTEGER_BIT;
    }
    if (Long.compareUnsigned(high, root) >= 0) {
      root = -1L;
    } else {
      // One Newton step doubles the 50 good bits: (root + radicand / root) / 2.
      long quotient = divide128(high, low, root);
      root = (root & quotient) + ((root ^ quotient) >>> 1) | INTEGER_BIT;
    }
    while (squareExceeds(root, high, low)) {
      root--;
    }
    while (root != -1L && !squareExceeds(root + 1, high, low)) {
      root++;
    }
    return root;
  }

  private static boolean squareExceeds(long root, long high, long low) {
    int order = Long.compareUnsigned(Math.unsignedMultiplyHigh(root, root), high);
    return order > 0 || (order == 0 && Long.compareUnsigned(root * root, low) > 0);
  }

  /** Whether an operation already ended with an exception that leaves the operands unchanged. */
  static boolean ended(Float80 f) {
    return f.unmasked(INVALID | Float80.DENORMAL | ZERO_DIVIDE);
  }
}

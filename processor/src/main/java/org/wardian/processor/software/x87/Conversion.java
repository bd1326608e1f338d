package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.BIAS;
import static org.wardian.processor.software.x87.Float80.EXPONENT;
import static org.wardian.processor.software.x87.Float80.INTEGER_BIT;
import static org.wardian.processor.software.x87.Float80.INVALID;
import static org.wardian.processor.software.x87.Float80.OVERFLOW;
import static org.wardian.processor.software.x87.Float80.PRECISION;
import static org.wardian.processor.software.x87.Float80.QUIET_BIT;
import static org.wardian.processor.software.x87.Float80.ROUNDED_UP;
import static org.wardian.processor.software.x87.Float80.SIGN;
import static org.wardian.processor.software.x87.Float80.UNDERFLOW;
import static org.wardian.processor.software.x87.Float80.exponentOf;
import static org.wardian.processor.software.x87.Float80.isInfinity;
import static org.wardian.processor.software.x87.Float80.isNan;
import static org.wardian.processor.software.x87.Float80.normalised;
import static org.wardian.processor.software.x87.Float80.roundsUp;
import static org.wardian.processor.software.x87.Float80.unsupported;

/**
 * Conversions between 80-bit values and the formats of memory operands: float32, float64, 16-, 32-
 * and 64-bit integers and 18-digit packed BCD. Source: Intel SDM vol. 1 §4.2, §4.9 and §8.5.
 */
final class Conversion {
  private static final long TEN_TO_18 = 1_000_000_000_000_000_000L;

  private Conversion() {}

  /** Widens a float32; raises #IA of a signalling NaN, #D of a denormal. */
  static void fromFloat32(Float80 f, int bits) {
    fromFloat(f, bits >>> 31 << 15, bits >>> 23 & 0xff, 0xff, (long) bits << 41 >>> 1, 127);
  }

  /** Widens a float64; raises #IA of a signalling NaN, #D of a denormal. */
  static void fromFloat64(Float80 f, long bits) {
    fromFloat(
        f, (int) (bits >>> 63) << 15, (int) (bits >>> 52) & 0x7ff, 0x7ff, bits << 12 >>> 1, 1023);
  }

  /** {@code fraction} has the first bit after the binary point in bit 62. */
  private static void fromFloat(
      Float80 f, int sign, int exponent, int top, long fraction, int bias) {
    if (exponent == top) {
      if (fraction != 0 && (fraction & QUIET_BIT) == 0) {
        f.exceptions |= INVALID;
        f.set(sign | EXPONENT, fraction | INTEGER_BIT | QUIET_BIT);
        return;
      }
      f.set(sign | EXPONENT, fraction | INTEGER_BIT);
    } else if (exponent != 0) {
      f.set(sign | (exponent - bias + BIAS), fraction | INTEGER_BIT);
    } else if (fraction == 0) {
      f.zero(sign);
    } else {
      f.exceptions |= Float80.DENORMAL;
      int leading = Long.numberOfLeadingZeros(fraction);
      f.set(sign | (1 - bias + BIAS - leading), fraction << leading);
    }
  }

  /**
   * As {@link #fromFloat32}, of an arithmetic operand: NaNs and denormals stay for the operation.
   */
  static void operandFloat32(Float80 f, int bits) {
    fromFloat32(f, bits);
    if ((bits & 0x7f800000) == 0x7f800000) {
      f.significand = INTEGER_BIT | (long) bits << 41 >>> 1;
    }
  }

  /** As {@link #operandFloat32}, of a float64. */
  static void operandFloat64(Float80 f, long bits) {
    fromFloat64(f, bits);
    if ((bits << 1) >>> 53 == 0x7ff) {
      f.significand = INTEGER_BIT | bits << 12 >>> 1;
    }
  }

  /** The float32 nearest by the rounding control, in the low 32 bits. */
  static long toFloat32(Float80 f, int se, long value) {
    return toFloat(f, se, value, 24, 127, 0xff, 192);
  }

  /** The float64 nearest by the rounding control. */
  static long toFloat64(Float80 f, int se, long value) {
    return toFloat(f, se, value, 53, 1023, 0x7ff, 1536);
  }

  private static long toFloat(
      Float80 f, int se, long value, int bits, int bias, int top, int wrap) {
    int sign = se & SIGN;
    int width = bits - 1;
    long signBit = (long) (sign >>> 15) << (bits == 24 ? 31 : 63);
    long infinity = signBit | (long) top << width;
    if (unsupported(se, value)) {
      f.exceptions |= INVALID;
      return 1L << (bits == 24 ? 31 : 63) | (long) top << width | 1L << (width - 1);
    }
    if (isNan(se, value)) {
      if ((value & QUIET_BIT) == 0) {
        f.exceptions |= INVALID;
      }
      return infinity | 1L << (width - 1) | (value << 2 >>> (64 - width + 1));
    }
    if (isInfinity(se, value)) {
      return infinity;
    }
    if (value == 0) {
      return signBit;
    }
    int exponent = exponentOf(se, value) - BIAS + bias;
    long x = normalised(value);
    int drop = 64 - bits;
    long dropped = x & ((1L << drop) - 1);
    boolean half = (dropped & 1L << (drop - 1)) != 0;
    boolean sticky = (dropped & ((1L << (drop - 1)) - 1)) != 0;
    long kept = x >>> drop;
    boolean up = roundsUp(f.rounding(), sign != 0, (kept & 1) != 0, half, sticky);
    int rounded = exponent + (up && kept + 1 == 1L << bits ? 1 : 0);
    if (rounded <= 0) {
      if ((f.control & UNDERFLOW) == 0) {
        // Nothing is stored, and nothing was rounded: no #P.
        f.exceptions |= UNDERFLOW;
        return 0;
      }
      // The denormal range; everything lost below the last bit is sticky.
      int shift = Math.min(63, drop + 1 - exponent);
      boolean all = drop + 1 - exponent > 64;
      boolean exactly64 = drop + 1 - exponent == 64;
      if (all || exactly64) {
        kept = 0;
        half = exactly64;
        sticky = all || x << 1 != 0;
      } else {
        kept = x >>> shift;
        half = (x >>> (shift - 1) & 1) != 0;
        sticky = (x & ((1L << (shift - 1)) - 1)) != 0;
      }
      up = roundsUp(f.rounding(), sign != 0, (kept & 1) != 0, half, sticky);
      note(f, half || sticky, up, UNDERFLOW);
      return signBit | (up ? kept + 1 : kept);
    }
    if (rounded >= top) {
      f.exceptions |= OVERFLOW;
      if (f.unmasked(OVERFLOW)) {
        return 0;
      }
      f.exceptions |= PRECISION;
      if (roundsUp(f.rounding(), sign != 0, true, true, true)) {
        f.exceptions |= ROUNDED_UP;
        return infinity;
      }
      return infinity - 1;
    }
    note(f, half || sticky, up, 0);
    // The carry of a rounding goes into the exponent by itself.
    long fraction = (kept & ((1L << width) - 1)) + (up ? 1 : 0);
    return signBit | (((long) exponent << width) + fraction);
  }

  private static void note(Float80 f, boolean inexact, boolean up, int also) {
    if (inexact) {
      f.exceptions |= PRECISION | also;
      if (up) {
        f.exceptions |= ROUNDED_UP;
      }
    }
  }

  /**
   * Converts to a signed integer of {@code bits} (16, 32, 64); #IA gives the integer indefinite.
   */
  static long toInteger(Float80 f, int se, long value, int bits, int rounding) {
    long indefinite = -1L << (bits - 1);
    if (unsupported(se, value) || (se & EXPONENT) == EXPONENT) {
      f.exceptions |= INVALID;
      return indefinite;
    }
    if (value == 0) {
      return 0;
    }
    boolean negative = (se & SIGN) != 0;
    int exponent = exponentOf(se, value) - BIAS;
    if (exponent > 63) {
      f.exceptions |= INVALID;
      return indefinite;
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
      long fraction = exponent == 63 ? 0 : x << (exponent + 1);
      half = fraction < 0;
      sticky = fraction << 1 != 0;
    }
    boolean up = roundsUp(rounding, negative, (integer & 1) != 0, half, sticky);
    if (up) {
      integer++;
    }
    long limit = (1L << (bits - 1)) - (negative ? 0 : 1);
    if (Long.compareUnsigned(integer, limit) > 0 || (integer == 0 && exponent == 63)) {
      f.exceptions |= INVALID;
      return indefinite;
    }
    note(f, half || sticky, up, 0);
    return negative ? -integer : integer;
  }

  /**
   * Converts to packed BCD: the low 16 digits are returned, the two high ones with the sign byte
   * above them are left in the low 16 bits of {@code f.signExponent}.
   */
  static long toBcd(Float80 f, int se, long value) {
    int before = f.exceptions;
    long integer = toInteger(f, se, value, 64, f.rounding());
    long magnitude = Math.abs(integer);
    if (magnitude >= TEN_TO_18 || magnitude < 0) {
      f.exceptions = before | INVALID;
      f.signExponent = 0xffff;
      return 0xc000000000000000L;
    }
    long digits = 0;
    for (int i = 0; i < 64; i += 4) {
      digits |= magnitude % 10 << i;
      magnitude /= 10;
    }
    f.signExponent = se & SIGN | (int) (magnitude / 10 << 4 | magnitude % 10);
    return digits;
  }

  /** Widens packed BCD: 16 low digits, then two digits and the sign byte in {@code high}. */
  static void fromBcd(Float80 f, long low, int high) {
    long value = (high >>> 4 & 15) * 10L + (high & 15);
    for (int i = 60; i >= 0; i -= 4) {
      value = value * 10 + (low >>> i & 15);
    }
    Remainder.integer(f, value);
    f.signExponent |= high & SIGN;
  }
}

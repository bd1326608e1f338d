package org.wardian.processor.software.sse;

import static org.wardian.processor.software.sse.IeeeArithmetic.DOWN;
import static org.wardian.processor.software.sse.IeeeArithmetic.INVALID;
import static org.wardian.processor.software.sse.IeeeArithmetic.NEAREST;
import static org.wardian.processor.software.sse.IeeeArithmetic.PRECISION;
import static org.wardian.processor.software.sse.IeeeArithmetic.UP;

/**
 * Conversions between binary32, binary64 and integers, exact in every rounding mode. Flags are
 * collected in the {@link IeeeArithmetic} that is passed. Source: Intel SDM vol. 1 §4.8.4,
 * §11.4.1.6, appendix E.
 */
final class IeeeConversions {
  /** Immediate of ROUNDxx: take MXCSR's rounding mode. */
  private static final int USE_MXCSR = 1 << 2;

  /** Immediate of ROUNDxx: do not signal an inexact result. */
  private static final int SUPPRESS_PRECISION = 1 << 3;

  private IeeeConversions() {}

  /** A signed integer as a value of the format. */
  static long fromInteger(IeeeArithmetic ieee, long value, int format) {
    if (value == 0) {
      return 0;
    }
    int exponent = IeeeFormat.bias(format) + 62;
    if (value == Long.MIN_VALUE) {
      return ieee.normalizeAndRound(true, exponent + 1, 1L << 62, format);
    }
    return ieee.normalizeAndRound(value < 0, exponent, Math.abs(value), format);
  }

  /**
   * A value as a signed integer of {@code bits} (32 or 64) bits, sign-extended. What does not fit
   * is invalid and gives the "integer indefinite", the most negative number.
   */
  static long toInteger(IeeeArithmetic ieee, long source, int format, int bits, int rounding) {
    long a = ieee.operand(source, format);
    if (IeeeFormat.magnitude(a, format) == 0) {
      return 0;
    }
    boolean negative = IeeeFormat.negative(a, format);
    int exponent = IeeeFormat.exponent(a, format) - IeeeFormat.bias(format);
    if (exponent > 62) {
      if (!(bits == 64 && negative && exponent == 63 && IeeeFormat.fraction(a, format) == 0)) {
        ieee.raise(INVALID);
      }
      return Long.MIN_VALUE >> (64 - bits);
    }
    long quarters = quarters(a, exponent, format);
    long integer =
        quarters == -1
            ? IeeeFormat.significand(a, format) >>> (62 - exponent)
            : roundQuarters(quarters, negative, rounding);
    long value = negative ? -integer : integer;
    if (bits == 32 && value != (int) value) {
      ieee.raise(INVALID);
      return Integer.MIN_VALUE;
    }
    if (quarters != -1 && (quarters & 3) != 0) {
      ieee.raise(PRECISION);
    }
    return value;
  }

  /** Four times the magnitude of {@code a}, the lowest bit sticky; -1 for an integer above 2^53. */
  private static long quarters(long a, int exponent, int format) {
    if (exponent > IeeeFormat.DOUBLE) {
      return -1;
    }
    if (IeeeFormat.exponent(a, format) == 0) {
      return 1;
    }
    return IeeeFormat.shiftRightSticky(IeeeFormat.significand(a, format), 60 - exponent);
  }

  private static long roundQuarters(long quarters, boolean negative, int rounding) {
    long integer = quarters >>> 2;
    int rest = (int) quarters & 3;
    boolean away =
        switch (rounding) {
          case NEAREST -> rest == 3 || rest == 2 && (integer & 1) != 0;
          case DOWN -> rest != 0 && negative;
          case UP -> rest != 0 && !negative;
          default -> false;
        };
    return away ? integer + 1 : integer;
  }

  /** ROUNDSD and ROUNDPD: the host's rounding where there is nothing to tell about the result. */
  static long roundToIntegral64(IeeeArithmetic ieee, long source, int control) {
    if (FastFloat.plain64(source)) {
      double value = Double.longBitsToDouble(source);
      double rounded =
          switch ((control & USE_MXCSR) != 0 ? ieee.rounding() : control & 3) {
            case NEAREST -> Math.rint(value);
            case DOWN -> Math.floor(value);
            case UP -> Math.ceil(value);
            default -> value < 0 ? Math.ceil(value) : Math.floor(value);
          };
      if (rounded == value || (control & SUPPRESS_PRECISION) != 0 || ieee.inexactIsFree()) {
        return Double.doubleToRawLongBits(rounded);
      }
    }
    return roundToIntegral(ieee, source, control, IeeeFormat.DOUBLE);
  }

  /** ROUNDxx with its immediate. */
  static long roundToIntegral(IeeeArithmetic ieee, long source, int control, int format) {
    long a = ieee.operand(source, format);
    int exponent = IeeeFormat.exponent(a, format) - IeeeFormat.bias(format);
    if (exponent >= format) {
      return IeeeFormat.isNan(a, format) ? ieee.propagate(a, format) : a;
    }
    if (IeeeFormat.magnitude(a, format) == 0) {
      return a;
    }
    boolean negative = IeeeFormat.negative(a, format);
    int rounding = (control & USE_MXCSR) != 0 ? ieee.rounding() : control & 3;
    long quarters = quarters(a, exponent, format);
    if ((quarters & 3) == 0) {
      return a;
    }
    if ((control & SUPPRESS_PRECISION) == 0) {
      ieee.raise(PRECISION);
    }
    long integer = roundQuarters(quarters, negative, rounding);
    long sign = negative ? IeeeFormat.sign(format) : 0;
    return integer == 0 ? sign : sign | fromInteger(ieee, integer, format);
  }

  /** CVTSS2SD. */
  static long widen(IeeeArithmetic ieee, long source) {
    long a = ieee.operand(source, IeeeFormat.SINGLE);
    long sign = (a & 1L << 31) << 32;
    long fraction = a & 0x7f_ffff;
    if (IeeeFormat.isNan(a, IeeeFormat.SINGLE)) {
      return sign
          | IeeeFormat.infinity(IeeeFormat.DOUBLE)
          | ieee.propagate(a, IeeeFormat.SINGLE) << 29 & 0x000f_ffff_ffff_ffffL;
    }
    int exponent = IeeeFormat.exponent(a, IeeeFormat.SINGLE);
    if (exponent == 0xff) {
      return sign | IeeeFormat.infinity(IeeeFormat.DOUBLE);
    }
    if (exponent != 0) {
      return sign | (exponent + 0x380L) << 52 | fraction << 29;
    }
    if (fraction == 0) {
      return sign;
    }
    ieee.checkDenormal(a, IeeeFormat.SINGLE);
    int scale = IeeeFormat.scale(a, IeeeFormat.SINGLE);
    long significand = IeeeFormat.significand(a, IeeeFormat.SINGLE);
    return sign | (scale + 0x37fL << 52) + (significand >>> 10);
  }

  /** CVTSD2SS. */
  static long narrow(IeeeArithmetic ieee, long source) {
    long a = ieee.operand(source, IeeeFormat.DOUBLE);
    boolean negative = a < 0;
    long sign = negative ? 1L << 31 : 0;
    if (IeeeFormat.isNan(a, IeeeFormat.DOUBLE)) {
      return sign
          | IeeeFormat.infinity(IeeeFormat.SINGLE)
          | ieee.propagate(a, IeeeFormat.DOUBLE) >>> 29 & 0x7f_ffff;
    }
    long magnitude = a & Long.MAX_VALUE;
    if (magnitude == IeeeFormat.infinity(IeeeFormat.DOUBLE)) {
      return sign | IeeeFormat.infinity(IeeeFormat.SINGLE);
    }
    if (magnitude == 0) {
      return sign;
    }
    ieee.checkDenormal(a, IeeeFormat.DOUBLE);
    int exponent = IeeeFormat.scale(a, IeeeFormat.DOUBLE) - 0x3ff + 0x7f;
    long significand = IeeeFormat.significand(a, IeeeFormat.DOUBLE);
    return ieee.normalizeAndRound(negative, exponent, significand, IeeeFormat.SINGLE);
  }
}

package org.wardian.processor.software.sse;

/**
 * The two IEEE 754 formats of SSE, binary32 and binary64: fields and classes of values. A value
 * travels as its bits in a {@code long}, a binary32 value with the upper half zero; a format is
 * named by its number of fraction bits. Source: Intel SDM vol. 1 §4.8.
 */
final class IeeeFormat {
  /** binary32. */
  static final int SINGLE = 23;

  /** binary64. */
  static final int DOUBLE = 52;

  private IeeeFormat() {}

  static long sign(int format) {
    return format == DOUBLE ? Long.MIN_VALUE : 1L << 31;
  }

  static int maximumExponent(int format) {
    return format == DOUBLE ? 0x7ff : 0xff;
  }

  static int bias(int format) {
    return format == DOUBLE ? 0x3ff : 0x7f;
  }

  static long infinity(int format) {
    return (long) maximumExponent(format) << format;
  }

  /** The quiet NaN that answers an invalid operation: "QNaN floating-point indefinite". */
  static long indefinite(int format) {
    return format == DOUBLE ? 0xfff8_0000_0000_0000L : 0xffc0_0000L;
  }

  static int exponent(long a, int format) {
    return (int) (a >>> format) & maximumExponent(format);
  }

  static long fraction(long a, int format) {
    return a & ((1L << format) - 1);
  }

  static long magnitude(long a, int format) {
    return a & ~sign(format);
  }

  static boolean negative(long a, int format) {
    return (a & sign(format)) != 0;
  }

  static boolean isNan(long a, int format) {
    return magnitude(a, format) > infinity(format);
  }

  static boolean isSignaling(long a, int format) {
    return isNan(a, format) && (a & 1L << (format - 1)) == 0;
  }

  static boolean isDenormal(long a, int format) {
    return exponent(a, format) == 0 && fraction(a, format) != 0;
  }

  static long quiet(long nan, int format) {
    return nan | 1L << (format - 1);
  }

  /** Significand of a finite non-zero value, its leading bit moved to bit 62. */
  static long significand(long a, int format) {
    long fraction = fraction(a, format);
    return exponent(a, format) == 0
        ? fraction << (Long.numberOfLeadingZeros(fraction) - 1)
        : (fraction | 1L << format) << (62 - format);
  }

  /** Biased exponent that belongs to {@link #significand}; below 1 for a denormal. */
  static int scale(long a, int format) {
    int exponent = exponent(a, format);
    return exponent != 0 ? exponent : 64 - format - Long.numberOfLeadingZeros(fraction(a, format));
  }

  /** Significand with the implicit bit at bit 61, not normalized, so that a sum fits. */
  static long aligned(long a, int format) {
    long implicit = exponent(a, format) == 0 ? 0 : 1L << format;
    return (fraction(a, format) | implicit) << (61 - format);
  }

  /** A number whose signed order is that of the values; not for NaNs. */
  static long ordered(long a, int format) {
    long magnitude = magnitude(a, format);
    return negative(a, format) ? -magnitude : magnitude;
  }

  /** Shifts right; a bit that is lost leaves the lowest one set. */
  static long shiftRightSticky(long value, int count) {
    if (count == 0) {
      return value;
    }
    if (count > 62) {
      return value == 0 ? 0 : 1;
    }
    return value >>> count | ((value & ((1L << count) - 1)) != 0 ? 1 : 0);
  }
}

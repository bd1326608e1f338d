package org.wardian.processor.software.sse;

/**
 * The usual case of floating-point arithmetic on the host's own: operands and result are normal or
 * zero, rounding is to nearest, and the result is exact or nothing is left to tell about it. All
 * else goes to {@link IeeeArithmetic}.
 *
 * <p>DAZ and FTZ play no part, since no denormal is met. Whether a result is exact is read from its
 * residual, which the formulas below compute without error.
 */
final class FastFloat {
  /** Above this no residual underflows. */
  private static final double RESIDUAL_LIMIT = 0x1p-900;

  private FastFloat() {}

  /**
   * Whether a binary64 value is zero or normal. The least exponent is refused too, since a result
   * there may have been tiny before it was rounded.
   */
  static boolean plain64(long a) {
    return ((a >>> 52) + 1 & 0x7ff) > 2 || a << 1 == 0;
  }

  /** As {@link #plain64} for binary32. */
  static boolean plain32(int a) {
    return ((a >>> 23) + 1 & 0xff) > 2 || a << 1 == 0;
  }

  static long add64(IeeeArithmetic ieee, long a, long b) {
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    double sum = x + y;
    long bits = Double.doubleToRawLongBits(sum);
    if (plain64(a) && plain64(b) && plain64(bits) && ieee.nearest()) {
      if (ieee.inexactIsFree() || exactSum(x, y, sum)) {
        return bits;
      }
    }
    return ieee.add(a, b, IeeeFormat.DOUBLE);
  }

  static long subtract64(IeeeArithmetic ieee, long a, long b) {
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    double difference = x - y;
    long bits = Double.doubleToRawLongBits(difference);
    if (plain64(a) && plain64(b) && plain64(bits) && ieee.nearest()) {
      if (ieee.inexactIsFree() || exactSum(x, -y, difference)) {
        return bits;
      }
    }
    return ieee.subtract(a, b, IeeeFormat.DOUBLE);
  }

  /** Knuth's TwoSum; an overflow on the way makes a NaN, which is not exact. */
  private static boolean exactSum(double x, double y, double sum) {
    double part = sum - x;
    return (x - (sum - part)) + (y - part) == 0;
  }

  static long multiply64(IeeeArithmetic ieee, long a, long b) {
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    double product = x * y;
    long bits = Double.doubleToRawLongBits(product);
    if (plain64(a) && plain64(b) && plain64(bits) && ieee.nearest()) {
      if (product == 0) {
        if (x == 0 || y == 0) {
          return bits;
        }
      } else if (ieee.inexactIsFree()
          || Math.abs(product) > RESIDUAL_LIMIT && Math.fma(x, y, -product) == 0) {
        return bits;
      }
    }
    return ieee.multiply(a, b, IeeeFormat.DOUBLE);
  }

  static long divide64(IeeeArithmetic ieee, long a, long b) {
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    double quotient = x / y;
    long bits = Double.doubleToRawLongBits(quotient);
    if (plain64(a) && plain64(b) && plain64(bits) && ieee.nearest()) {
      if (quotient == 0) {
        if (x == 0) {
          return bits;
        }
      } else if (ieee.inexactIsFree()
          || Math.abs(x) > RESIDUAL_LIMIT && Math.fma(quotient, y, -x) == 0) {
        return bits;
      }
    }
    return ieee.divide(a, b, IeeeFormat.DOUBLE);
  }

  static long squareRoot64(IeeeArithmetic ieee, long a) {
    double x = Double.longBitsToDouble(a);
    double root = Math.sqrt(x);
    if (plain64(a) && x > RESIDUAL_LIMIT && ieee.nearest()) {
      if (ieee.inexactIsFree() || Math.fma(root, root, -x) == 0) {
        return Double.doubleToRawLongBits(root);
      }
    }
    return ieee.squareRoot(a, IeeeFormat.DOUBLE);
  }

  static long minimum64(IeeeArithmetic ieee, long a, long b) {
    if (plain64(a) && plain64(b)) {
      return Double.longBitsToDouble(a) < Double.longBitsToDouble(b) ? a : b;
    }
    return IeeeComparisons.minimum(ieee, a, b, IeeeFormat.DOUBLE);
  }

  static long maximum64(IeeeArithmetic ieee, long a, long b) {
    if (plain64(a) && plain64(b)) {
      return Double.longBitsToDouble(a) > Double.longBitsToDouble(b) ? a : b;
    }
    return IeeeComparisons.maximum(ieee, a, b, IeeeFormat.DOUBLE);
  }

  // binary32: the residual of one operation fits a double.

  static int add32(IeeeArithmetic ieee, int a, int b) {
    float x = Float.intBitsToFloat(a);
    float y = Float.intBitsToFloat(b);
    float sum = x + y;
    int bits = Float.floatToRawIntBits(sum);
    if (plain32(a) && plain32(b) && plain32(bits) && ieee.nearest()) {
      if (ieee.inexactIsFree() || exactSum(x, y, sum)) {
        return bits;
      }
    }
    return (int) ieee.add(wide(a), wide(b), IeeeFormat.SINGLE);
  }

  static int subtract32(IeeeArithmetic ieee, int a, int b) {
    float x = Float.intBitsToFloat(a);
    float y = Float.intBitsToFloat(b);
    float difference = x - y;
    int bits = Float.floatToRawIntBits(difference);
    if (plain32(a) && plain32(b) && plain32(bits) && ieee.nearest()) {
      if (ieee.inexactIsFree() || exactSum(x, -y, difference)) {
        return bits;
      }
    }
    return (int) ieee.subtract(wide(a), wide(b), IeeeFormat.SINGLE);
  }

  private static boolean exactSum(float x, float y, float sum) {
    float part = sum - x;
    return (x - (sum - part)) + (y - part) == 0;
  }

  static int multiply32(IeeeArithmetic ieee, int a, int b) {
    float x = Float.intBitsToFloat(a);
    float y = Float.intBitsToFloat(b);
    float product = x * y;
    int bits = Float.floatToRawIntBits(product);
    if (plain32(a) && plain32(b) && plain32(bits) && ieee.nearest()) {
      if (product == 0) {
        if (x == 0 || y == 0) {
          return bits;
        }
      } else if (ieee.inexactIsFree() || (double) x * y == product) {
        return bits;
      }
    }
    return (int) ieee.multiply(wide(a), wide(b), IeeeFormat.SINGLE);
  }

  static int divide32(IeeeArithmetic ieee, int a, int b) {
    float x = Float.intBitsToFloat(a);
    float y = Float.intBitsToFloat(b);
    float quotient = x / y;
    int bits = Float.floatToRawIntBits(quotient);
    if (plain32(a) && plain32(b) && plain32(bits) && ieee.nearest()) {
      if (quotient == 0) {
        if (x == 0) {
          return bits;
        }
      } else if (ieee.inexactIsFree() || (double) quotient * y == x) {
        return bits;
      }
    }
    return (int) ieee.divide(wide(a), wide(b), IeeeFormat.SINGLE);
  }

  static int squareRoot32(IeeeArithmetic ieee, int a) {
    float x = Float.intBitsToFloat(a);
    if (plain32(a) && x > 0 && ieee.nearest()) {
      // The double root of a float, rounded again, is the float root: 53 > 2 * 24 + 2 bits.
      float root = (float) Math.sqrt(x);
      if (ieee.inexactIsFree() || (double) root * root == x) {
        return Float.floatToRawIntBits(root);
      }
    }
    return (int) ieee.squareRoot(wide(a), IeeeFormat.SINGLE);
  }

  static int minimum32(IeeeArithmetic ieee, int a, int b) {
    if (plain32(a) && plain32(b)) {
      return Float.intBitsToFloat(a) < Float.intBitsToFloat(b) ? a : b;
    }
    return (int) IeeeComparisons.minimum(ieee, wide(a), wide(b), IeeeFormat.SINGLE);
  }

  static int maximum32(IeeeArithmetic ieee, int a, int b) {
    if (plain32(a) && plain32(b)) {
      return Float.intBitsToFloat(a) > Float.intBitsToFloat(b) ? a : b;
    }
    return (int) IeeeComparisons.maximum(ieee, wide(a), wide(b), IeeeFormat.SINGLE);
  }

  static long wide(int a) {
    return a & 0xffff_ffffL;
  }
}

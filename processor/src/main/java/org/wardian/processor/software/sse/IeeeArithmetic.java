package org.wardian.processor.software.sse;

import static org.wardian.processor.software.sse.IeeeFormat.DOUBLE;
import static org.wardian.processor.software.sse.IeeeFormat.aligned;
import static org.wardian.processor.software.sse.IeeeFormat.bias;
import static org.wardian.processor.software.sse.IeeeFormat.exponent;
import static org.wardian.processor.software.sse.IeeeFormat.indefinite;
import static org.wardian.processor.software.sse.IeeeFormat.infinity;
import static org.wardian.processor.software.sse.IeeeFormat.isDenormal;
import static org.wardian.processor.software.sse.IeeeFormat.isNan;
import static org.wardian.processor.software.sse.IeeeFormat.isSignaling;
import static org.wardian.processor.software.sse.IeeeFormat.magnitude;
import static org.wardian.processor.software.sse.IeeeFormat.maximumExponent;
import static org.wardian.processor.software.sse.IeeeFormat.negative;
import static org.wardian.processor.software.sse.IeeeFormat.quiet;
import static org.wardian.processor.software.sse.IeeeFormat.scale;
import static org.wardian.processor.software.sse.IeeeFormat.shiftRightSticky;
import static org.wardian.processor.software.sse.IeeeFormat.sign;
import static org.wardian.processor.software.sse.IeeeFormat.significand;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.StateLayout;

/**
 * IEEE 754 binary32 and binary64 arithmetic as MXCSR controls it: four rounding modes, denormals
 * read as zero (DAZ), tiny results flushed (FTZ), six exception flags. It is written with integers
 * and so exact in every mode; {@link FastFloat} covers the usual case with the host's own
 * arithmetic.
 *
 * <p>Values and formats are those of {@link IeeeFormat}. An instruction calls {@link #begin}, then
 * operations that collect flags, then {@link #commit}, and only then writes its result.
 *
 * <p>Source: Intel SDM vol. 1 §4.8.4, §4.9, §10.2.3, §11.5 and appendix E; judged against the
 * host's processor.
 */
final class IeeeArithmetic {
  static final int INVALID = 1;
  static final int DENORMAL = 1 << 1;
  static final int ZERO_DIVIDE = 1 << 2;
  static final int OVERFLOW = 1 << 3;
  static final int UNDERFLOW = 1 << 4;
  static final int PRECISION = 1 << 5;

  private static final int DENORMALS_ARE_ZERO = 1 << 6;
  private static final int MASKS = 7;
  private static final int UNDERFLOW_MASK = UNDERFLOW << MASKS;
  private static final int PRECISION_MASK = PRECISION << MASKS;
  private static final int ROUNDING = 3 << 13;
  private static final int FLUSH_TO_ZERO = 1 << 15;

  /** Exceptions that are found before an operation is computed. */
  private static final int PRE_COMPUTATION = INVALID | DENORMAL | ZERO_DIVIDE;

  static final int NEAREST = 0;
  static final int DOWN = 1;
  static final int UP = 2;
  static final int TOWARDS_ZERO = 3;

  private static final long CR4_OSXMMEXCPT = 1 << 10;

  private int control;
  private int raised;

  /** Flags of the stages of the instruction that are complete. */
  private int settled;

  /** Reads MXCSR and forgets the flags of the instruction before. */
  void begin(VcpuContext context) {
    control = RawMemory.getInt(context.state + StateLayout.MXCSR);
    raised = 0;
    settled = 0;
  }

  /** Ends a stage of an instruction: an unmasked exception in it stops the next, as at the end. */
  void endStage(VcpuContext context) {
    if (faults()) {
      commit(context);
    }
    settled |= raised;
    raised = 0;
  }

  /**
   * Makes the collected flags sticky.
   *
   * @throws org.wardian.processor.software.GuestFault #XM where one of them is unmasked, or #UD if
   *     CR4.OSXMMEXCPT is clear
   */
  void commit(VcpuContext context) {
    if ((raised | settled) != 0) {
      commitRaised(context);
    }
  }

  private void commitRaised(VcpuContext context) {
    int flags = raised;
    if (faults()) {
      // An unmasked pre-computation exception in any element stops the others from being computed.
      if ((flags & PRE_COMPUTATION & ~(control >> MASKS)) != 0) {
        flags &= PRE_COMPUTATION;
      }
      RawMemory.putInt(context.state + StateLayout.MXCSR, control | settled | flags);
      boolean reported = (context.cr(4) & CR4_OSXMMEXCPT) != 0;
      throw context.fault(reported ? Vector.XM : Vector.UD, 0);
    }
    RawMemory.putInt(context.state + StateLayout.MXCSR, control | settled | flags);
  }

  private boolean faults() {
    return (raised & ~(control >> MASKS)) != 0;
  }

  /** Whether results are rounded to nearest. */
  boolean nearest() {
    return (control & ROUNDING) == 0;
  }

  /** Whether an inexact result would change nothing: PE is masked and already set. */
  boolean inexactIsFree() {
    return (control & (PRECISION | PRECISION_MASK)) == (PRECISION | PRECISION_MASK);
  }

  /** Rounding mode of MXCSR: {@link #NEAREST} and so on. */
  int rounding() {
    return (control & ROUNDING) >> 13;
  }

  void raise(int flags) {
    raised |= flags;
  }

  /** The operand as DAZ shows it. */
  long operand(long a, int format) {
    return (control & DENORMALS_ARE_ZERO) != 0 && isDenormal(a, format) ? a & sign(format) : a;
  }

  /** Flags a denormal operand; the caller has applied {@link #operand}. */
  void checkDenormal(long a, int format) {
    if (isDenormal(a, format)) {
      raised |= DENORMAL;
    }
  }

  private long invalid(int format) {
    raised |= INVALID;
    return indefinite(format);
  }

  /** Result of a two-operand operation with a NaN: the first one, made quiet. */
  private long propagate(long a, long b, int format) {
    if (isSignaling(a, format) || isSignaling(b, format)) {
      raised |= INVALID;
    }
    return quiet(isNan(a, format) ? a : b, format);
  }

  /** Quiet form of the NaN {@code a}, an operand of its own. */
  long propagate(long a, int format) {
    if (isSignaling(a, format)) {
      raised |= INVALID;
    }
    return quiet(a, format);
  }

  // Operations.

  long add(long a, long b, int format) {
    return sum(a, b, 0, format);
  }

  long subtract(long a, long b, int format) {
    return sum(a, b, sign(format), format);
  }

  private long sum(long first, long second, long flip, int format) {
    long a = operand(first, format);
    long b = operand(second, format);
    if (isNan(a, format) || isNan(b, format)) {
      return propagate(a, b, format);
    }
    b ^= flip;
    long sign = sign(format);
    long infinity = infinity(format);
    boolean infiniteB = (b & ~sign) == infinity;
    if ((a & ~sign) == infinity) {
      if (infiniteB && a != b) {
        return invalid(format);
      }
      checkDenormal(b, format);
      return a;
    }
    checkDenormal(a, format);
    if (infiniteB) {
      return b;
    }
    checkDenormal(b, format);
    int exponentA = Math.max(exponent(a, format), 1);
    int exponentB = Math.max(exponent(b, format), 1);
    long x = aligned(a, format);
    long y = aligned(b, format);
    if (exponentA > exponentB) {
      y = shiftRightSticky(y, exponentA - exponentB);
    } else {
      x = shiftRightSticky(x, exponentB - exponentA);
    }
    boolean negative = negative(a, format);
    if (negative == negative(b, format)) {
      x += y;
    } else {
      x -= y;
      if (x < 0) {
        x = -x;
        negative = !negative;
      } else if (x == 0) {
        negative = rounding() == DOWN;
      }
    }
    if (x == 0) {
      return negative ? sign : 0;
    }
    return normalizeAndRound(negative, Math.max(exponentA, exponentB) + 1, x, format);
  }

  long multiply(long first, long second, int format) {
    long a = operand(first, format);
    long b = operand(second, format);
    if (isNan(a, format) || isNan(b, format)) {
      return propagate(a, b, format);
    }
    long sign = (a ^ b) & sign(format);
    long x = magnitude(a, format);
    long y = magnitude(b, format);
    long infinity = infinity(format);
    if (x == infinity || y == infinity) {
      if (x == 0 || y == 0) {
        return invalid(format);
      }
      checkDenormal(a, format);
      checkDenormal(b, format);
      return sign | infinity;
    }
    checkDenormal(a, format);
    checkDenormal(b, format);
    if (x == 0 || y == 0) {
      return sign;
    }
    int exponent = scale(a, format) + scale(b, format) - bias(format);
    long p = significand(a, format);
    long q = significand(b, format) << 1;
    long product = Math.unsignedMultiplyHigh(p, q);
    if (p * q != 0) {
      product |= 1;
    }
    return normalizeAndRound(sign != 0, exponent + 1, product, format);
  }

  long divide(long first, long second, int format) {
    long a = operand(first, format);
    long b = operand(second, format);
    if (isNan(a, format) || isNan(b, format)) {
      return propagate(a, b, format);
    }
    long sign = (a ^ b) & sign(format);
    long x = magnitude(a, format);
    long y = magnitude(b, format);
    long infinity = infinity(format);
    if (x == infinity || y == 0) {
      if (x == y || x == infinity && y == infinity) {
        return invalid(format);
      }
      if (x != infinity) {
        raised |= ZERO_DIVIDE;
        return sign | infinity;
      }
      checkDenormal(b, format);
      return sign | infinity;
    }
    checkDenormal(a, format);
    checkDenormal(b, format);
    if (y == infinity || x == 0) {
      return sign;
    }
    int exponent = scale(a, format) - scale(b, format) + bias(format);
    // Both significands are integers of 53 bits: the host's quotient and its remainder are exact.
    double p = significand(a, format) >>> 10;
    double q = significand(b, format) >>> 10;
    double quotient = p / q;
    double remainder = Math.fma(-quotient, q, p);
    return roundHost(sign != 0, exponent, quotient, remainder, format);
  }

  long squareRoot(long source, int format) {
    long a = operand(source, format);
    if (isNan(a, format)) {
      return propagate(a, format);
    }
    if (magnitude(a, format) == 0) {
      return a;
    }
    if (negative(a, format)) {
      return invalid(format);
    }
    if (a == infinity(format)) {
      return a;
    }
    checkDenormal(a, format);
    int exponent = scale(a, format) - bias(format);
    double radicand = (significand(a, format) >>> 10) * 0x1p-52;
    if ((exponent & 1) != 0) {
      radicand *= 2;
    }
    double root = Math.sqrt(radicand);
    double remainder = Math.fma(-root, root, radicand);
    return roundHost(false, (exponent >> 1) + bias(format), root, remainder, format);
  }

  /**
   * Rounds {@code value} * 2^({@code exponent} - bias), where {@code value} was rounded to nearest
   * by the host and the sign of {@code remainder} tells on which side of it the exact value lies.
   */
  private long roundHost(
      boolean negative, int exponent, double value, double remainder, int format) {
    long bits = Double.doubleToRawLongBits(value);
    long significand = significand(bits, DOUBLE);
    if (remainder > 0) {
      significand |= 1;
    } else if (remainder < 0) {
      significand--;
    }
    int scale = exponent + Math.getExponent(value);
    return normalizeAndRound(negative, scale, significand, format);
  }

  // Rounding.

  /**
   * Rounds {@code significand} / 2^62 * 2^({@code exponent} - bias) to the format; the significand
   * is positive and need not be normalized, its lowest bit may be sticky.
   */
  long normalizeAndRound(boolean negative, int exponent, long significand, int format) {
    int shift = Long.numberOfLeadingZeros(significand) - 1;
    return round(negative, exponent - shift, significand << shift, format);
  }

  private long round(boolean negative, int biased, long normalized, int format) {
    int exponent = biased;
    long significand = normalized;
    int drop = 62 - format;
    long rest = (1L << drop) - 1;
    long increment = increment(negative, drop);
    long sign = negative ? sign(format) : 0;
    if (exponent <= 0) {
      // Tininess is judged after rounding, as if the exponent had no limit (SDM vol. 1 §4.9.1.5).
      boolean tiny = exponent < 0 || significand + increment >= 0;
      if (tiny && (control & UNDERFLOW_MASK) == 0) {
        raised |= UNDERFLOW | ((significand & rest) != 0 ? PRECISION : 0);
        return sign;
      }
      if (tiny && (control & FLUSH_TO_ZERO) != 0) {
        raised |= UNDERFLOW | PRECISION;
        return sign;
      }
      significand = shiftRightSticky(significand, 1 - exponent);
      exponent = 1;
      if ((significand & rest) != 0) {
        raised |= tiny ? UNDERFLOW | PRECISION : PRECISION;
      }
    } else if ((significand & rest) != 0) {
      raised |= PRECISION;
    }
    long rounded = (significand + increment) >>> drop;
    if (increment == 1L << (drop - 1) && (significand & rest) == increment) {
      rounded &= ~1;
    }
    // The implicit bit adds one to the exponent field; a carry out of rounding does too.
    long bits = ((long) (exponent - 1) << format) + rounded;
    if (exponent >= maximumExponent(format) || bits >= infinity(format)) {
      return overflow(sign, increment, significand & rest, format);
    }
    return sign | bits;
  }

  private long overflow(long sign, long increment, long rest, int format) {
    raised |= OVERFLOW;
    if ((control & OVERFLOW << MASKS) == 0) {
      raised |= rest != 0 ? PRECISION : 0;
      return sign;
    }
    raised |= PRECISION;
    // Without an increment the mode rounds towards zero: the largest finite value.
    return sign | (increment == 0 ? infinity(format) - 1 : infinity(format));
  }

  /** What is added to a significand before its low {@code drop} bits are cut. */
  private long increment(boolean negative, int drop) {
    return switch (rounding()) {
      case NEAREST -> 1L << (drop - 1);
      case DOWN -> negative ? (1L << drop) - 1 : 0;
      case UP -> negative ? 0 : (1L << drop) - 1;
      default -> 0;
    };
  }
}

package org.wardian.processor.software.x87;

/**
 * The result register of x87 arithmetic: one 80-bit value with the exceptions that producing it
 * raised, and the rounding that every operation ends with.
 *
 * <p>A value is given as {@code se} (sign in bit 15, biased exponent in bits 14:0) and a 64-bit
 * significand with explicit integer bit. Nothing is allocated: an operation leaves its result in
 * {@link #signExponent}, {@link #significand} and {@link #exceptions}. Source: Intel SDM vol. 1
 * chapters 4 and 8.
 */
final class Float80 {
  /** Exception flags as in the status word; a mask in the control word has the same bit. */
  static final int INVALID = 1;

  static final int DENORMAL = 2;
  static final int ZERO_DIVIDE = 4;
  static final int OVERFLOW = 8;
  static final int UNDERFLOW = 16;
  static final int PRECISION = 32;

  /** Condition bit C1 of the status word: here, the result was rounded away from zero. */
  static final int ROUNDED_UP = 0x200;

  static final int SIGN = 0x8000;
  static final int EXPONENT = 0x7fff;
  static final int BIAS = 0x3fff;
  static final long INTEGER_BIT = 1L << 63;
  static final long QUIET_BIT = 1L << 62;

  /** The default NaN is {@code DEFAULT_NAN_EXPONENT : DEFAULT_NAN}. */
  static final int DEFAULT_NAN_EXPONENT = 0xffff;

  static final long DEFAULT_NAN = 3L << 62;

  static final int NEAREST = 0;
  static final int DOWN = 1;
  static final int UP = 2;
  static final int ZERO = 3;

  /** What the exponent of an unmasked over- or underflow is wrapped by. SDM vol. 1 §8.5.4. */
  private static final int WRAP = 0x6000;

  /** Control word: masks in bits 5:0, precision in 9:8, rounding in 11:10. */
  int control;

  int signExponent;
  long significand;
  int exceptions;

  /** The memory operand was a denormal of its own narrower format, though normal as 80 bits. */
  boolean narrowDenormal;

  /** Starts an operation under control word {@code control}. */
  void begin(int control) {
    this.control = control;
    exceptions = 0;
    narrowDenormal = false;
  }

  int rounding() {
    return control >> 10 & 3;
  }

  /** Significand bits of the result of FADD, FSUB, FMUL, FDIV and FSQRT: 24, 53 or 64. */
  int precision() {
    return switch (control >> 8 & 3) {
      case 0 -> 24;
      case 2 -> 53;
      default -> 64;
    };
  }

  /** Whether any of {@code flags} was raised and is not masked. */
  boolean unmasked(int flags) {
    return (exceptions & ~control & flags) != 0;
  }

  void set(int se, long significand) {
    this.signExponent = se;
    this.significand = significand;
  }

  void zero(int sign) {
    set(sign, 0);
  }

  void infinity(int sign) {
    set(sign | EXPONENT, INTEGER_BIT);
  }

  /** Raises #IA; the result is the default NaN. */
  void invalid() {
    exceptions |= INVALID;
    set(DEFAULT_NAN_EXPONENT, DEFAULT_NAN);
  }

  /** An encoding that no modern processor produces: unnormal, pseudo-infinity, pseudo-NaN. */
  static boolean unsupported(int se, long significand) {
    return significand >= 0 && (se & EXPONENT) != 0;
  }

  static boolean isNan(int se, long significand) {
    return (se & EXPONENT) == EXPONENT && significand << 1 != 0;
  }

  static boolean isInfinity(int se, long significand) {
    return (se & EXPONENT) == EXPONENT && significand == INTEGER_BIT;
  }

  static boolean isSignalling(int se, long significand) {
    return isNan(se, significand) && (significand & QUIET_BIT) == 0;
  }

  /** Denormal or pseudo-denormal. */
  static boolean isDenormal(int se, long significand) {
    return (se & EXPONENT) == 0 && significand != 0;
  }

  static boolean isZero(int se, long significand) {
    return (se & EXPONENT) == 0 && significand == 0;
  }

  /** Whether the value is an ordinary normal number, so that no special case applies. */
  static boolean isNormal(int se, long significand) {
    int exponent = se & EXPONENT;
    return significand < 0 && exponent != 0 && exponent != EXPONENT;
  }

  /**
   * Deals with an operand that is a NaN or unsupported.
   *
   * @return whether it was one; then the result is set
   */
  boolean propagate(int se, long value) {
    if (unsupported(se, value)) {
      invalid();
      return true;
    }
    if (!isNan(se, value)) {
      return false;
    }
    if ((value & QUIET_BIT) == 0) {
      exceptions |= INVALID;
    }
    set(se, value | QUIET_BIT);
    return true;
  }

  /**
   * Deals with two operands of which one or both are NaN or unsupported: a quiet NaN wins over a
   * signalling one, else the larger significand, else the positive one. SDM vol. 1 table 4-7.
   *
   * @return whether one was; then the result is set
   */
  boolean propagate(int ase, long a, int bse, long b) {
    if (unsupported(ase, a) || unsupported(bse, b)) {
      invalid();
      return true;
    }
    boolean aNan = isNan(ase, a);
    boolean bNan = isNan(bse, b);
    if (!aNan) {
      return bNan && propagate(bse, b);
    }
    if (!bNan) {
      return propagate(ase, a);
    }
    boolean aQuiet = (a & QUIET_BIT) != 0;
    boolean bQuiet = (b & QUIET_BIT) != 0;
    if (!aQuiet || !bQuiet) {
      exceptions |= INVALID;
    }
    boolean first;
    if (aQuiet != bQuiet) {
      first = aQuiet;
    } else {
      int order = Long.compareUnsigned(a, b);
      first = order > 0 || (order == 0 && (ase & SIGN) == 0);
    }
    set(first ? ase : bse, (first ? a : b) | QUIET_BIT);
    return true;
  }

  /**
   * Notes a denormal operand.
   *
   * @return whether the exception is unmasked, so that the operation ends here
   */
  boolean denormal(int se, long value) {
    if (isDenormal(se, value)) {
      exceptions |= DENORMAL;
    }
    return unmasked(DENORMAL);
  }

  /** As {@link #denormal(int, long)} for two operands. */
  boolean denormal(int ase, long a, int bse, long b) {
    if (isDenormal(ase, a) || isDenormal(bse, b) || narrowDenormal) {
      exceptions |= DENORMAL;
    }
    return unmasked(DENORMAL);
  }

  /** The biased exponent that a value has once its significand is normalised; may be negative. */
  static int exponentOf(int se, long significand) {
    int exponent = se & EXPONENT;
    return exponent != 0 ? exponent : 1 - Long.numberOfLeadingZeros(significand);
  }

  /** The significand shifted so that the integer bit is set; not for zero. */
  static long normalised(long significand) {
    return significand << Long.numberOfLeadingZeros(significand);
  }

  /** Whether rounding adds one unit: {@code odd} is the last kept bit, {@code half} the next. */
  static boolean roundsUp(
      int rounding, boolean negative, boolean odd, boolean half, boolean sticky) {
    return switch (rounding) {
      case NEAREST -> half && (sticky || odd);
      case DOWN -> negative && (half || sticky);
      case UP -> !negative && (half || sticky);
      default -> false;
    };
  }

  /** Rounds to 64 bits whatever the precision control says. */
  void round(int sign, int exponent, long high, long low) {
    round(sign, exponent, high, low, 64);
  }

  /**
   * Rounds (high:low) / 2^127 * 2^(exponent - 16383), negated if {@code sign} is 0x8000, to {@code
   * bits} bits. Bit 63 of {@code high} is set; {@code exponent} may be out of range; the lowest bit
   * of {@code low} is sticky.
   */
  void round(int sign, int exponent, long high, long low, int bits) {
    boolean negative = sign != 0;
    int drop = 64 - bits;
    long unit = 1L << drop;
    long dropped = high & (unit - 1);
    boolean half;
    boolean sticky;
    if (drop == 0) {
      half = low < 0;
      sticky = low << 1 != 0;
    } else {
      half = (dropped & (unit >>> 1)) != 0;
      sticky = (dropped & ((unit >>> 1) - 1)) != 0 || low != 0;
    }
    boolean inexact = half || sticky;
    long kept = high & -unit;
    boolean up = inexact && roundsUp(rounding(), negative, (kept & unit) != 0, half, sticky);
    int rounded = exponent;
    if (up) {
      kept += unit;
      if (kept == 0) {
        kept = INTEGER_BIT;
        rounded++;
      }
    }
    if (rounded <= 0) {
      underflow(sign, exponent, high, low, bits, rounded, kept, inexact, up);
      return;
    }
    if (rounded >= EXPONENT) {
      overflow(sign, bits, rounded, kept, inexact, up);
      return;
    }
    if (inexact) {
      exceptions |= PRECISION;
      if (up) {
        exceptions |= ROUNDED_UP;
      }
    }
    signExponent = sign | rounded;
    significand = kept;
  }

  /**
   * Marks the result as inexact although its rounding dropped nothing.
   *
   * @param exponent the biased exponent before it was made a denormal
   */
  void inexact(int exponent) {
    if ((exceptions & PRECISION) == 0 && exponent <= 0) {
      exceptions |= UNDERFLOW;
    }
    exceptions |= PRECISION;
  }

  private void overflow(int sign, int bits, int exponent, long kept, boolean inexact, boolean up) {
    exceptions |= OVERFLOW;
    if (unmasked(OVERFLOW)) {
      if (inexact) {
        exceptions |= PRECISION;
        if (up) {
          exceptions |= ROUNDED_UP;
        }
      }
      if (exponent - WRAP >= EXPONENT) {
        // Only FSCALE gets here: too far for wrapping.
        exceptions |= PRECISION | ROUNDED_UP;
        infinity(sign);
        return;
      }
      set(sign | (exponent - WRAP), kept);
      return;
    }
    exceptions |= PRECISION;
    boolean toInfinity = roundsUp(rounding(), sign != 0, true, true, true);
    if (toInfinity) {
      exceptions |= ROUNDED_UP;
      infinity(sign);
    } else {
      set(sign | (EXPONENT - 1), -1L << (64 - bits));
    }
  }

  private void underflow(
      int sign,
      int exponent,
      long high,
      long low,
      int bits,
      int rounded,
      long kept,
      boolean inexact,
      boolean up) {
    if ((control & UNDERFLOW) == 0) {
      exceptions |= UNDERFLOW;
      if (rounded + WRAP <= 0) {
        exceptions |= PRECISION;
        zero(sign);
        return;
      }
      if (inexact) {
        exceptions |= PRECISION;
        if (up) {
          exceptions |= ROUNDED_UP;
        }
      }
      set(sign | (rounded + WRAP), kept);
      return;
    }
    // Masked: shifted into the denormal range, with the bits that fall out below, then rounded.
    int shift = 1 - exponent;
    long h;
    long l;
    if (shift < 64) {
      h = high >>> shift;
      l = high << (64 - shift) | low >>> shift | (low << (64 - shift) != 0 ? 1 : 0);
    } else if (shift < 128) {
      h = 0;
      int more = shift - 64;
      boolean lost = low != 0 || (more != 0 && high << (64 - more) != 0);
      l = high >>> more | (lost ? 1 : 0);
    } else {
      h = 0;
      l = 1;
    }
    int drop = 64 - bits;
    long unit = 1L << drop;
    long dropped = h & (unit - 1);
    boolean half = drop == 0 ? l < 0 : (dropped & (unit >>> 1)) != 0;
    boolean sticky = drop == 0 ? l << 1 != 0 : (dropped & ((unit >>> 1) - 1)) != 0 || l != 0;
    long value = h & -unit;
    if (half || sticky) {
      exceptions |= UNDERFLOW | PRECISION;
      if (roundsUp(rounding(), sign != 0, (value & unit) != 0, half, sticky)) {
        exceptions |= ROUNDED_UP;
        value += unit;
      }
    }
    set(sign | (value < 0 ? 1 : 0), value);
  }
}

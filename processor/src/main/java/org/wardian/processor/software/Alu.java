package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.StateLayout;

/**
 * Integer arithmetic with flags, written once for every operand width and every tier of the
 * interpreter.
 *
 * <p>{@code sh} is 64 minus the operand width in bits (0, 32, 48, 56). Operands may carry garbage
 * above the width, except where said; so may results, which the caller cuts when it writes them.
 */
final class Alu {
  private static final long RESULT = StateLayout.FLAG_RESULT;
  private static final long AUX = StateLayout.FLAG_AUX;
  private static final long TOP2 = 3L << 62;

  private Alu() {}

  private static void flags(long s, long result, long carries, int sh) {
    RawMemory.putLong(s + RESULT, result << sh >> sh);
    RawMemory.putLong(s + AUX, (carries << sh & TOP2) | (carries & 8));
  }

  static long add(long s, long a, long b, int sh) {
    long r = a + b;
    flags(s, r, (a & b) | ((a | b) & ~r), sh);
    return r;
  }

  static long adc(long s, long a, long b, int sh) {
    long r = a + b + Flags.carry(s);
    flags(s, r, (a & b) | ((a | b) & ~r), sh);
    return r;
  }

  static long sub(long s, long a, long b, int sh) {
    long r = a - b;
    flags(s, r, (~a & b) | ((~a | b) & r), sh);
    return r;
  }

  static long sbb(long s, long a, long b, int sh) {
    long r = a - b - Flags.carry(s);
    flags(s, r, (~a & b) | ((~a | b) & r), sh);
    return r;
  }

  /** Flags of AND, OR, XOR and TEST: CF and OF clear. */
  static long logic(long s, long r, int sh) {
    RawMemory.putLong(s + RESULT, r << sh >> sh);
    RawMemory.putLong(s + AUX, 0);
    return r;
  }

  static long inc(long s, long a, int sh) {
    long r = a + 1;
    keepCarry(s, r, a & ~r, sh);
    return r;
  }

  static long dec(long s, long a, int sh) {
    long r = a - 1;
    keepCarry(s, r, ~a & r, sh);
    return r;
  }

  private static void keepCarry(long s, long r, long carries, int sh) {
    long carry = Flags.carry(s);
    long top = carries << sh;
    long overflow = (top >>> 63) ^ (top >>> 62 & 1);
    RawMemory.putLong(s + RESULT, r << sh >> sh);
    RawMemory.putLong(s + AUX, carry << 63 | (carry ^ overflow) << 62 | (carries & 8));
  }

  /** The eight operations of opcodes 00 to 3F in their encoding's order; CMP returns {@code a}. */
  static long operate(int kind, long s, long a, long b, int sh) {
    switch (kind) {
      case 0:
        return add(s, a, b, sh);
      case 1:
        return logic(s, a | b, sh);
      case 2:
        return adc(s, a, b, sh);
      case 3:
        return sbb(s, a, b, sh);
      case 4:
        return logic(s, a & b, sh);
      case 5:
        return sub(s, a, b, sh);
      case 6:
        return logic(s, a ^ b, sh);
      default:
        sub(s, a, b, sh);
        return a;
    }
  }

  private static void shiftFlags(long s, long r, long carry, long overflow, int sh) {
    RawMemory.putLong(s + RESULT, r << sh >> sh);
    RawMemory.putLong(s + AUX, carry << 63 | (carry ^ overflow) << 62);
  }

  /** {@code count} is masked already and not 0; it may exceed an 8 or 16-bit width. */
  static long shl(long s, long a, int count, int sh) {
    int width = 64 - sh;
    long r = a << count;
    long carry = count <= width ? (a >>> (width - count)) & 1 : 0;
    long sign = r << sh >>> 63;
    shiftFlags(s, r, carry, sign ^ carry, sh);
    return r;
  }

  /** As {@link #shl}. */
  static long shr(long s, long a, int count, int sh) {
    long v = a << sh >>> sh;
    long r = v >>> count;
    shiftFlags(s, r, (v >>> (count - 1)) & 1, a << sh >>> 63, sh);
    return r;
  }

  /** As {@link #shl}. */
  static long sar(long s, long a, int count, int sh) {
    long v = a << sh >> sh;
    long r = v >> count;
    shiftFlags(s, r, (v >> (count - 1)) & 1, 0, sh);
    return r;
  }

  private static void carryAndOverflow(long s, long carry, long overflow) {
    long aux = RawMemory.getLong(s + AUX) & ~TOP2;
    RawMemory.putLong(s + AUX, aux | carry << 63 | (carry ^ overflow) << 62);
  }

  /** {@code count} is masked to 5 or 6 bits and not 0. */
  static long rol(long s, long a, int count, int sh) {
    int width = 64 - sh;
    int n = count & (width - 1);
    long v = a << sh >>> sh;
    long r = n == 0 ? v : (v << n | v >>> (width - n)) << sh >>> sh;
    long carry = r & 1;
    carryAndOverflow(s, carry, carry ^ (r >>> (width - 1)));
    return r;
  }

  /** As {@link #rol}. */
  static long ror(long s, long a, int count, int sh) {
    int width = 64 - sh;
    int n = count & (width - 1);
    long v = a << sh >>> sh;
    long r = n == 0 ? v : (v >>> n | v << (width - n)) << sh >>> sh;
    long carry = r >>> (width - 1);
    carryAndOverflow(s, carry, carry ^ (r >>> (width - 2) & 1));
    return r;
  }

  /** As {@link #rol}, through the carry flag. */
  static long rcl(long s, long a, int count, int sh) {
    int width = 64 - sh;
    long carry = Flags.carry(s);
    long v = a << sh >>> sh;
    for (int n = count % (width + 1); n > 0; n--) {
      long out = v >>> (width - 1);
      v = (v << 1 | carry) << sh >>> sh;
      carry = out;
    }
    carryAndOverflow(s, carry, carry ^ (v >>> (width - 1)));
    return v;
  }

  /** As {@link #rcl}. */
  static long rcr(long s, long a, int count, int sh) {
    int width = 64 - sh;
    long carry = Flags.carry(s);
    long v = a << sh >>> sh;
    for (int n = count % (width + 1); n > 0; n--) {
      long out = v & 1;
      v = v >>> 1 | carry << (width - 1);
      carry = out;
    }
    carryAndOverflow(s, carry, (v >>> (width - 1)) ^ (v >>> (width - 2) & 1));
    return v;
  }

  /** Group 2 of opcodes C0, C1, D0 to D3 by the reg field; a masked count of 0 changes nothing. */
  static long shift(int kind, long s, long a, int rawCount, int sh) {
    int count = rawCount & (sh == 0 ? 63 : 31);
    if (count == 0) {
      return a;
    }
    switch (kind) {
      case 0:
        return rol(s, a, count, sh);
      case 1:
        return ror(s, a, count, sh);
      case 2:
        return rcl(s, a, count, sh);
      case 3:
        return rcr(s, a, count, sh);
      case 5:
        return shr(s, a, count, sh);
      case 7:
        return sar(s, a, count, sh);
      default:
        return shl(s, a, count, sh);
    }
  }

  /** SHLD; {@code rawCount} is unmasked. Undefined for counts above a 16-bit width. */
  static long shld(long s, long a, long b, int rawCount, int sh) {
    int count = rawCount & (sh == 0 ? 63 : 31);
    if (count == 0) {
      return a;
    }
    int width = 64 - sh;
    long v = a << sh >>> sh;
    long w = b << sh >>> sh;
    long r;
    long carry;
    if (count <= width) {
      r = count == 64 ? w : v << count | (count == width ? w : w >>> (width - count));
      carry = (v >>> (width - count)) & 1;
    } else {
      int n = count - width;
      r = w << n | v >>> (width - n);
      carry = (w >>> (width - n)) & 1;
    }
    long sign = r << sh >>> 63;
    shiftFlags(s, r, carry, sign ^ (v >>> (width - 1)), sh);
    return r;
  }

  /** SHRD, as {@link #shld}. */
  static long shrd(long s, long a, long b, int rawCount, int sh) {
    int count = rawCount & (sh == 0 ? 63 : 31);
    if (count == 0) {
      return a;
    }
    int width = 64 - sh;
    long v = a << sh >>> sh;
    long w = b << sh >>> sh;
    long r;
    long carry;
    if (count <= width) {
      r = v >>> count | (count == width ? w : w << (width - count));
      carry = (v >>> (count - 1)) & 1;
    } else {
      int n = count - width;
      r = w >>> n | v << (width - n);
      carry = (w >>> (n - 1)) & 1;
    }
    long sign = r << sh >>> 63;
    shiftFlags(s, r, carry, sign ^ (v >>> (width - 1)), sh);
    return r;
  }

  /** Flags of MUL and IMUL: CF = OF = {@code overflow}; the rest follow the low result. */
  static void multiplyFlags(long s, long low, boolean overflow, int sh) {
    RawMemory.putLong(s + RESULT, low << sh >> sh);
    RawMemory.putLong(s + AUX, overflow ? 1L << 63 : 0);
  }

  /** Two and three operand IMUL. */
  static long imul(long s, long a, long b, int sh) {
    long x = a << sh >> sh;
    long y = b << sh >> sh;
    long r = x * y;
    boolean overflow = sh == 0 ? Math.multiplyHigh(x, y) != r >> 63 : r << sh >> sh != r;
    multiplyFlags(s, r, overflow, sh);
    return r;
  }
}

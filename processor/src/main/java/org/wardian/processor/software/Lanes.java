package org.wardian.processor.software;

/**
 * Packed integer arithmetic on the lanes of one 64-bit word, without branches where that is
 * possible.
 *
 * <p>MMX uses each function once, SSE on both halves of a register. Functions whose result takes
 * its low half from the first operand and its high half from the second (packs and horizontal adds)
 * compose to 128 bits as {@code low = f(aLow, aHigh); high = f(bLow, bHigh)}. Lane 0 is the least
 * significant. {@code a} is the destination (first) operand of the instruction, {@code b} the
 * source. The number in a name is the lane width in bits. Source: Intel SDM vol. 2.
 */
public final class Lanes {
  private static final long HIGH8 = 0x8080808080808080L;
  private static final long HIGH16 = 0x8000800080008000L;
  private static final long HIGH32 = 0x8000000080000000L;
  private static final long LOW8 = 0x0101010101010101L;
  private static final long LOW16 = 0x0001000100010001L;
  private static final long LOW32 = 0x0000000100000001L;

  private Lanes() {}

  // The word-wide primitives: h has the top bit of each lane.

  private static long add(long a, long b, long h) {
    return ((a & ~h) + (b & ~h)) ^ ((a ^ b) & h);
  }

  private static long subtract(long a, long b, long h) {
    return ((a | h) - (b & ~h)) ^ ((a ^ ~b) & h);
  }

  /** All ones in each lane whose top bit is set in {@code tops}. */
  private static long spread(long tops, int width) {
    return (tops << 1) - (tops >>> (width - 1));
  }

  /** As {@link #spread} for one lane of 64 bits or narrower lanes: chosen where mask is a. */
  private static long select(long mask, long a, long b) {
    return b ^ (mask & (a ^ b));
  }

  /** Top bit of each lane where a &lt; b, unsigned: the borrow out of a - b. */
  private static long below(long a, long b, long h) {
    long difference = subtract(a, b, h);
    return ((~a & b) | ((~a | b) & difference)) & h;
  }

  private static long addSigned(long a, long b, long h, int width) {
    long sum = add(a, b, h);
    long overflow = spread((a ^ sum) & (b ^ sum) & h, width);
    return select(overflow, ~h + ((a & h) >>> (width - 1)), sum);
  }

  private static long subtractSigned(long a, long b, long h, int width) {
    long difference = subtract(a, b, h);
    long overflow = spread((a ^ b) & (a ^ difference) & h, width);
    return select(overflow, ~h + ((a & h) >>> (width - 1)), difference);
  }

  private static long addUnsigned(long a, long b, long h, int width) {
    long sum = add(a, b, h);
    return sum | spread(((a & b) | ((a | b) & ~sum)) & h, width);
  }

  private static long subtractUnsigned(long a, long b, long h, int width) {
    return subtract(a, b, h) & ~spread(below(a, b, h), width);
  }

  private static long equal(long a, long b, long h, int width) {
    long x = a ^ b;
    return spread(~(((x & ~h) + ~h) | x) & h, width);
  }

  /** PADDB. */
  public static long padd8(long a, long b) {
    return add(a, b, HIGH8);
  }

  /** PADDW. */
  public static long padd16(long a, long b) {
    return add(a, b, HIGH16);
  }

  /** PADDD. */
  public static long padd32(long a, long b) {
    return add(a, b, HIGH32);
  }

  /** PSUBB. */
  public static long psub8(long a, long b) {
    return subtract(a, b, HIGH8);
  }

  /** PSUBW. */
  public static long psub16(long a, long b) {
    return subtract(a, b, HIGH16);
  }

  /** PSUBD. */
  public static long psub32(long a, long b) {
    return subtract(a, b, HIGH32);
  }

  /** PADDSB. */
  public static long padds8(long a, long b) {
    return addSigned(a, b, HIGH8, 8);
  }

  /** PADDSW. */
  public static long padds16(long a, long b) {
    return addSigned(a, b, HIGH16, 16);
  }

  /** PADDUSB. */
  public static long paddus8(long a, long b) {
    return addUnsigned(a, b, HIGH8, 8);
  }

  /** PADDUSW. */
  public static long paddus16(long a, long b) {
    return addUnsigned(a, b, HIGH16, 16);
  }

  /** PSUBSB. */
  public static long psubs8(long a, long b) {
    return subtractSigned(a, b, HIGH8, 8);
  }

  /** PSUBSW. */
  public static long psubs16(long a, long b) {
    return subtractSigned(a, b, HIGH16, 16);
  }

  /** PSUBUSB. */
  public static long psubus8(long a, long b) {
    return subtractUnsigned(a, b, HIGH8, 8);
  }

  /** PSUBUSW. */
  public static long psubus16(long a, long b) {
    return subtractUnsigned(a, b, HIGH16, 16);
  }

  /** PCMPEQB. */
  public static long pcmpeq8(long a, long b) {
    return equal(a, b, HIGH8, 8);
  }

  /** PCMPEQW. */
  public static long pcmpeq16(long a, long b) {
    return equal(a, b, HIGH16, 16);
  }

  /** PCMPEQD. */
  public static long pcmpeq32(long a, long b) {
    return equal(a, b, HIGH32, 32);
  }

  /** PCMPEQQ. */
  public static long pcmpeq64(long a, long b) {
    return a == b ? -1 : 0;
  }

  /** PCMPGTB. */
  public static long pcmpgt8(long a, long b) {
    return spread(below(b ^ HIGH8, a ^ HIGH8, HIGH8), 8);
  }

  /** PCMPGTW. */
  public static long pcmpgt16(long a, long b) {
    return spread(below(b ^ HIGH16, a ^ HIGH16, HIGH16), 16);
  }

  /** PCMPGTD. */
  public static long pcmpgt32(long a, long b) {
    return spread(below(b ^ HIGH32, a ^ HIGH32, HIGH32), 32);
  }

  /** PCMPGTQ. */
  public static long pcmpgt64(long a, long b) {
    return a > b ? -1 : 0;
  }

  /** PMINUB. */
  public static long pminu8(long a, long b) {
    return select(spread(below(a, b, HIGH8), 8), a, b);
  }

  /** PMAXUB. */
  public static long pmaxu8(long a, long b) {
    return select(spread(below(a, b, HIGH8), 8), b, a);
  }

  /** PMINUW. */
  public static long pminu16(long a, long b) {
    return select(spread(below(a, b, HIGH16), 16), a, b);
  }

  /** PMAXUW. */
  public static long pmaxu16(long a, long b) {
    return select(spread(below(a, b, HIGH16), 16), b, a);
  }

  /** PMINUD. */
  public static long pminu32(long a, long b) {
    return select(spread(below(a, b, HIGH32), 32), a, b);
  }

  /** PMAXUD. */
  public static long pmaxu32(long a, long b) {
    return select(spread(below(a, b, HIGH32), 32), b, a);
  }

  /** PMINSB. */
  public static long pmins8(long a, long b) {
    return select(pcmpgt8(b, a), a, b);
  }

  /** PMAXSB. */
  public static long pmaxs8(long a, long b) {
    return select(pcmpgt8(a, b), a, b);
  }

  /** PMINSW. */
  public static long pmins16(long a, long b) {
    return select(pcmpgt16(b, a), a, b);
  }

  /** PMAXSW. */
  public static long pmaxs16(long a, long b) {
    return select(pcmpgt16(a, b), a, b);
  }

  /** PMINSD. */
  public static long pmins32(long a, long b) {
    return select(pcmpgt32(b, a), a, b);
  }

  /** PMAXSD. */
  public static long pmaxs32(long a, long b) {
    return select(pcmpgt32(a, b), a, b);
  }

  /** PAVGB: rounded up. */
  public static long pavg8(long a, long b) {
    return (a | b) - (((a ^ b) & ~LOW8) >>> 1);
  }

  /** PAVGW: rounded up. */
  public static long pavg16(long a, long b) {
    return (a | b) - (((a ^ b) & ~LOW16) >>> 1);
  }

  /** PABSB. */
  public static long pabs8(long b) {
    long sign = b & HIGH8;
    return add(b ^ spread(sign, 8), sign >>> 7, HIGH8);
  }

  /** PABSW. */
  public static long pabs16(long b) {
    long sign = b & HIGH16;
    return add(b ^ spread(sign, 16), sign >>> 15, HIGH16);
  }

  /** PABSD. */
  public static long pabs32(long b) {
    long sign = b & HIGH32;
    return add(b ^ spread(sign, 32), sign >>> 31, HIGH32);
  }

  /** PSIGNB: a negated where b is negative, zero where b is zero. */
  public static long psign8(long a, long b) {
    long sign = b & HIGH8;
    return add(a ^ spread(sign, 8), sign >>> 7, HIGH8) & ~pcmpeq8(b, 0);
  }

  /** PSIGNW. */
  public static long psign16(long a, long b) {
    long sign = b & HIGH16;
    return add(a ^ spread(sign, 16), sign >>> 15, HIGH16) & ~pcmpeq16(b, 0);
  }

  /** PSIGND. */
  public static long psign32(long a, long b) {
    long sign = b & HIGH32;
    return add(a ^ spread(sign, 32), sign >>> 31, HIGH32) & ~pcmpeq32(b, 0);
  }

  /** PSLLW by {@code count}, unsigned 64 bits. */
  public static long psll16(long a, long count) {
    if (Long.compareUnsigned(count, 15) > 0) {
      return 0;
    }
    return (a << count) & ((0xffffL << count & 0xffff) * LOW16);
  }

  /** PSLLD by {@code count}, unsigned 64 bits. */
  public static long psll32(long a, long count) {
    if (Long.compareUnsigned(count, 31) > 0) {
      return 0;
    }
    return (a << count) & ((0xffffffffL << count & 0xffffffffL) * LOW32);
  }

  /** PSLLQ by {@code count}, unsigned 64 bits. */
  public static long psll64(long a, long count) {
    return Long.compareUnsigned(count, 63) > 0 ? 0 : a << count;
  }

  /** PSRLW by {@code count}, unsigned 64 bits. */
  public static long psrl16(long a, long count) {
    if (Long.compareUnsigned(count, 15) > 0) {
      return 0;
    }
    return (a >>> count) & ((0xffffL >>> count) * LOW16);
  }

  /** PSRLD by {@code count}, unsigned 64 bits. */
  public static long psrl32(long a, long count) {
    if (Long.compareUnsigned(count, 31) > 0) {
      return 0;
    }
    return (a >>> count) & ((0xffffffffL >>> count) * LOW32);
  }

  /** PSRLQ by {@code count}, unsigned 64 bits. */
  public static long psrl64(long a, long count) {
    return Long.compareUnsigned(count, 63) > 0 ? 0 : a >>> count;
  }

  /** PSRAW by {@code count}, unsigned 64 bits; above 15 every bit becomes the sign. */
  public static long psra16(long a, long count) {
    int shift = Long.compareUnsigned(count, 15) > 0 ? 15 : (int) count;
    long signs = spread(a & HIGH16, 16);
    long kept = (0xffffL >>> shift) * LOW16;
    return ((a >>> shift) & kept) | (signs & ~kept);
  }

  /** PSRAD by {@code count}, unsigned 64 bits; above 31 every bit becomes the sign. */
  public static long psra32(long a, long count) {
    int shift = Long.compareUnsigned(count, 31) > 0 ? 31 : (int) count;
    long signs = spread(a & HIGH32, 32);
    long kept = (0xffffffffL >>> shift) * LOW32;
    return ((a >>> shift) & kept) | (signs & ~kept);
  }
}

package org.wardian.processor.software;

/**
 * Packing, unpacking and shuffling of packed integers.
 *
 * <p>{@link Lanes} says what a lane is, and how two words make an SSE register. Source: Intel SDM
 * vol. 2.
 */
public final class LaneMoves {
  private static final long HIGH8 = 0x8080808080808080L;

  private LaneMoves() {}

  static int word(long a, int lane) {
    return (short) (a >>> (lane << 4));
  }

  static int unsignedWord(long a, int lane) {
    return (int) (a >>> (lane << 4)) & 0xffff;
  }

  static long words(long w0, long w1, long w2, long w3) {
    return (w0 & 0xffff) | (w1 & 0xffff) << 16 | (w2 & 0xffff) << 32 | w3 << 48;
  }

  static long doublewords(long d0, long d1) {
    return (d0 & 0xffffffffL) | d1 << 32;
  }

  private static long packHalf(long a, int minimum, int maximum) {
    long result = 0;
    for (int lane = 3; lane >= 0; lane--) {
      result = result << 8 | (Math.clamp(word(a, lane), minimum, maximum) & 0xff);
    }
    return result;
  }

  /** PACKSSWB: a's words in the low half, b's in the high half. */
  public static long packss16to8(long a, long b) {
    return packHalf(a, -0x80, 0x7f) | packHalf(b, -0x80, 0x7f) << 32;
  }

  /** PACKUSWB. */
  public static long packus16to8(long a, long b) {
    return packHalf(a, 0, 0xff) | packHalf(b, 0, 0xff) << 32;
  }

  /** PACKSSDW. */
  public static long packss32to16(long a, long b) {
    return words(
        LaneProducts.saturate16((int) a),
        LaneProducts.saturate16((int) (a >>> 32)),
        LaneProducts.saturate16((int) b),
        LaneProducts.saturate16((int) (b >>> 32)));
  }

  /** PACKUSDW. */
  public static long packus32to16(long a, long b) {
    return words(
        Math.clamp((int) a, 0, 0xffff),
        Math.clamp((int) (a >>> 32), 0, 0xffff),
        Math.clamp((int) b, 0, 0xffff),
        Math.clamp((int) (b >>> 32), 0, 0xffff));
  }

  /** The four low bytes of {@code a}, each in a word of its own. */
  private static long widen8(long a) {
    long x = a & 0xffffffffL;
    x = (x | x << 16) & 0x0000ffff0000ffffL;
    return (x | x << 8) & 0x00ff00ff00ff00ffL;
  }

  private static long widen16(long a) {
    long x = a & 0xffffffffL;
    return (x | x << 16) & 0x0000ffff0000ffffL;
  }

  /** PUNPCKLBW: a0 b0 a1 b1 a2 b2 a3 b3. */
  public static long unpackLow8(long a, long b) {
    return widen8(a) | widen8(b) << 8;
  }

  /** PUNPCKLWD: a0 b0 a1 b1. */
  public static long unpackLow16(long a, long b) {
    return widen16(a) | widen16(b) << 16;
  }

  /** PUNPCKLDQ: a0 b0. */
  public static long unpackLow32(long a, long b) {
    return doublewords(a, b);
  }

  /** PUNPCKHBW: a4 b4 a5 b5 a6 b6 a7 b7. */
  public static long unpackHigh8(long a, long b) {
    return unpackLow8(a >>> 32, b >>> 32);
  }

  /** PUNPCKHWD: a2 b2 a3 b3. */
  public static long unpackHigh16(long a, long b) {
    return unpackLow16(a >>> 32, b >>> 32);
  }

  /** PUNPCKHDQ: a1 b1. */
  public static long unpackHigh32(long a, long b) {
    return doublewords(a >>> 32, b >>> 32);
  }

  /** PSHUFW: word i of the result is word (control &gt;&gt; 2i) &amp; 3 of {@code b}. */
  public static long pshufw(long b, int control) {
    return words(
        unsignedWord(b, control & 3),
        unsignedWord(b, control >> 2 & 3),
        unsignedWord(b, control >> 4 & 3),
        unsignedWord(b, control >> 6 & 3));
  }

  /** PSHUFB of 64 bits: byte i is byte (b[i] &amp; 7) of a, or 0 where bit 7 of b[i] is set. */
  public static long pshufb(long a, long b) {
    long result = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
      int selector = (int) (b >>> shift);
      long value = (selector & 0x80) != 0 ? 0 : a >>> ((selector & 7) << 3) & 0xff;
      result = result << 8 | value;
    }
    return result;
  }

  /** PALIGNR of 64 bits: the low 64 bits of a:b shifted right by {@code bytes} (0 to 255). */
  public static long palignr(long a, long b, int bytes) {
    if (bytes >= 16) {
      return 0;
    }
    if (bytes >= 8) {
      return a >>> ((bytes - 8) << 3);
    }
    return bytes == 0 ? b : b >>> (bytes << 3) | a << (64 - (bytes << 3));
  }

  /** PMOVMSKB: the top bit of each byte, byte 0 in bit 0. */
  public static int movmask8(long a) {
    // Gathers bit 7 of byte i at bit 56 + i; no two partial products meet.
    return (int) ((((a & HIGH8) >>> 7) * 0x0102040810204080L) >>> 56);
  }
}

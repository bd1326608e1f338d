package org.wardian.processor.software;

/**
 * Products, sums of neighbours and sums of differences of packed integers.
 *
 * <p>{@link Lanes} says what a lane is, and how two words make an SSE register. Source: Intel SDM
 * vol. 2.
 */
public final class LaneProducts {
  private static final long LOW16 = 0x0001000100010001L;

  private LaneProducts() {}

  /** PMULLW. */
  public static long pmull16(long a, long b) {
    return LaneMoves.words(
        LaneMoves.word(a, 0) * LaneMoves.word(b, 0),
        LaneMoves.word(a, 1) * LaneMoves.word(b, 1),
        LaneMoves.word(a, 2) * LaneMoves.word(b, 2),
        LaneMoves.word(a, 3) * LaneMoves.word(b, 3));
  }

  /** PMULHW. */
  public static long pmulh16(long a, long b) {
    return LaneMoves.words(
        (LaneMoves.word(a, 0) * LaneMoves.word(b, 0)) >> 16,
        (LaneMoves.word(a, 1) * LaneMoves.word(b, 1)) >> 16,
        (LaneMoves.word(a, 2) * LaneMoves.word(b, 2)) >> 16,
        (LaneMoves.word(a, 3) * LaneMoves.word(b, 3)) >> 16);
  }

  /** PMULHUW. */
  public static long pmulhu16(long a, long b) {
    return LaneMoves.words(
        (LaneMoves.unsignedWord(a, 0) * LaneMoves.unsignedWord(b, 0)) >>> 16,
        (LaneMoves.unsignedWord(a, 1) * LaneMoves.unsignedWord(b, 1)) >>> 16,
        (LaneMoves.unsignedWord(a, 2) * LaneMoves.unsignedWord(b, 2)) >>> 16,
        (LaneMoves.unsignedWord(a, 3) * LaneMoves.unsignedWord(b, 3)) >>> 16);
  }

  /** PMULHRSW: high word of the product, rounded. */
  public static long pmulhrsw(long a, long b) {
    return LaneMoves.words(
        ((LaneMoves.word(a, 0) * LaneMoves.word(b, 0) >> 14) + 1) >> 1,
        ((LaneMoves.word(a, 1) * LaneMoves.word(b, 1) >> 14) + 1) >> 1,
        ((LaneMoves.word(a, 2) * LaneMoves.word(b, 2) >> 14) + 1) >> 1,
        ((LaneMoves.word(a, 3) * LaneMoves.word(b, 3) >> 14) + 1) >> 1);
  }

  /** PMULLD. */
  public static long pmull32(long a, long b) {
    return LaneMoves.doublewords(a * b, (a >>> 32) * (b >>> 32));
  }

  /** PMULUDQ: product of the unsigned low doublewords. */
  public static long pmuludq(long a, long b) {
    return (a & 0xffffffffL) * (b & 0xffffffffL);
  }

  /** PMULDQ: product of the signed low doublewords. */
  public static long pmuldq(long a, long b) {
    return (long) (int) a * (int) b;
  }

  /** PMADDWD. */
  public static long pmadd16(long a, long b) {
    return LaneMoves.doublewords(
        LaneMoves.word(a, 0) * LaneMoves.word(b, 0) + LaneMoves.word(a, 1) * LaneMoves.word(b, 1),
        LaneMoves.word(a, 2) * LaneMoves.word(b, 2) + LaneMoves.word(a, 3) * LaneMoves.word(b, 3));
  }

  private static int multiplyAddBytes(long a, long b, int lane) {
    int shift = lane << 4;
    int low = ((int) (a >>> shift) & 0xff) * (byte) (b >>> shift);
    int high = ((int) (a >>> (shift + 8)) & 0xff) * (byte) (b >>> (shift + 8));
    return saturate16(low + high);
  }

  /** PMADDUBSW: unsigned bytes of a times signed bytes of b, pairs added and saturated. */
  public static long pmaddubsw(long a, long b) {
    return LaneMoves.words(
        multiplyAddBytes(a, b, 0),
        multiplyAddBytes(a, b, 1),
        multiplyAddBytes(a, b, 2),
        multiplyAddBytes(a, b, 3));
  }

  static int saturate16(int value) {
    return Math.clamp(value, -0x8000, 0x7fff);
  }

  /** PHADDW: sums of neighbours, a's in the low half, b's in the high half. */
  public static long phadd16(long a, long b) {
    return LaneMoves.words(
        LaneMoves.word(a, 0) + LaneMoves.word(a, 1),
        LaneMoves.word(a, 2) + LaneMoves.word(a, 3),
        LaneMoves.word(b, 0) + LaneMoves.word(b, 1),
        LaneMoves.word(b, 2) + LaneMoves.word(b, 3));
  }

  /** PHADDD. */
  public static long phadd32(long a, long b) {
    return LaneMoves.doublewords(a + (a >>> 32), b + (b >>> 32));
  }

  /** PHADDSW. */
  public static long phadds16(long a, long b) {
    return LaneMoves.words(
        saturate16(LaneMoves.word(a, 0) + LaneMoves.word(a, 1)),
        saturate16(LaneMoves.word(a, 2) + LaneMoves.word(a, 3)),
        saturate16(LaneMoves.word(b, 0) + LaneMoves.word(b, 1)),
        saturate16(LaneMoves.word(b, 2) + LaneMoves.word(b, 3)));
  }

  /** PHSUBW: even minus odd neighbour. */
  public static long phsub16(long a, long b) {
    return LaneMoves.words(
        LaneMoves.word(a, 0) - LaneMoves.word(a, 1),
        LaneMoves.word(a, 2) - LaneMoves.word(a, 3),
        LaneMoves.word(b, 0) - LaneMoves.word(b, 1),
        LaneMoves.word(b, 2) - LaneMoves.word(b, 3));
  }

  /** PHSUBD. */
  public static long phsub32(long a, long b) {
    return LaneMoves.doublewords(a - (a >>> 32), b - (b >>> 32));
  }

  /** PHSUBSW. */
  public static long phsubs16(long a, long b) {
    return LaneMoves.words(
        saturate16(LaneMoves.word(a, 0) - LaneMoves.word(a, 1)),
        saturate16(LaneMoves.word(a, 2) - LaneMoves.word(a, 3)),
        saturate16(LaneMoves.word(b, 0) - LaneMoves.word(b, 1)),
        saturate16(LaneMoves.word(b, 2) - LaneMoves.word(b, 3)));
  }

  /** PSADBW: the sum of absolute byte differences, in the low 16 bits. */
  public static long psadbw(long a, long b) {
    long difference = Lanes.psub8(Lanes.pmaxu8(a, b), Lanes.pminu8(a, b));
    long pairs = (difference & 0x00ff00ff00ff00ffL) + ((difference >>> 8) & 0x00ff00ff00ff00ffL);
    return (pairs * LOW16) >>> 48;
  }
}

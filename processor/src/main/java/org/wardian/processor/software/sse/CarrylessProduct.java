package org.wardian.processor.software.sse;

/**
 * Product of two polynomials over GF(2) of degree below 64 (PCLMULQDQ).
 *
 * <p>Integer multiplication of operands that keep only every fourth bit cannot carry from one kept
 * position into the next within 60 bits, so sixteen of them, masked, make the low half; the high
 * half is the low half of the reversed operands, reversed.
 */
final class CarrylessProduct {
  private static final long M0 = 0x1111_1111_1111_1111L;
  private static final long M1 = M0 << 1;
  private static final long M2 = M0 << 2;
  private static final long M3 = M0 << 3;

  private CarrylessProduct() {}

  /** Bits 63:0 of the product. */
  static long low(long a, long b) {
    long a0 = a & M0;
    long a1 = a & M1;
    long a2 = a & M2;
    long a3 = a & M3;
    long b0 = b & M0;
    long b1 = b & M1;
    long b2 = b & M2;
    long b3 = b & M3;
    long p0 = a0 * b0 ^ a1 * b3 ^ a2 * b2 ^ a3 * b1;
    long p1 = a0 * b1 ^ a1 * b0 ^ a2 * b3 ^ a3 * b2;
    long p2 = a0 * b2 ^ a1 * b1 ^ a2 * b0 ^ a3 * b3;
    long p3 = a0 * b3 ^ a1 * b2 ^ a2 * b1 ^ a3 * b0;
    return p0 & M0 | p1 & M1 | p2 & M2 | p3 & M3;
  }

  /** Bits 127:64 of the product; bit 127 is always zero. */
  static long high(long a, long b) {
    return Long.reverse(low(Long.reverse(a), Long.reverse(b))) >>> 1;
  }
}

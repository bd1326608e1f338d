package org.wardian.processor.software.sse;

import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * The AES round instructions. A column is four bytes of the register, row 0 in the least
 * significant one. One table holds SubBytes and MixColumns of a byte in row 0; other rows are
 * rotations of it. Sources: FIPS 197; Intel SDM vol. 2 AESENC and following.
 */
final class Aes {
  private static final byte[] FORWARD = new byte[256];
  private static final byte[] INVERSE = new byte[256];
  private static final int[] ENCRYPT = new int[256];
  private static final int[] DECRYPT = new int[256];

  static {
    // 3 generates the field's multiplicative group, and F6 is its inverse.
    int p = 1;
    int q = 1;
    do {
      p = product(p, 3);
      q = product(q, 0xf6);
      int s = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^ 0x63;
      FORWARD[p] = (byte) s;
      INVERSE[s] = (byte) p;
    } while (p != 1);
    FORWARD[0] = 0x63;
    INVERSE[0x63] = 0;
    for (int i = 0; i < 256; i++) {
      int s = FORWARD[i] & 0xff;
      ENCRYPT[i] = product(s, 2) | s << 8 | s << 16 | product(s, 3) << 24;
      int t = INVERSE[i] & 0xff;
      DECRYPT[i] =
          product(t, 14) | product(t, 9) << 8 | product(t, 13) << 16 | product(t, 11) << 24;
    }
  }

  private Aes() {}

  /** Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
  private static int product(int a, int b) {
    int result = 0;
    int factor = a;
    for (int bits = b; bits != 0; bits >>= 1) {
      if ((bits & 1) != 0) {
        result ^= factor;
      }
      factor = factor << 1 ^ ((factor & 0x80) != 0 ? 0x11b : 0);
    }
    return result;
  }

  private static int rotate(int value, int count) {
    return (value << count | value >> (8 - count)) & 0xff;
  }

  static void execute(
      VcpuContext context, Instruction instruction, long aLow, long aHigh, long bLow, long bHigh) {
    int register = instruction.reg0;
    int a0 = (int) aLow;
    int a1 = (int) (aLow >>> 32);
    int a2 = (int) aHigh;
    int a3 = (int) (aHigh >>> 32);
    switch (Operation.of(instruction.operation)) {
      case AESENC -> {
        long low = pair(encrypt(a0, a1, a2, a3), encrypt(a1, a2, a3, a0));
        long high = pair(encrypt(a2, a3, a0, a1), encrypt(a3, a0, a1, a2));
        context.xmm(register, low ^ bLow, high ^ bHigh);
      }
      case AESENCLAST -> {
        long low = pair(bytes(FORWARD, a0, a1, a2, a3), bytes(FORWARD, a1, a2, a3, a0));
        long high = pair(bytes(FORWARD, a2, a3, a0, a1), bytes(FORWARD, a3, a0, a1, a2));
        context.xmm(register, low ^ bLow, high ^ bHigh);
      }
      case AESDEC -> {
        long low = pair(decrypt(a0, a3, a2, a1), decrypt(a1, a0, a3, a2));
        long high = pair(decrypt(a2, a1, a0, a3), decrypt(a3, a2, a1, a0));
        context.xmm(register, low ^ bLow, high ^ bHigh);
      }
      case AESDECLAST -> {
        long low = pair(bytes(INVERSE, a0, a3, a2, a1), bytes(INVERSE, a1, a0, a3, a2));
        long high = pair(bytes(INVERSE, a2, a1, a0, a3), bytes(INVERSE, a3, a2, a1, a0));
        context.xmm(register, low ^ bLow, high ^ bHigh);
      }
      case AESIMC ->
          context.xmm(
              register,
              pair(inverseMix((int) bLow), inverseMix((int) (bLow >>> 32))),
              pair(inverseMix((int) bHigh), inverseMix((int) (bHigh >>> 32))));
      case AESKEYGENASSIST -> {
        int constant = (int) instruction.immediate & 0xff;
        int x1 = (int) (bLow >>> 32);
        int x3 = (int) (bHigh >>> 32);
        int s1 = bytes(FORWARD, x1, x1, x1, x1);
        int s3 = bytes(FORWARD, x3, x3, x3, x3);
        context.xmm(
            register,
            pair(s1, Integer.rotateRight(s1, 8) ^ constant),
            pair(s3, Integer.rotateRight(s3, 8) ^ constant));
      }
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  private static long pair(int low, int high) {
    return low & 0xffff_ffffL | (long) high << 32;
  }

  /** One column of SubBytes, ShiftRows and MixColumns: row i is taken from column {@code ci}. */
  private static int encrypt(int c0, int c1, int c2, int c3) {
    return ENCRYPT[c0 & 0xff]
        ^ Integer.rotateLeft(ENCRYPT[c1 >>> 8 & 0xff], 8)
        ^ Integer.rotateLeft(ENCRYPT[c2 >>> 16 & 0xff], 16)
        ^ Integer.rotateLeft(ENCRYPT[c3 >>> 24], 24);
  }

  private static int decrypt(int c0, int c1, int c2, int c3) {
    return DECRYPT[c0 & 0xff]
        ^ Integer.rotateLeft(DECRYPT[c1 >>> 8 & 0xff], 8)
        ^ Integer.rotateLeft(DECRYPT[c2 >>> 16 & 0xff], 16)
        ^ Integer.rotateLeft(DECRYPT[c3 >>> 24], 24);
  }

  private static int inverseMix(int column) {
    int substituted = bytes(FORWARD, column, column, column, column);
    return decrypt(substituted, substituted, substituted, substituted);
  }

  /** Row i of column {@code ci}, each through {@code box}. */
  private static int bytes(byte[] box, int c0, int c1, int c2, int c3) {
    return box[c0 & 0xff] & 0xff
        | (box[c1 >>> 8 & 0xff] & 0xff) << 8
        | (box[c2 >>> 16 & 0xff] & 0xff) << 16
        | (box[c3 >>> 24] & 0xff) << 24;
  }
}

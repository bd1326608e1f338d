package org.wardian.processor;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * The six status flags in their lazy form, as {@link StateLayout} documents it, and the way to and
 * from RFLAGS. An operation stores two words and nobody computes a flag that is not read.
 */
public final class Flags {
  public static final int CF = 1;
  public static final int PF = 1 << 2;
  public static final int AF = 1 << 4;
  public static final int ZF = 1 << 6;
  public static final int SF = 1 << 7;
  public static final int OF = 1 << 11;

  /** The six status flags. */
  public static final int STATUS = CF | PF | AF | ZF | SF | OF;

  private static final long RESULT = StateLayout.FLAG_RESULT;
  private static final long AUX = StateLayout.FLAG_AUX;

  private Flags() {}

  /** The six status flags as bits of RFLAGS. */
  public static int get(long state) {
    long result = RawMemory.getLong(state + RESULT);
    long aux = RawMemory.getLong(state + AUX);
    int flags = aux < 0 ? CF : 0;
    if (result == 0) {
      flags |= ZF;
    }
    flags |= (int) (((result >>> 63) ^ (aux & 1)) << 7);
    flags |= (int) ((aux & 8) << 1);
    flags |= (int) (((aux >>> 63) ^ ((aux >>> 62) & 1)) << 11);
    if ((Integer.bitCount((int) (result ^ (aux >>> 8)) & 0xff) & 1) == 0) {
      flags |= PF;
    }
    return flags;
  }

  /** Sets all six from bits of RFLAGS. */
  public static void set(long state, long flags) {
    long result = (flags & ZF) != 0 ? 0 : 1;
    // SF is inverted by bit 0 of aux, since neither 0 nor 1 is negative.
    long aux = (flags & SF) >>> 7;
    aux |= (flags & AF) >>> 1;
    long carry = flags & 1;
    long overflow = (flags >>> 11) & 1;
    aux |= carry << 63 | (carry ^ overflow) << 62;
    // parity of the result byte: 0 is even (PF = 1), 1 is odd (PF = 0)
    boolean even = result == 0;
    if (even != ((flags & PF) != 0)) {
      aux |= 1L << 8;
    }
    RawMemory.putLong(state + RESULT, result);
    RawMemory.putLong(state + AUX, aux);
  }

  /** CF, as 0 or 1. */
  public static long carry(long state) {
    return RawMemory.getLong(state + AUX) >>> 63;
  }

  /** Replaces CF and keeps the other five. */
  public static void carry(long state, long carry) {
    long aux = RawMemory.getLong(state + AUX);
    long flip = (aux >>> 63) ^ carry;
    // OF is bit 63 xor bit 62, so both flip together.
    RawMemory.putLong(state + AUX, aux ^ (flip * 3L << 62));
  }

  /** Whether condition code {@code condition} (0 to 15, Intel SDM vol. 2 appendix B) holds. */
  public static boolean condition(long state, int condition) {
    long result = RawMemory.getLong(state + RESULT);
    long aux = RawMemory.getLong(state + AUX);
    boolean holds =
        switch (condition >> 1) {
          case 0 -> (aux ^ (aux << 1)) < 0;
          case 1 -> aux < 0;
          case 2 -> result == 0;
          case 3 -> aux < 0 || result == 0;
          case 4 -> (result ^ (aux << 63)) < 0;
          case 5 -> (Integer.bitCount((int) (result ^ (aux >>> 8)) & 0xff) & 1) == 0;
          case 6 -> (result ^ (aux << 63) ^ aux ^ (aux << 1)) < 0;
          default -> result == 0 || (result ^ (aux << 63) ^ aux ^ (aux << 1)) < 0;
        };
    return holds ^ ((condition & 1) != 0);
  }
}

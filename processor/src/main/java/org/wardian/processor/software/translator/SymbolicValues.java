package org.wardian.processor.software.translator;

import java.util.Arrays;

/**
 * The unknown values of one straight line of code, numbered. A value that is computed twice from
 * the same values gets the same number, so that equal addresses are recognized. What is known of a
 * value never ends: values do not change, only registers do.
 */
final class SymbolicValues {
  /** The address of the state block: RBP. */
  static final int STATE = 0;

  /** The stack pointer at the entry. */
  static final int STACK = 1;

  /** The number 0; constants are offsets from it. */
  static final int ZERO = 2;

  static final int KIND_UNKNOWN = 0;
  static final int KIND_SUM = 1;
  static final int KIND_LOW_32 = 2;
  static final int KIND_SIGN = 3;
  static final int KIND_LOAD = 4;
  static final int KIND_ADDEND = 5;
  static final int KIND_SLOT = 6;
  static final int KIND_SHIFTED = 8;
  static final int KIND_MASKED = 9;
  static final int KIND_ROTATED = 10;
  static final int KIND_TERM = 11;
  static final int KIND_SCALED = 12;
  static final int KIND_KEYED = 13;

  /** What selects an entry of the TLB: a shift of 7 and a mask at once. */
  static final int KIND_INDEX = 14;

  /** What the targets of jumps are combined with. */
  static final int KEY = 3;

  private static final int FIRST = 4;

  private byte[] kinds = new byte[256];
  private int[] firsts = new int[256];
  private int[] seconds = new int[256];
  private long[] offsets = new long[256];

  /** Bits that may be set. */
  private long[] bits = new long[256];

  /** Largest value, unsigned, that a comparison left possible. */
  private long[] uppers = new long[256];

  /** Address of verified code. */
  private boolean[] codes = new boolean[256];

  /** Image of the flags as PUSHF wrote it. */
  private boolean[] images = new boolean[256];

  private int count;

  /** Values with a limit. */
  private final int[] limited = new int[64];

  private int limitCount;

  /** What {@link #selects} found; of the offsets only the low 32 bits count. */
  int selector;

  long selectorOffset;
  int whole;
  long wholeOffset;

  /** Hash table of the values that are recognized again, valid where the stamp is the current. */
  private int[] table = new int[1024];

  private int[] stamps = new int[1024];
  private int stamp;
  private int used;

  /** Forgets all values. */
  void clear() {
    count = 0;
    used = 0;
    limitCount = 0;
    stamp++;
    for (int i = 0; i < FIRST; i++) {
      add(KIND_UNKNOWN, 0, 0, 0, i == ZERO ? 0 : -1);
    }
  }

  private int add(int kind, int first, int second, long offset, long possible) {
    if (count == kinds.length) {
      int size = 2 * count;
      kinds = Arrays.copyOf(kinds, size);
      firsts = Arrays.copyOf(firsts, size);
      seconds = Arrays.copyOf(seconds, size);
      offsets = Arrays.copyOf(offsets, size);
      bits = Arrays.copyOf(bits, size);
      uppers = Arrays.copyOf(uppers, size);
      codes = Arrays.copyOf(codes, size);
      images = Arrays.copyOf(images, size);
    }
    kinds[count] = (byte) kind;
    firsts[count] = first;
    seconds[count] = second;
    offsets[count] = offset;
    bits[count] = possible;
    uppers[count] = -1;
    codes[count] = false;
    images[count] = false;
    return count++;
  }

  private int known(int kind, int first, int second, long offset, long possible) {
    if (2 * used >= table.length) {
      grow();
    }
    int at = place(kind, first, second, offset);
    if (stamps[at] == stamp) {
      return table[at];
    }
    int value = add(kind, first, second, offset, possible);
    table[at] = value;
    stamps[at] = stamp;
    used++;
    return value;
  }

  /** Where the table holds the value, or may take it. */
  private int place(int kind, int first, int second, long offset) {
    long hash = (((long) kind << 20 ^ first) * 31 + second) * 31 + offset;
    hash *= 0x9e3779b97f4a7c15L;
    int at = (int) (hash >>> 40) & table.length - 1;
    while (stamps[at] == stamp) {
      int value = table[at];
      if (kinds[value] == kind
          && firsts[value] == first
          && seconds[value] == second
          && offsets[value] == offset) {
        return at;
      }
      at = at + 1 & table.length - 1;
    }
    return at;
  }

  private void grow() {
    int[] old = table;
    int[] oldStamps = stamps;
    table = new int[2 * old.length];
    stamps = new int[2 * old.length];
    for (int i = 0; i < old.length; i++) {
      if (oldStamps[i] == stamp) {
        int value = old[i];
        int at = place(kinds[value], firsts[value], seconds[value], offsets[value]);
        table[at] = value;
        stamps[at] = stamp;
      }
    }
  }

  /** A value of which only the bits are known that may be set. */
  int unknown(long possible) {
    return add(KIND_UNKNOWN, 0, 0, 0, possible);
  }

  /** {@code a + (b << shift)}. */
  int sum(int a, int b, int shift) {
    boolean swap = shift == 0 && a > b;
    return known(KIND_SUM, swap ? b : a, swap ? a : b, shift, -1);
  }

  /** The low 32 bits of {@code a + offset}. */
  int low32(int a, long offset) {
    return known(KIND_LOW_32, wide(a), 0, (int) (offset + wideOffset(a)), 0xffff_ffffL);
  }

  /** What CDQ or CQO makes of {@code a + offset}: its sign in all bits of the size. */
  int sign(int size, int a, long offset) {
    if (size == 8) {
      return known(KIND_SIGN, a, size, offset, -1);
    }
    return known(KIND_SIGN, wide(a), size, (int) (offset + wideOffset(a)), -1L >>> 32);
  }

  /** What a value of 32 bits is the low half of, as far as only these bits count. */
  int wide(int value) {
    return kinds[value] == KIND_LOW_32 ? firsts[value] : value;
  }

  long wideOffset(int value) {
    return kinds[value] == KIND_LOW_32 ? offsets[value] : 0;
  }

  /** {@code a + offset} as a value without offset. */
  int term(int a, long offset) {
    return offset == 0 ? a : known(KIND_TERM, a, 0, offset, -1);
  }

  /** The value of which a term is the sum with {@link #termOffset}. */
  int termValue(int term) {
    return kinds[term] == KIND_TERM ? firsts[term] : term;
  }

  long termOffset(int term) {
    return kinds[term] == KIND_TERM ? offsets[term] : 0;
  }

  /** {@code a << count}. */
  int scaled(int a, int count, long possible) {
    return known(KIND_SCALED, a, count, 0, possible);
  }

  /** Offset of what a {@link #KIND_KEYED} was made of. */
  long keyedOffset(int value) {
    return offsets[value];
  }

  /** {@code a + offset} xor {@link #KEY}. */
  int keyed(int a, long offset) {
    return known(KIND_KEYED, a, 0, offset, -1);
  }

  /** {@code a + offset} shifted right, unsigned. */
  int shifted(int a, long offset, int count, long possible) {
    return known(KIND_SHIFTED, a, count, offset, possible);
  }

  /** {@code a + offset} rotated right. */
  int rotated(int a, long offset, int count) {
    return known(KIND_ROTATED, a, count, offset, -1);
  }

  /** {@code a + offset >>> 7} of which the TLB's mask keeps {@code possible}. */
  int index(int a, long offset, long possible) {
    return known(KIND_INDEX, a, 0, offset, possible);
  }

  /** {@code a + offset} of which a mask keeps {@code possible}. */
  int masked(int a, long offset, long mask, long possible) {
    return known(KIND_MASKED, term(a, offset), 0, mask, possible);
  }

  /** The mask of a {@link #KIND_MASKED}. */
  long mask(int value) {
    return offsets[value];
  }

  /**
   * Takes an index of the form {@code (a + offset >>> count) & mask} apart, to {@link #selector}
   * and {@link #selectorOffset}, and what it is the low 32 bits of to {@link #whole} and {@link
   * #wholeOffset}; the mask, an int, keeps none of the bits above, nor those by which a rotation
   * differs from a shift.
   */
  boolean selects(int index, int count, int mask) {
    if (kinds[index] == KIND_INDEX) {
      found(index);
      return count == 7;
    }
    if (kinds[index] != KIND_MASKED || offsets[index] != mask || (long) mask << count >>> 32 != 0) {
      return false;
    }
    int shifted = firsts[index];
    if (kinds[shifted] != KIND_SHIFTED && kinds[shifted] != KIND_ROTATED
        || seconds[shifted] != count) {
      return false;
    }
    found(shifted);
    return true;
  }

  private void found(int value) {
    selector = firsts[value];
    selectorOffset = offsets[value];
    boolean part = kinds[selector] == KIND_LOW_32 && selectorOffset == 0;
    whole = part ? firsts[selector] : selector;
    wholeOffset = part ? offsets[selector] : selectorOffset;
  }

  /** {@code size} bytes of the state block at {@code offset}, zero-extended. */
  int load(int size, long offset, int epoch) {
    return known(KIND_LOAD, size, epoch, offset, size == 8 ? -1 : (1L << 8 * size) - 1);
  }

  /** The addend of a TLB entry. */
  int addend(int entry) {
    return known(KIND_ADDEND, entry, 0, 0, -1);
  }

  /** The TLB entry at a fixed offset. */
  int slot(long offset, int epoch) {
    return known(KIND_SLOT, 0, epoch, offset, 0);
  }

  int kind(int value) {
    return kinds[value];
  }

  int first(int value) {
    return firsts[value];
  }

  int second(int value) {
    return seconds[value];
  }

  /** Shift of a sum. */
  int shift(int value) {
    return (int) offsets[value];
  }

  /** Bits of {@code value + offset} that may be set. */
  long bits(int value, long offset) {
    return value == ZERO ? offset : offset == 0 ? bits[value] : -1;
  }

  /** Largest value, unsigned, of {@code value + offset}; -1 if nothing is known. */
  long upper(int value, long offset) {
    if (value == ZERO) {
      return offset;
    }
    if (offset != 0) {
      return -1;
    }
    return Long.compareUnsigned(bits[value], uppers[value]) < 0 ? bits[value] : uppers[value];
  }

  /** Notes that a value is at most {@code upper}, unsigned. */
  void limit(int value, long upper) {
    if (value >= FIRST && limitCount < limited.length) {
      limited[limitCount++] = value;
      uppers[value] = Long.compareUnsigned(upper, uppers[value]) < 0 ? upper : uppers[value];
    }
  }

  /** Forgets all limits: another way leads here, on which nothing was compared. */
  void forgetLimits() {
    while (limitCount > 0) {
      uppers[limited[--limitCount]] = -1;
    }
  }

  void markCode(int value) {
    codes[value] = true;
  }

  boolean isCode(int value) {
    return codes[value];
  }

  void markFlagsImage(int value) {
    images[value] = true;
  }

  boolean isFlagsImage(int value) {
    return images[value];
  }
}

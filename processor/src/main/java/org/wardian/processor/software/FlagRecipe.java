package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;

/**
 * How emitted code leaves the status flags: in the state block's lazy words, as a copy of the
 * host's flags, or as the operands of the operation that made them.
 */
final class FlagRecipe {
  /** The lazy words of {@link Flags} hold. */
  static final int NONE = 0;

  /** {@link HostState#FLAG_A} holds the host's flags. */
  static final int PARKED = 1;

  /** A + B. */
  static final int ADD = 2;

  /** A - B. */
  static final int SUB = 3;

  /** A &amp; B, carry and overflow clear. */
  static final int AND = 4;

  /** The first recipe that is an operation, and how many of these there are. */
  static final int FIRST = ADD << 2;

  static final int OPERATIONS = 12;

  /** Behind the last recipe. */
  static final int END = FIRST + OPERATIONS;

  private FlagRecipe() {}

  /** A recipe with the operands' size in bytes. */
  static int of(int kind, int size) {
    return kind << 2 | Integer.numberOfTrailingZeros(size);
  }

  /** The kind of a recipe from {@link #FIRST} on. */
  static int kind(int recipe) {
    return recipe >> 2;
  }

  /** The size of its operands in bytes. */
  static int size(int recipe) {
    return 1 << (recipe & 3);
  }

  /** Brings the flags into the lazy words. */
  static void settle(long state) {
    int recipe = RawMemory.getInt(state + HostState.RECIPE);
    if (recipe == NONE) {
      return;
    }
    RawMemory.putInt(state + HostState.RECIPE, NONE);
    long a = RawMemory.getLong(state + HostState.FLAG_A);
    long b = RawMemory.getLong(state + HostState.FLAG_B);
    Flags.set(
        state, recipe == PARKED ? parked((int) a) : computed(kind(recipe), size(recipe), a, b));
  }

  /** Brings the flags into the parked form, whatever form they have. */
  static void park(long state) {
    settle(state);
    int flags = Flags.get(state);
    RawMemory.putLong(
        state + HostState.FLAG_A,
        (long) (flags & 0xd5 | 2) << 8 | ((flags & Flags.OF) != 0 ? 1 : 0));
    RawMemory.putInt(state + HostState.RECIPE, PARKED);
  }

  private static int parked(int word) {
    return word >>> 8 & 0xd5 | ((word & 1) != 0 ? Flags.OF : 0);
  }

  private static int computed(int kind, int size, long a, long b) {
    int shift = 64 - 8 * size;
    long x = a << shift;
    long y = b << shift;
    long result =
        switch (kind) {
          case ADD -> x + y;
          case SUB -> x - y;
          default -> x & y;
        };
    int flags = result == 0 ? Flags.ZF : 0;
    flags |= result < 0 ? Flags.SF : 0;
    flags |= (Integer.bitCount((int) (result >>> shift) & 0xff) & 1) == 0 ? Flags.PF : 0;
    if (kind == AND) {
      return flags;
    }
    boolean add = kind == ADD;
    boolean carry = add ? Long.compareUnsigned(result, x) < 0 : Long.compareUnsigned(x, y) < 0;
    long overflow = add ? (x ^ result) & (y ^ result) : (x ^ y) & (x ^ result);
    flags |= carry ? Flags.CF : 0;
    flags |= overflow < 0 ? Flags.OF : 0;
    flags |= ((x ^ y ^ result) >>> shift & 0x10) != 0 ? Flags.AF : 0;
    return flags;
  }
}

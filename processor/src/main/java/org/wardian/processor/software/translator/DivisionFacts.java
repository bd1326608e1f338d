package org.wardian.processor.software.translator;

/**
 * What comparisons told about dividends and divisors, to know that a division cannot fault (which
 * would end the process). Only the low bytes of a comparison's size count.
 */
final class DivisionFacts {
  private static final int CAPACITY = 32;

  /** Left is above 1. */
  private static final int ABOVE_ONE = 0;

  /** Left is below right, unsigned. */
  private static final int BELOW = 1;

  private static final int EQUAL = 2;

  private final SymbolicValues values;
  private final int[] kinds = new int[CAPACITY];
  private final int[] sizes = new int[CAPACITY];
  private final int[] lefts = new int[CAPACITY];
  private final long[] leftOffsets = new long[CAPACITY];
  private final int[] rights = new int[CAPACITY];
  private final long[] rightOffsets = new long[CAPACITY];
  private int count;

  DivisionFacts(SymbolicValues values) {
    this.values = values;
  }

  void clear() {
    count = 0;
  }

  void noteAboveOne(int value, long offset, int size) {
    note(ABOVE_ONE, size, value, offset, SymbolicValues.ZERO, 0);
  }

  void noteBelow(int value, long offset, int limit, long limitOffset, int size) {
    note(BELOW, size, value, offset, limit, limitOffset);
  }

  void noteEqual(int value, long offset, int other, long otherOffset, int size) {
    note(EQUAL, size, value, offset, other, otherOffset);
  }

  private void note(int kind, int size, int left, long leftOffset, int right, long rightOffset) {
    if (count == CAPACITY || size < 4) {
      return;
    }
    kinds[count] = kind;
    sizes[count] = size;
    lefts[count] = value(left, size);
    leftOffsets[count] = offset(left, leftOffset, size);
    rights[count] = value(right, size);
    rightOffsets[count++] = offset(right, rightOffset, size);
  }

  private int value(int value, int size) {
    return size == 4 ? values.wide(value) : value;
  }

  private long offset(int value, long offset, int size) {
    return size == 4 ? (int) (offset + values.wideOffset(value)) : offset;
  }

  private boolean is(int kind, int size, int left, long leftOffset, int right, long rightOffset) {
    int a = value(left, size);
    long aOffset = offset(left, leftOffset, size);
    int b = value(right, size);
    long bOffset = offset(right, rightOffset, size);
    for (int i = 0; i < count; i++) {
      if (kinds[i] == kind
          && sizes[i] == size
          && lefts[i] == a
          && leftOffsets[i] == aOffset
          && rights[i] == b
          && rightOffsets[i] == bOffset) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether rDX:rAX divided by {@code divisor} cannot fault. Unsigned: rDX is below the divisor.
   * Signed: rDX is the sign of rAX, and divisor + 1 is above 1 (the divisor is neither 0 nor -1).
   */
  boolean isSafe(HostRegisters registers, int divisor, int size, boolean signed) {
    int value = registers.value(divisor);
    long offset = registers.offset(divisor);
    int high = registers.value(HostRegister.RDX);
    long highOffset = registers.offset(HostRegister.RDX);
    if (size < 4) {
      return false;
    }
    if (!signed) {
      return is(BELOW, size, high, highOffset, value, offset);
    }
    int low = registers.value(HostRegister.RAX);
    int sign = values.sign(size, low, registers.offset(HostRegister.RAX));
    boolean extended =
        high == sign && highOffset == 0
            || is(EQUAL, size, sign, 0, high, highOffset)
            || is(EQUAL, size, high, highOffset, sign, 0);
    return extended && is(ABOVE_ONE, size, value, offset + 1, SymbolicValues.ZERO, 0);
  }
}

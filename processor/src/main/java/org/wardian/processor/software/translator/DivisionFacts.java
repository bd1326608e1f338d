package org.wardian.processor.software.translator;

/**
 * What comparisons told about dividends and divisors, to know that a division cannot fault (which
 * would end the process).
 */
final class DivisionFacts {
  // value + offset is above 1, in the low bytes of the size.
  private final int[] above;
  private final long[] aboveOffsets;
  private final int[] aboveSizes;
  private int aboveCount;

  // lesser + offset is below greater + offset, unsigned, in the low bytes of the size.
  private final int[] lesser;
  private final long[] lesserOffsets;
  private final int[] greater;
  private final long[] greaterOffsets;
  private final int[] belowSizes;
  private int belowCount;

  DivisionFacts(int capacity) {
    above = new int[capacity];
    aboveOffsets = new long[capacity];
    aboveSizes = new int[capacity];
    lesser = new int[capacity];
    lesserOffsets = new long[capacity];
    greater = new int[capacity];
    greaterOffsets = new long[capacity];
    belowSizes = new int[capacity];
  }

  void clear() {
    aboveCount = 0;
    belowCount = 0;
  }

  void noteAboveOne(int value, long offset, int size) {
    if (aboveCount < above.length) {
      above[aboveCount] = value;
      aboveOffsets[aboveCount] = offset;
      aboveSizes[aboveCount++] = size;
    }
  }

  void noteBelow(int value, long offset, int limit, long limitOffset, int size) {
    if (belowCount < lesser.length) {
      lesser[belowCount] = value;
      lesserOffsets[belowCount] = offset;
      greater[belowCount] = limit;
      greaterOffsets[belowCount] = limitOffset;
      belowSizes[belowCount++] = size;
    }
  }

  /**
   * Whether rDX:rAX divided by {@code divisor} cannot fault. Unsigned: rDX is below the divisor.
   * Signed: rDX is the sign of rAX (CDQ, CQO), and divisor + 1 is above 1 (the divisor is neither 0
   * nor -1).
   */
  boolean isSafe(
      HostRegisters registers, SymbolicValues values, int divisor, int size, boolean signed) {
    int value = registers.value(divisor);
    long offset = registers.offset(divisor);
    int high = registers.value(HostRegister.RDX);
    long highOffset = registers.offset(HostRegister.RDX);
    if (size < 4) {
      return false;
    }
    if (!signed) {
      for (int i = 0; i < belowCount; i++) {
        if (lesser[i] == high
            && lesserOffsets[i] == highOffset
            && greater[i] == value
            && greaterOffsets[i] == offset
            && belowSizes[i] == size) {
          return true;
        }
      }
      return false;
    }
    int low = registers.value(HostRegister.RAX);
    long lowOffset = registers.offset(HostRegister.RAX);
    if (highOffset != 0 || high != values.sign(size, low, lowOffset)) {
      return false;
    }
    for (int i = 0; i < aboveCount; i++) {
      if (above[i] == value && aboveOffsets[i] == offset + 1 && aboveSizes[i] == size) {
        return true;
      }
    }
    return false;
  }
}

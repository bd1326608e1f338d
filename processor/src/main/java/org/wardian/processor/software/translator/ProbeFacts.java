package org.wardian.processor.software.translator;

/**
 * What comparisons that were passed on the present straight line of code told about the TLB and the
 * table of jump targets.
 *
 * <p>A match says: the page of {@code value + offset} is the one that an entry's tag names. The
 * entry of an address is chosen by its page number, and Java puts no tag into any other entry; so
 * if the entry was chosen by another address less than a page away, that one is in the same page,
 * and all between them.
 */
final class ProbeFacts {
  private static final int CAPACITY = 64;
  private static final long PAGE = 4096;

  private final SymbolicValues values;
  private final StateRules rules;

  private final int[] entries = new int[CAPACITY];
  private final int[] addresses = new int[CAPACITY];
  private final long[] offsets = new long[CAPACITY];
  private final boolean[] writes = new boolean[CAPACITY];
  private int count;

  /** Offsets in the state block's table, as values, of jump targets whose key matched. */
  private final int[] jumps = new int[CAPACITY];

  private int jumpCount;

  /** Values (+ offset) of which the bits of a mask are known to be zero. */
  private final int[] aligned = new int[CAPACITY];

  private final long[] alignedOffsets = new long[CAPACITY];
  private final long[] alignedMasks = new long[CAPACITY];
  private int alignedCount;

  /** The range that {@link #extend} grows. */
  private long low;

  private long high;

  ProbeFacts(SymbolicValues values, StateRules rules) {
    this.values = values;
    this.rules = rules;
  }

  void clear() {
    count = 0;
    jumpCount = 0;
    alignedCount = 0;
  }

  /** Notes that the page of {@code address + offset} is that of an entry's tag. */
  void noteMatch(int entry, boolean write, int address, long offset) {
    if (count < CAPACITY) {
      entries[count] = entry;
      writes[count] = write;
      addresses[count] = address;
      offsets[count++] = offset;
    }
  }

  /** Notes that the key of the jump target at {@code index} in the table matched. */
  void noteJump(int index) {
    if (jumpCount < CAPACITY) {
      jumps[jumpCount++] = index;
    }
  }

  boolean isJump(int index) {
    for (int i = 0; i < jumpCount; i++) {
      if (jumps[i] == index) {
        return true;
      }
    }
    return false;
  }

  /** Notes that the bits of {@code mask} are zero in {@code value + offset}. */
  void noteAligned(int value, long offset, long mask) {
    if (alignedCount < CAPACITY) {
      aligned[alignedCount] = value;
      alignedOffsets[alignedCount] = offset;
      alignedMasks[alignedCount++] = mask;
    }
  }

  /** Whether {@code address + offset} is a multiple of {@code alignment}, a power of two. */
  boolean isAligned(int address, long offset, int alignment) {
    if (address == SymbolicValues.ZERO && (offset & alignment - 1) == 0) {
      return true;
    }
    for (int i = 0; i < alignedCount; i++) {
      if (aligned[i] == address
          && (alignedMasks[i] & alignment - 1) == alignment - 1
          && (offset - alignedOffsets[i] & alignment - 1) == 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether {@code size} bytes at guest address {@code address + offset} lie in the page of {@code
   * entry}.
   */
  boolean isProbed(int entry, int address, long offset, long size, boolean write) {
    boolean any = false;
    for (int i = count - 1; i >= 0; i--) {
      if (entries[i] == entry && addresses[i] == address && (writes[i] || !write)) {
        if (!any) {
          any = true;
          low = offsets[i];
          high = offsets[i];
        }
        low = Math.min(low, offsets[i]);
        high = Math.max(high, offsets[i]);
      }
    }
    if (!any || size > PAGE) {
      return false;
    }
    int shift = 12 - Integer.numberOfTrailingZeros(rules.entrySize);
    if (values.kind(entry) != SymbolicValues.KIND_SLOT
        && values.selects(entry, shift, rules.tlbMask)) {
      extend(address, values.selector, values.selectorOffset);
      extend(address, values.whole, values.wholeOffset);
    }
    long last = offset + size - 1;
    if (address == SymbolicValues.ZERO) {
      // All of the page is known.
      low &= -PAGE;
      high |= PAGE - 1;
    }
    if (offset >= low && last >= offset && last <= high) {
      return true;
    }
    // An aligned access does not cross a page.
    int power = Integer.highestOneBit((int) size);
    return power == size && offset >= low && offset <= high && isAligned(address, offset, power);
  }

  private void extend(int address, int selector, long selectorOffset) {
    if (selector != address) {
      return;
    }
    long at = low + (int) (selectorOffset - low);
    if (Math.abs(at - low) < PAGE) {
      low = Math.min(low, at);
      high = Math.max(high, at);
    }
  }
}

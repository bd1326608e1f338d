package org.wardian.processor.software.translator;

/**
 * Judges addresses: what a value says about the place that it points to, and whether {@link
 * StateRules} and the comparisons passed so far allow an access there.
 */
final class AddressChecker {
  private static final int MAX_ALIGNMENTS = 64;

  private final StateRules rules;
  private final SymbolicValues values;

  // The address under examination: base + (index << shift) + displacement.

  /** {@link SymbolicValues#STATE}, {@link SymbolicValues#STACK}, an addend, or -1. */
  private int base;

  /** A value, or -1. */
  private int index;

  private int shift;
  private long displacement;

  /** Values (+ offset) of which the bits of a mask are known to be zero. */
  private final int[] alignedValues = new int[MAX_ALIGNMENTS];

  private final long[] alignedOffsets = new long[MAX_ALIGNMENTS];
  private final long[] alignedMasks = new long[MAX_ALIGNMENTS];
  private int aligned;

  AddressChecker(StateRules rules, SymbolicValues values) {
    this.rules = rules;
    this.values = values;
  }

  void clear() {
    aligned = 0;
  }

  /** Notes that the bits of {@code mask} are zero in {@code value + offset}. */
  void noteAligned(int value, long offset, long mask) {
    if (aligned < MAX_ALIGNMENTS) {
      alignedValues[aligned] = value;
      alignedOffsets[aligned] = offset;
      alignedMasks[aligned++] = mask;
    }
  }

  /** Takes the address {@code value + offset} apart. */
  void resolve(int value, long offset) {
    base = -1;
    index = -1;
    shift = 0;
    displacement = offset;
    if (isBase(value)) {
      base = value;
    } else if (values.kind(value) == SymbolicValues.KIND_SUM) {
      int first = values.first(value);
      int second = values.second(value);
      if (isBase(first)) {
        base = first;
        index = second;
        shift = values.shift(value);
      } else if (values.shift(value) == 0 && isBase(second)) {
        base = second;
        index = first;
      }
    }
  }

  private boolean isBase(int value) {
    return value == SymbolicValues.STATE
        || value == SymbolicValues.STACK
        || values.kind(value) == SymbolicValues.KIND_ADDEND;
  }

  /** Whether the address is a fixed place of the state block. */
  boolean isStateField() {
    return base == SymbolicValues.STATE && index < 0;
  }

  /** Whether the address is in the state block or relative to its start. */
  boolean isState() {
    return base == SymbolicValues.STATE;
  }

  boolean isStack() {
    return base == SymbolicValues.STACK && index < 0;
  }

  long displacement() {
    return displacement;
  }

  /**
   * Why {@code size} bytes may not be accessed at the resolved address, or null if they may.
   *
   * @param alignment that the instruction needs
   * @param pushed number of values on the stack
   */
  String check(boolean write, long size, int alignment, int pushed) {
    if (size <= 0) {
      return "access of unknown size";
    }
    if (base == SymbolicValues.STATE) {
      return checkState(write, size, alignment);
    }
    if (base == SymbolicValues.STACK) {
      boolean inside = index < 0 && displacement >= -8L * pushed && displacement <= -size;
      return !inside ? "access outside the pushed values" : alignment > 1 ? "alignment" : null;
    }
    if (base < 0) {
      return "address of unknown origin";
    }
    int address = index < 0 ? SymbolicValues.ZERO : index;
    if (shift != 0 || !values.isProbed(values.first(base), address, displacement, size, write)) {
      return write ? "store without a probe" : "load without a probe";
    }
    return alignment <= 1 || isAligned(address, alignment) ? null : "alignment not checked";
  }

  private String checkState(boolean write, long size, int alignment) {
    long end = displacement + size;
    long unit = 0;
    if (index >= 0) {
      long upper = values.upper(index, 0);
      if (upper < 0 || upper > Integer.MAX_VALUE) {
        return "unbounded index into the state block";
      }
      end += upper << shift;
      unit = Long.lowestOneBit(values.bits(index, 0)) << shift;
    }
    if (displacement != (int) displacement) {
      return "outside the state block";
    }
    boolean allowed = write ? rules.mayWrite(displacement, end) : rules.mayRead(displacement, end);
    if (!allowed) {
      return write
          ? "store to a protected part of the state block"
          : "load outside the state block";
    }
    return ((displacement | unit) & alignment - 1) == 0 ? null : "misaligned";
  }

  private boolean isAligned(int address, int alignment) {
    for (int i = 0; i < aligned; i++) {
      if (alignedValues[i] == address
          && (alignedMasks[i] & alignment - 1) == alignment - 1
          && (displacement - alignedOffsets[i] & alignment - 1) == 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether the resolved place holds a word that only Java writes for control registers. */
  boolean isControlWord(long size) {
    return isStateField() && rules.isControlWord(displacement, displacement + size);
  }

  /** Whether others change the resolved field of the state block at any time. */
  boolean isShared(int size) {
    return rules.isShared(displacement, displacement + size);
  }

  /** Whether 8 bytes at the resolved place are the address of verified code. */
  boolean isCodePointer() {
    if (base != SymbolicValues.STATE) {
      return false;
    }
    long upper = index < 0 ? 0 : values.upper(index, 0);
    long low = index < 0 ? 0 : values.bits(index, 0) << shift;
    return upper >= 0
        && upper <= Integer.MAX_VALUE
        && (low & 7) == 0
        && rules.isCodePointer(displacement, displacement + (upper << shift) + 8);
  }

  /**
   * The TLB entry whose field at {@code field} the resolved place is, or -1.
   *
   * @param epoch changes whenever Java may have changed slots
   */
  int entryAt(int field, int epoch) {
    if (base != SymbolicValues.STATE || rules.entrySize == 0) {
      return -1;
    }
    if (index < 0) {
      long slot = rules.slotOf(displacement);
      return slot >= 0 && displacement - slot == field ? values.slot(slot, epoch) : -1;
    }
    boolean entry = shift == 0 && (values.bits(index, 0) & ~(long) rules.tlbMask) == 0;
    return entry && displacement == rules.tlbOffset + (long) field ? index : -1;
  }

  /** Whether a guest address selects the entry, as it does if it is a slot. */
  boolean selects(int value, long offset, int entry) {
    int count = 12 - Integer.numberOfTrailingZeros(rules.entrySize);
    return values.kind(entry) == SymbolicValues.KIND_SLOT
        || values.isIndexOf(entry, value, offset, count, rules.tlbMask);
  }

  int readTag() {
    return rules.readTag;
  }

  int writeTag() {
    return rules.writeTag;
  }

  int addend() {
    return rules.addend;
  }
}

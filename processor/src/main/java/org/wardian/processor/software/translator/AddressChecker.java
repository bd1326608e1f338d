package org.wardian.processor.software.translator;

/**
 * Judges addresses: what a value says about the place that it points to, and whether {@link
 * StateRules} and the comparisons passed so far allow an access there.
 */
final class AddressChecker {
  private final StateRules rules;
  private final SymbolicValues values;

  // The address under examination: base + (index << shift) + displacement.

  /** {@link SymbolicValues#STATE}, {@link SymbolicValues#STACK}, an addend, or -1. */
  private int base;

  /** A value, or -1. */
  private int index;

  private int shift;
  private long displacement;

  final ProbeFacts facts;

  /** Offset in the state block of the TLB that the code may use. */
  int tlb;

  AddressChecker(StateRules rules, SymbolicValues values) {
    this.rules = rules;
    this.values = values;
    this.facts = new ProbeFacts(values, rules);
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
    if (shift != 0) {
      return "address of unknown origin";
    }
    if (!facts.isProbed(values.first(base), address, displacement, size, write)) {
      return write ? "store without a probe" : "load without a probe";
    }
    return alignment <= 1 || facts.isAligned(address, displacement, alignment)
        ? null
        : "alignment not checked";
  }

  /** Whether the resolved place is guest memory that was probed for such an access. */
  boolean isProbed(int size, boolean write) {
    return base >= 0
        && shift == 0
        && values.kind(base) == SymbolicValues.KIND_ADDEND
        && facts.isProbed(
            values.first(base), index < 0 ? SymbolicValues.ZERO : index, displacement, size, write);
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

  /** Whether the resolved place holds words that only Java writes for control registers. */
  boolean isControlWord(int size) {
    if (base != SymbolicValues.STATE) {
      return false;
    }
    long upper = index < 0 ? 0 : values.upper(index, 0);
    long steps = index < 0 ? 0 : values.bits(index, 0) << shift;
    return upper >= 0
        && upper <= Integer.MAX_VALUE
        && rules.isControlWord(displacement, displacement + (upper << shift) + size, size)
        && (steps & size - 1) == 0;
  }

  /** Whether others change the resolved field of the state block at any time. */
  boolean isShared(int size) {
    return rules.isShared(displacement, displacement + size);
  }

  /** Whether the resolved place is the word that says whether the x87 registers are live. */
  boolean isLiveness() {
    return isStateField() && displacement == rules.liveness;
  }

  boolean isExitNumber() {
    return isStateField() && displacement == rules.exitNumber;
  }

  boolean isKey() {
    return isStateField() && displacement == rules.jumpKey;
  }

  /** Whether the resolved place overlaps the word that holds a target over a probe. */
  boolean touchesHeld(long size) {
    return base == SymbolicValues.STATE
        && index < 0
        && displacement < rules.held + 8L
        && rules.held < displacement + size;
  }

  /** Whether the resolved place overlaps the word that takes constants only. */
  boolean touchesConstant(long size) {
    return base == SymbolicValues.STATE
        && index < 0
        && displacement < rules.constant + 4L
        && rules.constant < displacement + size;
  }

  /** Whether that word may become {@code value}. */
  boolean mayStoreConstant(long value, int size) {
    return displacement == rules.constant && size == 4 && value >= 0 && value < rules.constantEnd;
  }

  boolean isHeld() {
    return isStateField() && displacement == rules.held;
  }

  /** Whether the 8 bytes at the resolved place are the address of verified code. */
  boolean isCodePointer() {
    if (base != SymbolicValues.STATE) {
      return false;
    }
    if (index >= 0 && shift == 0 && displacement == rules.jumps + 8L && facts.isJump(index)) {
      return true;
    }
    long upper = index < 0 ? 0 : values.upper(index, 0);
    long low = index < 0 ? 0 : values.bits(index, 0) << shift;
    return upper >= 0
        && upper <= Integer.MAX_VALUE
        && (low & 7) == 0
        && rules.isCodePointer(displacement, displacement + (upper << shift) + 8);
  }

  /**
   * The index of the entry of the table of jump targets whose key the resolved place is, if it is
   * the entry of the address that {@code keyed} was made of; else -1.
   */
  int jumpEntry(int keyed) {
    if (base != SymbolicValues.STATE
        || rules.jumpMask == 0
        || index < 0
        || shift != 0
        || displacement != rules.jumps
        || values.kind(index) != SymbolicValues.KIND_SCALED
        || values.second(index) != 4
        || values.kind(keyed) != SymbolicValues.KIND_KEYED) {
      return -1;
    }
    int masked = values.first(index);
    if (values.kind(masked) != SymbolicValues.KIND_MASKED
        || values.mask(masked) != rules.jumpMask) {
      return -1;
    }
    int term = values.first(masked);
    boolean same =
        values.termValue(term) == values.first(keyed)
            && values.termOffset(term) == values.keyedOffset(keyed);
    return same ? index : -1;
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
      long place = displacement - field - tlb;
      if (place >= 0 && place <= rules.tlbMask && (place & rules.entrySize - 1) == 0) {
        return values.slot(tlb + place, epoch);
      }
      long slot = rules.slotOf(displacement);
      return slot >= 0 && displacement - slot == field ? values.slot(slot, epoch) : -1;
    }
    boolean entry = shift == 0 && (values.bits(index, 0) & ~(long) rules.tlbMask) == 0;
    return entry && displacement == tlb + (long) field ? index : -1;
  }

  /** What an entry's offset in the TLB can be. */
  long indexMask() {
    return rules.tlbMask;
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

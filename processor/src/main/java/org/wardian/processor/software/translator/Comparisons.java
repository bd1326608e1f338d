package org.wardian.processor.software.translator;

/** What comparisons, and the branches behind them, tell about values. */
final class Comparisons {
  private final SymbolicValues values;
  private final HostRegisters registers;
  private final AddressChecker addresses;
  private final DivisionFacts divisions;

  Comparisons(
      SymbolicValues values,
      HostRegisters registers,
      AddressChecker addresses,
      DivisionFacts divisions) {
    this.values = values;
    this.registers = registers;
    this.addresses = addresses;
    this.divisions = divisions;
  }

  /** Follows {@link ProbeIdiom#isSelect}. */
  void selected() {
    int r15 = HostRegister.R15;
    int value = registers.value(r15);
    registers.set(r15, values.index(value, registers.offset(r15), addresses.indexMask()), 0);
    registers.flags = HostRegisters.FLAGS_UNKNOWN;
  }

  /** Whether R15 is the place of an entry in the TLB. */
  boolean selects() {
    int entry = registers.value(HostRegister.R15);
    boolean index = registers.offset(HostRegister.R15) == 0;
    return index && (values.bits(entry, 0) & ~addresses.indexMask()) == 0;
  }

  /**
   * Follows {@link ProbeIdiom#isCheck} whose branch is not taken, where R15 selects an entry: it is
   * the addend then.
   */
  void checked(boolean write) {
    int entry = registers.value(HostRegister.R15);
    int address = registers.value(HostRegister.R14);
    addresses.facts.noteMatch(entry, write, address, registers.offset(HostRegister.R14));
    registers.setUnknown(HostRegister.R14, -1);
    registers.set(HostRegister.R15, values.addend(entry), 0);
    registers.flags = HostRegisters.FLAGS_UNKNOWN;
  }

  /**
   * Notes what is known behind a conditional jump that was not taken; whether that is that the x87
   * registers are live.
   */
  boolean notTaken(int condition) {
    int left = registers.leftValue;
    long offset = registers.leftOffset;
    long right = registers.rightOffset;
    int size = registers.flagsSize;
    if (registers.flags >= HostRegisters.FLAGS_READ_TAG) {
      return noteEntry(condition);
    } else if (registers.flags == HostRegisters.FLAGS_COMPARE_CONSTANT) {
      if (condition == HostCondition.BELOW_EQUAL && right == 1) {
        divisions.noteAboveOne(left, offset, size);
      } else if (offset == 0 && (size == 8 || size == 4 && values.bits(left, 0) >>> 32 == 0)) {
        long limit = size == 4 ? right & 0xffff_ffffL : right;
        if (condition == HostCondition.ABOVE) {
          values.limit(left, limit);
        } else if (condition == HostCondition.ABOVE_EQUAL && limit != 0) {
          values.limit(left, limit - 1);
        }
      }
    } else if (registers.flags == HostRegisters.FLAGS_COMPARE) {
      if (condition == HostCondition.ABOVE_EQUAL) {
        divisions.noteBelow(left, offset, registers.rightValue, right, size);
      } else if (condition == HostCondition.NOT_EQUAL) {
        divisions.noteEqual(left, offset, registers.rightValue, right, size);
      }
    } else if (registers.flags == HostRegisters.FLAGS_TEST_CONSTANT) {
      if (condition == HostCondition.NOT_EQUAL) {
        addresses.facts.noteAligned(left, offset, right & 0xff);
      }
    }
    return false;
  }

  private boolean noteEntry(int condition) {
    int wanted =
        registers.flags == HostRegisters.FLAGS_LIVENESS
            ? HostCondition.EQUAL
            : HostCondition.NOT_EQUAL;
    if (condition != wanted) {
      return false;
    }
    switch (registers.flags) {
      case HostRegisters.FLAGS_LIVENESS -> {
        return true;
      }
      case HostRegisters.FLAGS_JUMP -> addresses.facts.noteJump(registers.rightValue);
      default -> {
        boolean write = registers.flags == HostRegisters.FLAGS_WRITE_TAG;
        addresses.facts.noteMatch(
            registers.rightValue, write, registers.leftValue, registers.leftOffset);
      }
    }
    return false;
  }
}

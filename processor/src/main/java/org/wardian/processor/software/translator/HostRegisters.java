package org.wardian.processor.software.translator;

import java.util.Arrays;

/**
 * The host's general registers, stack and flags as {@link HostVerifier} knows them at one place.
 */
final class HostRegisters {
  /** What the flags come from. */
  static final int FLAGS_UNKNOWN = 0;

  static final int FLAGS_COMPARE_CONSTANT = 1;
  static final int FLAGS_COMPARE = 2;
  static final int FLAGS_TEST_CONSTANT = 3;

  /** The page of the left value with the tag for loads, or stores, of the entry in the right. */
  static final int FLAGS_READ_TAG = 4;

  static final int FLAGS_WRITE_TAG = 5;

  /** A jump target's key; the right value is its place in the table. */
  static final int FLAGS_JUMP = 6;

  /** Whether the x87 registers are live, with 0. */
  static final int FLAGS_LIVENESS = 7;

  private static final int UNKNOWN = -1;

  private final SymbolicValues values;
  private final int[] registers = new int[16];
  private final long[] offsets = new long[16];
  private final int[] stack = new int[HostVerifier.MAX_PUSHES];
  private final long[] stackOffsets = new long[HostVerifier.MAX_PUSHES];

  /** Number of values on the stack. */
  int pushed;

  int flags;
  int flagsSize;
  int leftValue;
  long leftOffset;
  int rightValue;

  /** Offset of the right value, or the constant. */
  long rightOffset;

  /** The value and offset that the last method with two results found. */
  int value;

  long offset;

  HostRegisters(SymbolicValues values) {
    this.values = values;
  }

  /** Makes everything unknown but RBP and RSP. */
  void forget(int depth) {
    pushed = depth;
    forgetRegisters();
    for (int i = 0; i < depth; i++) {
      stack[i] = values.unknown(-1);
      stackOffsets[i] = 0;
    }
  }

  /** As {@link #forget}, but keeps what was pushed. */
  void forgetRegisters() {
    Arrays.fill(registers, UNKNOWN);
    Arrays.fill(offsets, 0);
    registers[HostRegister.RBP] = SymbolicValues.STATE;
    setStackPointer();
    flags = FLAGS_UNKNOWN;
  }

  private void setStackPointer() {
    registers[HostRegister.RSP] = SymbolicValues.STACK;
    offsets[HostRegister.RSP] = -8L * pushed;
  }

  int value(int register) {
    if (registers[register] == UNKNOWN) {
      registers[register] = values.unknown(-1);
    }
    return registers[register];
  }

  long offset(int register) {
    return offsets[register];
  }

  /** Bits of a register that may be set. */
  long bits(int register) {
    return values.bits(value(register), offsets[register]);
  }

  /** Sets a register; false if it is one that emitted code must not change. */
  boolean set(int register, int newValue, long newOffset) {
    if (register == HostRegister.RSP || register == HostRegister.RBP) {
      return false;
    }
    registers[register] = newValue;
    offsets[register] = newOffset;
    return true;
  }

  /** Puts a value of which the possible bits are known into a register. */
  boolean setUnknown(int register, long bits) {
    return set(register, bits == -1 ? UNKNOWN : values.unknown(bits), 0);
  }

  /** Sets a register to the low 32 bits of a value. */
  boolean setLow32(int register, int of, long plus) {
    if (of == SymbolicValues.ZERO) {
      return set(register, of, plus & 0xffff_ffffL);
    }
    if (plus == 0 && values.bits(of, 0) >>> 32 == 0) {
      return set(register, of, 0);
    }
    return set(register, values.low32(of, plus), 0);
  }

  /** Adds {@code (value + offset) << shift} to {@link #value} and {@link #offset}. */
  void add(int other, long otherOffset, int shift) {
    offset += otherOffset << shift;
    if (other == SymbolicValues.ZERO) {
      return;
    }
    value = value == SymbolicValues.ZERO && shift == 0 ? other : values.sum(value, other, shift);
  }

  void push(int newValue, long newOffset) {
    stack[pushed] = newValue;
    stackOffsets[pushed++] = newOffset;
    setStackPointer();
  }

  /** Takes the newest value off the stack, to {@link #value} and {@link #offset}. */
  void pop() {
    pushed--;
    value = stack[pushed];
    offset = stackOffsets[pushed];
    setStackPointer();
  }

  /** Makes the values on the stack unknown. */
  void forgetStack() {
    for (int i = 0; i < pushed; i++) {
      stack[i] = values.unknown(-1);
      stackOffsets[i] = 0;
    }
  }

  /** The value on the stack at {@code displacement} from the entry's RSP, or a new one. */
  void loadStack(long displacement, int size) {
    long slot = -displacement / 8 - 1;
    if (size == 8 && (displacement & 7) == 0 && slot >= 0 && slot < pushed) {
      value = stack[(int) slot];
      offset = stackOffsets[(int) slot];
    } else {
      value = values.unknown(size == 8 ? -1 : (1L << 8 * size) - 1);
      offset = 0;
    }
  }

  /** The flags come from a comparison of a register with a constant, or a test of its bits. */
  void flagsOfConstant(int kind, int size, int register, long constant) {
    flags = kind;
    flagsSize = size;
    leftValue = value(register);
    leftOffset = offsets[register];
    rightOffset = constant;
  }

  /** The flags come from a comparison of a value with an entry of a table. */
  void flagsOfEntry(int kind, int left, long offset, int entry) {
    flags = kind;
    flagsSize = 8;
    leftValue = left;
    leftOffset = offset;
    rightValue = entry;
  }

  /** The flags come from a comparison of two registers. */
  void flagsOfCompare(int size, int left, int right) {
    flags = FLAGS_COMPARE;
    flagsSize = size;
    leftValue = value(left);
    leftOffset = offsets[left];
    rightValue = value(right);
    rightOffset = offsets[right];
  }
}

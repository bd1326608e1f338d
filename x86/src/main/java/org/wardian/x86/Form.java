package org.wardian.x86;

import java.nio.charset.StandardCharsets;

/**
 * One row of the instruction table: one encoding of one operation with its operands. Immutable; two
 * forms are equal only if they are the same object.
 */
public final class Form {
  /** Attribute bits. */
  static final int LOCKABLE = 1;

  static final int NOT_IN_64 = 1 << 1;
  static final int ONLY_IN_64 = 1 << 2;
  static final int DEFAULT_64 = 1 << 3;
  static final int FORCE_64 = 1 << 4;
  static final int PRIVILEGED = 1 << 5;
  static final int REPEATABLE = 1 << 6;
  static final int REPEAT_TESTS_ZERO = 1 << 7;
  static final int ALIGN_16 = 1 << 8;
  static final int ALIGN_64 = 1 << 9;

  final int id;
  final Operation operation;
  final int operationOrdinal;

  /** Templates of the operands; see {@link OperandTemplate}. */
  final int[] operands;

  final Encoding encoding;
  final Feature feature;
  final int attributes;
  private final FlagEffects flags;
  private final byte[] table;
  private final int rowStart;
  private final int rowEnd;

  Form(
      int id,
      Operation operation,
      int[] operands,
      Encoding encoding,
      Feature feature,
      FlagEffects flags,
      int attributes,
      byte[] table,
      int rowStart,
      int rowEnd) {
    this.id = id;
    this.operation = operation;
    this.operationOrdinal = operation.ordinal();
    this.operands = operands;
    this.encoding = encoding;
    this.feature = feature;
    this.flags = flags;
    this.attributes = attributes;
    this.table = table;
    this.rowStart = rowStart;
    this.rowEnd = rowEnd;
  }

  /** Number of the row, from 0 without gaps. */
  public int id() {
    return id;
  }

  public Operation operation() {
    return operation;
  }

  /** The CPUID feature that brings the form, or null if every processor has it. */
  public Feature feature() {
    return feature;
  }

  /** Bits of RFLAGS that the result depends on (conditions: those that any condition reads). */
  public int flagsRead() {
    return flags.read();
  }

  /** Bits of RFLAGS that get a defined value. */
  public int flagsWritten() {
    return flags.written();
  }

  /** Bits of RFLAGS that are undefined afterwards. */
  public int flagsUndefined() {
    return flags.undefined();
  }

  /** Bits of RFLAGS that are undefined too if the masked count of a shift is neither 0 nor 1. */
  public int flagsUndefinedUnlessOne() {
    return flags.undefinedUnlessOne();
  }

  /** Bits of RFLAGS that are undefined too if the masked count is the operand's width or more. */
  public int flagsUndefinedFromWidth() {
    return flags.undefinedFromWidth();
  }

  /** Whether LOCK is allowed where the destination is memory. */
  public boolean lockable() {
    return (attributes & LOCKABLE) != 0;
  }

  /** Whether it is #GP(0) above CPL 0. */
  public boolean privileged() {
    return (attributes & PRIVILEGED) != 0;
  }

  /** Whether F3 or F2 repeats it. */
  public boolean repeatable() {
    return (attributes & (REPEATABLE | REPEAT_TESTS_ZERO)) != 0;
  }

  /** Whether a repetition also ends by ZF (CMPS, SCAS). */
  public boolean repeatTestsZero() {
    return (attributes & REPEAT_TESTS_ZERO) != 0;
  }

  /** Alignment in bytes that the memory operand must have, else #GP(0): 1, 16 or 64. */
  public int alignment() {
    return (attributes & ALIGN_64) != 0 ? 64 : (attributes & ALIGN_16) != 0 ? 16 : 1;
  }

  /** Whether the form exists for code of {@code codeSize} bytes (2, 4 or 8). */
  public boolean validIn(int codeSize) {
    return (attributes & (codeSize == 8 ? NOT_IN_64 : ONLY_IN_64)) == 0;
  }

  /** Number of operands, implied ones included, 0 to 4. */
  public int operandCount() {
    return operands.length;
  }

  /** Whether one operand may be memory, by ModRM or by an absolute offset. */
  public boolean allowsMemory() {
    for (int operand : operands) {
      if (OperandTemplate.place(operand) == OperandTemplate.OFFSET
          || (OperandTemplate.isRm(operand) && encoding.allowsMemory())) {
        return true;
      }
    }
    return false;
  }

  /** Whether the ModRM operand may be a register. */
  public boolean allowsRegister() {
    return encoding.allowsRegister();
  }

  /** The row of the table, without the blanks that align its columns. */
  @Override
  public String toString() {
    String row = new String(table, rowStart, rowEnd - rowStart, StandardCharsets.ISO_8859_1);
    return row.strip().replaceAll(" +", " ");
  }
}

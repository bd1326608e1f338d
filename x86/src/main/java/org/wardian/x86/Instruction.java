package org.wardian.x86;

/**
 * One decoded instruction: what the decoder found, with every operand resolved to a kind, a width
 * and a register number. Filled by {@link Decoder}; consumers only read. Shared by interpreter,
 * disassembler and translators.
 */
public final class Instruction {
  /** Operand kinds. */
  public static final int NONE = 0;

  /** General register {@code reg} (0 to 15), of {@code size} 1, 2, 4 or 8 bytes. */
  public static final int REGISTER = 1;

  /** High byte register AH, CH, DH, BH: {@code reg} is 0 to 3, the register that contains it. */
  public static final int HIGH_BYTE = 2;

  /**
   * Memory at [{@link #base} + {@link #index} &lt;&lt; {@link #scale} + {@link #displacement}] in
   * {@link #segment}; {@code size} bytes are accessed (0 where the instruction does not access
   * memory or the size is not fixed: LEA, INVLPG, FXSAVE).
   */
  public static final int MEMORY = 3;

  /** {@link #immediate}, already sign- or zero-extended as the instruction uses it. */
  public static final int IMMEDIATE = 4;

  /** Second immediate, {@link #immediate2} (ENTER's level; selector of a far pointer). */
  public static final int IMMEDIATE2 = 5;

  /** Branch displacement in {@link #immediate}, sign-extended, from the end of the instruction. */
  public static final int RELATIVE = 6;

  /** Far pointer: offset in {@link #immediate}, selector in {@link #immediate2}. */
  public static final int FAR_POINTER = 7;

  /** XMM register. */
  public static final int XMM = 8;

  /** MMX register (0 to 7). */
  public static final int MMX = 9;

  /** x87 stack register ST({@code reg}). */
  public static final int ST = 10;

  /** Segment register ES CS SS DS FS GS = 0 to 5. */
  public static final int SEGMENT = 11;

  public static final int CONTROL = 12;
  public static final int DEBUG = 13;

  /** An implied constant in {@link #immediate}: the 1 of shifts by one, INT3's 3. */
  public static final int CONSTANT = 14;

  /**
   * Source of a string instruction: [rSI] in {@link #segment}, {@code size} bytes an element. Not
   * counted by {@link #hasMemory}.
   */
  public static final int STRING_SOURCE = 15;

  /**
   * Destination (of SCAS and CMPS: the compared element) of a string instruction: [ES:rDI], {@code
   * size} bytes an element. Not counted by {@link #hasMemory}.
   */
  public static final int STRING_DESTINATION = 16;

  /** An instruction without a form, to be filled by {@link Decoder#decode}. */
  public Instruction() {}

  /** The form of the instruction table; null only before the first decoding. */
  public Form form;

  /** Ordinal of {@link Operation}. */
  public int operation;

  /** Condition code 0 to 15 of Jcc, SETcc, CMOVcc; else 0. */
  public int condition;

  /** Bytes, 1 to 15. */
  public int length;

  /** Effective operand size in bytes: 2, 4 or 8. */
  public int operandSize;

  /** Effective address size in bytes: 2, 4 or 8. */
  public int addressSize;

  /** Code size in bytes that it was decoded for: 2, 4 or 8. */
  public int codeSize;

  /** F0 seen. */
  public boolean lock;

  /** F3 seen, and not a mandatory prefix. */
  public boolean rep;

  /** F2 seen, and not a mandatory prefix. */
  public boolean repne;

  /** The raw ModRM byte, or -1 where the form has none. */
  public int modrm;

  /** Base register number of the memory operand: 0..15, 16 = none, 17 = RIP-relative. */
  public int base;

  /** Index register number of the memory operand: 0..15, 16 = none. */
  public int index;

  /** Shift of the index, 0 to 3. */
  public int scale;

  /** Sign-extended displacement; of a RIP-relative operand, from the end of the instruction. */
  public long displacement;

  /**
   * Segment register of the memory operand: 0 to 5 after overrides and defaults; string
   * instructions' source too. In 64-bit mode ES, CS, SS and DS are reported as {@link
   * StateLayout#NO_SEGMENT}.
   */
  public int segment;

  /** Whether a segment override prefix that counts was present. */
  public boolean segmentOverride;

  public long immediate;
  public long immediate2;

  /** Number of explicit and implied operands in Intel order, 0 to 4. */
  public int operands;

  public int kind0;
  public int kind1;
  public int kind2;
  public int kind3;

  /** Register numbers of the operands. */
  public int reg0;

  public int reg1;
  public int reg2;
  public int reg3;

  /** Widths in bytes of the operands (10 for an 80-bit x87 operand, 16 for XMM). */
  public int size0;

  public int size1;
  public int size2;
  public int size3;

  /** Whether any operand is {@link #MEMORY}. */
  public boolean hasMemory() {
    return kind0 == MEMORY || kind1 == MEMORY || kind2 == MEMORY;
  }
}

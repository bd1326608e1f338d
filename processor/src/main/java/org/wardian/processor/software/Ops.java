package org.wardian.processor.software;

/**
 * The interpreter's dense code: each guest instruction is two 64-bit words.
 *
 * <p>Word 0: bits 0..9 operation (below), 10..14 register a, 15..19 register b, 20..24 base, 25..29
 * index, 30..31 scale, 32..37 {@code sh} (64 minus operand width), 38..40 segment, 41 32-bit
 * address, 42 the address needs 38..41, 43..46 condition or kind, 47..50 instruction length, 52..63
 * offset in the page. Word 1: low half displacement or branch target (relative to the page), high
 * half 32-bit immediate or, of a direct branch, the index of its target once known; or a whole
 * 64-bit immediate; or an index into the page's instructions.
 */
final class Ops {
  private Ops() {}

  static final int MASK = 0x3ff;
  static final int A = 10;
  static final int B = 15;
  static final int BASE = 20;
  static final int INDEX = 25;
  static final int SCALE = 30;
  static final int SH = 32;
  static final int SEGMENT = 38;
  static final long ADDRESS_32 = 1L << 41;
  static final long COMPLEX = 1L << 42;
  static final int KIND = 43;
  static final int LENGTH = 47;
  static final int OFFSET = 52;

  // ---- pseudo operations ----
  static final int STALE = 0;
  static final int GOTO = 1;
  static final int NEXT_PAGE = 2;
  static final int STRADDLE = 3;
  static final int LEAVE = 4;

  // ---- moves ----
  static final int NOP = 5;
  static final int MOV_RR = 6;
  static final int MOV_RI = 7;
  static final int LOAD64 = 8;
  static final int LOAD32 = 9;
  static final int LOAD_ZX8 = 10;
  static final int LOAD_ZX16 = 11;
  static final int LOAD_SX8 = 12;
  static final int LOAD_SX16 = 13;
  static final int LOAD_SX32 = 14;
  static final int STORE64 = 15;
  static final int STORE32 = 16;
  static final int STORE16 = 17;
  static final int STORE8 = 18;
  static final int STORE_I = 19;
  static final int ZX8_RR = 20;
  static final int ZX16_RR = 21;
  static final int SX8_RR = 22;
  static final int SX16_RR = 23;
  static final int SX32_RR = 24;
  static final int LEA = 25;
  static final int CMOV_RR = 26;
  static final int CMOV_RM = 27;
  static final int SETCC = 28;
  static final int PUSH_R = 29;
  static final int POP_R = 30;
  static final int PUSH_I = 31;

  // ---- arithmetic: registers of 32 and 64 bits; comparisons of any width ----
  static final int ADD_RR = 32;
  static final int ADD_RI = 33;
  static final int ADD_RM = 34;
  static final int OR_RR = 35;
  static final int OR_RI = 36;
  static final int OR_RM = 37;
  static final int AND_RR = 38;
  static final int AND_RI = 39;
  static final int AND_RM = 40;
  static final int SUB_RR = 41;
  static final int SUB_RI = 42;
  static final int SUB_RM = 43;
  static final int XOR_RR = 44;
  static final int XOR_RI = 45;
  static final int XOR_RM = 46;
  static final int CMP_RR = 47;
  static final int CMP_RI = 48;
  static final int CMP_RM = 49;
  static final int CMP_MR = 50;
  static final int CMP_MI = 51;
  static final int TEST_RR = 52;
  static final int TEST_RI = 53;
  static final int TEST_MR = 54;
  static final int TEST_MI = 55;
  static final int INC = 56;
  static final int DEC = 57;
  static final int NEG = 58;
  static final int NOT = 59;
  static final int SHL_I = 60;
  static final int SHR_I = 61;
  static final int SAR_I = 62;
  static final int IMUL_RR = 63;
  static final int IMUL_RM = 64;
  static final int IMUL_RRI = 65;

  // ---- branches ----
  static final int JMP = 66;
  static final int CALL = 67;
  static final int RET = 68;
  static final int JMP_R = 69;
  static final int JMP_M = 70;
  static final int CALL_R = 71;
  static final int CALL_M = 72;

  /** Sixteen, by condition. */
  static final int JCC = 73;

  // ---- warm: one method each group, {@link WarmOps} ----
  static final int WARM = 89;
  static final int ALU_RR = 89;
  static final int ALU_RI = 90;
  static final int ALU_RM = 91;
  static final int ALU_MR = 92;
  static final int ALU_MI = 93;
  static final int UNARY_M = 94;
  static final int SHIFT_RI = 95;
  static final int SHIFT_CL = 96;
  static final int MOV_NARROW_RR = 97;
  static final int MOV_NARROW_RI = 98;
  static final int LOAD_NARROW = 99;
  static final int BT_RI = 100;
  static final int BT_RR = 101;
  static final int CONVERT = 102;
  static final int PUSH32_R = 103;
  static final int POP32_R = 104;
  static final int PUSH32_I = 105;
  static final int PUSH_M = 106;
  static final int SETCC_M = 107;

  // ---- 32-bit code: branches that use the stack ----
  static final int CALL32 = 108;
  static final int RET32 = 109;

  // ---- decoded operands: by unit; those at or above END leave the straight line ----
  static final int INTEGER = 110;
  static final int STRING = 111;
  static final int SSE = 112;
  static final int X87 = 113;
  static final int MMX = 114;
  static final int SEGMENTED = 115;
  static final int END = 116;
  static final int END_INTEGER = 116;
  static final int END_STRING = 117;
  static final int END_CONTROL = 118;
  static final int END_SYSTEM = 119;
  static final int END_PORT = 120;
  static final int END_STATE = 121;
  static final int UNDEFINED = 122;
  static final int TOO_LONG = 123;
}

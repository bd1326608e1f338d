package org.wardian.x86;

/**
 * The operand notation of the table, packed in an int: bits 7:0 the place, 15:8 the width of a
 * register (or of an immediate), 23:16 the width of memory, 31:24 a fixed register or constant.
 */
final class OperandTemplate {
  private OperandTemplate() {}

  // Places. RM ones come first: the operand that ModRM.rm selects.
  static final int RM_GENERAL = 0;
  static final int RM_MMX = 1;
  static final int RM_XMM = 2;
  static final int REG_GENERAL = 3;
  static final int REG_MMX = 4;
  static final int REG_XMM = 5;
  static final int REG_SEGMENT = 6;
  static final int REG_CONTROL = 7;
  static final int REG_DEBUG = 8;
  static final int OPCODE_GENERAL = 9;
  static final int IMMEDIATE_BYTE = 10;
  static final int IMMEDIATE_BYTE_SIGNED = 11;
  static final int IMMEDIATE_WORD = 12;
  static final int IMMEDIATE_Z = 13;
  static final int IMMEDIATE_V = 14;
  static final int RELATIVE_BYTE = 15;
  static final int RELATIVE_Z = 16;
  static final int OFFSET = 17;
  static final int FAR_POINTER = 18;
  static final int STRING_SOURCE = 19;
  static final int STRING_DESTINATION = 20;
  static final int FIXED_GENERAL = 21;
  static final int FIXED_SEGMENT = 22;
  static final int FIXED_XMM = 23;
  static final int FIXED_ST = 24;
  static final int ST_I = 25;
  static final int CONSTANT = 26;

  // Widths.
  static final int W_NONE = 0;
  static final int W_1 = 1;
  static final int W_2 = 2;
  static final int W_4 = 3;
  static final int W_8 = 4;
  static final int W_10 = 5;
  static final int W_16 = 6;
  static final int W_V = 7;
  static final int W_Z = 8;
  static final int W_Y = 9;
  static final int W_N = 10;
  static final int W_FAR = 11;
  static final int W_PAIR = 12;
  static final int W_DESCRIPTOR = 13;
  static final int W_X87_ENVIRONMENT = 14;
  static final int W_X87_STATE = 15;

  /** Bytes by (width &lt;&lt; 3 | long mode &lt;&lt; 2 | log2 of operand size - 1). */
  private static final byte[] BYTES = new byte[16 << 3];

  static {
    int[] fixed = {0, 1, 2, 4, 8, 10, 16};
    for (int i = 0; i < 8; i++) {
      boolean wide = i >= 4;
      int size = Math.min(8, 2 << (i & 3));
      for (int w = 0; w < fixed.length; w++) {
        BYTES[w << 3 | i] = (byte) fixed[w];
      }
      BYTES[W_V << 3 | i] = (byte) size;
      BYTES[W_Z << 3 | i] = (byte) Math.min(4, size);
      BYTES[W_Y << 3 | i] = (byte) Math.max(4, size);
      BYTES[W_N << 3 | i] = (byte) (wide ? 8 : 4);
      BYTES[W_FAR << 3 | i] = (byte) (2 + size);
      BYTES[W_PAIR << 3 | i] = (byte) (2 * size);
      BYTES[W_DESCRIPTOR << 3 | i] = (byte) (wide ? 10 : 6);
      BYTES[W_X87_ENVIRONMENT << 3 | i] = (byte) (size == 2 ? 14 : 28);
      BYTES[W_X87_STATE << 3 | i] = (byte) (size == 2 ? 94 : 108);
    }
  }

  /**
   * Width in bytes.
   *
   * @param width one of the {@code W_} constants
   * @param mode long mode (4 or 0) plus log2 of the operand size in bytes minus 1
   */
  static int bytes(int width, int mode) {
    return BYTES[width << 3 | mode];
  }

  static int place(int template) {
    return template & 0xff;
  }

  static int registerWidth(int template) {
    return template >> 8 & 0xff;
  }

  static int memoryWidth(int template) {
    return template >> 16 & 0xff;
  }

  static int fixed(int template) {
    return template >> 24 & 0xff;
  }

  /** Whether ModRM.rm selects the operand. */
  static boolean isRm(int template) {
    return (template & 0xff) <= RM_XMM;
  }

  /** Parses one operand of a row. */
  static int parse(String text) {
    switch (text) {
      case "AL":
        return pack(FIXED_GENERAL, W_1, 0, 0);
      case "CL":
        return pack(FIXED_GENERAL, W_1, 0, 1);
      case "AX":
        return pack(FIXED_GENERAL, W_2, 0, 0);
      case "DX":
        return pack(FIXED_GENERAL, W_2, 0, 2);
      case "rAX":
        return pack(FIXED_GENERAL, W_V, 0, 0);
      case "eAX":
        return pack(FIXED_GENERAL, W_Z, 0, 0);
      case "ES", "CS", "SS", "DS", "FS", "GS":
        return pack(FIXED_SEGMENT, W_2, 0, "ECSDFG".indexOf(text.charAt(0)));
      case "ST0":
        return pack(FIXED_ST, W_10, 0, 0);
      case "STi":
        return pack(ST_I, W_10, 0, 0);
      case "XMM0":
        return pack(FIXED_XMM, W_16, 0, 0);
      case "1", "3":
        return pack(CONSTANT, W_NONE, 0, text.charAt(0) - '0');
      case "Ib":
        return pack(IMMEDIATE_BYTE, W_1, 0, 0);
      case "Ibs":
        return pack(IMMEDIATE_BYTE_SIGNED, W_V, 0, 0);
      case "Iw":
        return pack(IMMEDIATE_WORD, W_2, 0, 0);
      case "Iz":
        return pack(IMMEDIATE_Z, W_V, 0, 0);
      case "Iv":
        return pack(IMMEDIATE_V, W_V, 0, 0);
      case "Jb":
        return pack(RELATIVE_BYTE, W_V, 0, 0);
      case "Jz":
        return pack(RELATIVE_Z, W_V, 0, 0);
      case "Ap":
        return pack(FAR_POINTER, W_FAR, 0, 0);
      default:
        return parseLettered(text);
    }
  }

  private static int parseLettered(String text) {
    int slash = text.indexOf('/');
    if (slash > 0) {
      int register = parse(text.substring(0, slash));
      int memory = parse(text.substring(slash + 1));
      return (register & 0xffff) | (memory & 0xff0000);
    }
    int width = width(text.substring(1));
    return switch (text.charAt(0)) {
      case 'E', 'R', 'M' -> pack(RM_GENERAL, width, width, 0);
      case 'Q', 'N' -> pack(RM_MMX, W_8, width, 0);
      case 'W', 'U' -> pack(RM_XMM, W_16, width, 0);
      case 'G' -> pack(REG_GENERAL, width, 0, 0);
      case 'P' -> pack(REG_MMX, W_8, 0, 0);
      case 'V' -> pack(REG_XMM, W_16, 0, 0);
      case 'S' -> pack(REG_SEGMENT, W_2, 0, 0);
      case 'C' -> pack(REG_CONTROL, width, 0, 0);
      case 'D' -> pack(REG_DEBUG, width, 0, 0);
      case 'Z' -> pack(OPCODE_GENERAL, width, 0, 0);
      case 'O' -> pack(OFFSET, width, width, 0);
      case 'X' -> pack(STRING_SOURCE, width, width, 0);
      case 'Y' -> pack(STRING_DESTINATION, width, width, 0);
      default -> throw new IllegalArgumentException("operand " + text);
    };
  }

  private static int width(String letters) {
    return switch (letters) {
      case "" -> W_NONE;
      case "b" -> W_1;
      case "w" -> W_2;
      case "d", "ss" -> W_4;
      case "q", "sd" -> W_8;
      case "t" -> W_10;
      case "dq", "ps", "pd" -> W_16;
      case "v" -> W_V;
      case "z" -> W_Z;
      case "y" -> W_Y;
      case "n" -> W_N;
      case "p" -> W_FAR;
      case "a" -> W_PAIR;
      case "s" -> W_DESCRIPTOR;
      case "e" -> W_X87_ENVIRONMENT;
      case "f" -> W_X87_STATE;
      default -> throw new IllegalArgumentException("width " + letters);
    };
  }

  private static int pack(int place, int registerWidth, int memoryWidth, int fixed) {
    return place | registerWidth << 8 | memoryWidth << 16 | fixed << 24;
  }
}

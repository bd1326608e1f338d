package org.wardian.processor.software.translator;

import org.wardian.x86.Form;
import org.wardian.x86.InstructionTable;
import org.wardian.x86.Operation;

/**
 * How a form of the instruction table is written anew: its opcode word and the places of its
 * operands. Read from the form's row ({@link Form#toString}), whose notation the head of {@code
 * instructions.tbl} explains.
 */
final class FormEncoding {
  /** Places of operands. */
  static final int IMPLIED = 0;

  static final int RM = 1;
  static final int REG = 2;
  static final int OPCODE = 3;
  static final int IMMEDIATE = 4;

  /** A general register that the row names: {@link #fixed} is its number. */
  static final int FIXED = 5;

  /** A place that a copy cannot have: string, branch displacement, segment, control register. */
  private static final int OTHER = 6;

  /**
   * Read when a form is first met: a guest uses few of all. Two threads may both read one, to the
   * same effect; all fields are final.
   */
  private static final FormEncoding[] ENCODINGS = new FormEncoding[InstructionTable.forms().size()];

  /** Whether an instruction of this form means the same with other registers and in host code. */
  final boolean copyable;

  /** Prefix, map and opcode, as {@link OperandEncoder} takes them. */
  final int op;

  final boolean modrm;

  /** Whether ModRM.rm selects an operand. */
  final boolean hasRm;

  /** Value of ModRM.reg, or -1 if it is an operand or ignored. */
  final int digit;

  /** Whether the row gives the whole ModRM byte, up to ST(i). */
  final boolean wholeModrm;

  /** Whether the opcode's low bits hold the condition. */
  final boolean condition;

  /** Whether REX.W chooses the size of an operand. */
  final boolean wide;

  /** Whether prefix 66 chooses the size of an operand. */
  final boolean word;

  /** Place of each operand. */
  final int[] places;

  /** Letters of the immediate's width ({@code b w z v}), or 0 if the row has none. */
  final char immediate;

  /** Number of the register that a {@link #FIXED} operand must be. */
  final int fixed;

  private FormEncoding(Form form) {
    String[] columns = form.toString().split("\\|");
    String[] words = columns[0].strip().replace(",", "").split(" ");
    places = new int[words.length - 1];
    boolean wide = false;
    boolean word16 = false;
    char immediate = 0;
    int fixed = 0;
    boolean other = false;
    boolean rm = false;
    for (int i = 0; i < places.length; i++) {
      String word = words[i + 1];
      places[i] = place(word);
      rm |= places[i] == RM;
      other |= places[i] == OTHER;
      if (places[i] == FIXED) {
        fixed = word.equals("CL") ? 1 : word.equals("DX") ? 2 : 0;
      }
      if (places[i] == IMMEDIATE) {
        immediate = word.charAt(1);
      }
      char width = word.charAt(word.length() - 1);
      wide |= places[i] != IMPLIED && "vyz".indexOf(width) >= 0 || word.equals("rAX");
      word16 |= places[i] != IMPLIED && "vz".indexOf(width) >= 0 || word.equals("rAX");
    }
    Operation operation = form.operation();
    boolean implied =
        switch (operation) {
          // The last two take lengths from rAX and rDX.
          case CBW, CWD, PCMPESTRI, PCMPESTRM -> true;
          default -> false;
        };
    this.wide = wide || implied;
    this.word = word16 || operation == Operation.CBW || operation == Operation.CWD;
    this.hasRm = rm;
    this.immediate = immediate;
    this.fixed = fixed;
    int op = 0;
    boolean modrm = false;
    boolean opcodeSeen = false;
    boolean whole = false;
    boolean condition = false;
    int digit = -1;
    String[] bytes = columns[1].strip().split(" ");
    for (int i = 0; i < bytes.length; i++) {
      String word = bytes[i];
      boolean last = i + 1 == bytes.length || !isHexadecimal(bytes[i + 1]);
      if (!isHexadecimal(word)) {
        if (word.charAt(0) == '/') {
          modrm = true;
          digit = Character.isDigit(word.charAt(1)) ? word.charAt(1) - '0' : -1;
        } else if (word.equals("w1")) {
          op |= OperandEncoder.WIDE;
        }
        continue;
      }
      int value = Integer.parseInt(word.substring(0, 2), 16);
      int map = op >> 8 & 3;
      if (opcodeSeen) {
        modrm = true;
        whole = true;
      } else if (!last && map == 0 && (value == 0x66 || value == 0xf3 || value == 0xf2)) {
        op |=
            value == 0x66
                ? OperandEncoder.PREFIX_66
                : value == 0xf3 ? OperandEncoder.PREFIX_F3 : OperandEncoder.PREFIX_F2;
      } else if (!last && map == 0 && value == 0x0f) {
        op |= OperandEncoder.MAP_0F;
      } else if (!last && map == 1 && (value == 0x38 || value == 0x3a)) {
        op += value == 0x38 ? 1 << 8 : 2 << 8;
      } else {
        op |= value;
        opcodeSeen = true;
        condition = word.endsWith("+cc");
      }
    }
    this.op = op;
    this.modrm = modrm;
    this.digit = digit;
    this.wholeModrm = whole;
    this.condition = condition;
    this.copyable = HostOperations.isCopyable(form) && (!other || isAbsoluteMove(operation, words));
  }

  /** MOV with an absolute offset, which a copy turns into one with ModRM. */
  private static boolean isAbsoluteMove(Operation operation, String[] words) {
    return operation == Operation.MOV && (words[1].charAt(0) == 'O' || words[2].charAt(0) == 'O');
  }

  private static boolean isHexadecimal(String word) {
    return word.length() >= 2
        && Character.digit(word.charAt(0), 16) >= 0
        && Character.digit(word.charAt(1), 16) >= 0;
  }

  private static int place(String word) {
    switch (word) {
      case "AL", "CL", "AX", "DX", "rAX", "eAX" -> {
        return FIXED;
      }
      case "ST0", "STi", "XMM0", "1", "3" -> {
        return IMPLIED;
      }
      case "ES", "CS", "SS", "DS", "FS", "GS" -> {
        return OTHER;
      }
      default -> {
        return switch (word.charAt(0)) {
          case 'E', 'R', 'M', 'Q', 'N', 'W', 'U' -> RM;
          case 'G', 'P', 'V' -> REG;
          case 'Z' -> OPCODE;
          case 'I' -> IMMEDIATE;
          default -> OTHER;
        };
      }
    }
  }

  static FormEncoding of(Form form) {
    FormEncoding encoding = ENCODINGS[form.id()];
    if (encoding == null) {
      encoding = new FormEncoding(form);
      ENCODINGS[form.id()] = encoding;
    }
    return encoding;
  }
}

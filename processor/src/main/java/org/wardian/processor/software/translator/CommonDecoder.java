package org.wardian.processor.software.translator;

import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Form;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Decodes the few instructions that most of emitted code consists of, in a fraction of {@link
 * Decoder}'s time and with its result: most of those of 4 or 8 bytes' operand size without any
 * prefix but REX, without RIP-relative operands. Everything else it leaves to {@link Decoder}.
 *
 * <p>Source of the encodings: Intel SDM vol. 2, §2.1, §2.2.1 and the opcode maps of appendix A.
 */
final class CommonDecoder {
  private static final int NONE = 16;

  /** Bytes behind the first one of an instruction that may be looked at. */
  private static final int WINDOW = 15;

  // What follows the opcode: kinds of instructions.

  private static final byte OTHER = 0;

  /** ModRM: register, then register or memory. */
  private static final byte REG_RM = 1;

  /** ModRM: register or memory, then register. */
  private static final byte RM_REG = 2;

  /** ModRM, 8-bit immediate. */
  private static final byte RM_IMM8 = 3;

  /** ModRM, 32-bit immediate. */
  private static final byte RM_IMM32 = 4;

  /** Register in the opcode, immediate of the operand size. */
  private static final byte OPCODE_IMM = 5;

  private static final byte RELATIVE8 = 6;
  private static final byte RELATIVE32 = 7;

  /** ModRM: jump to where memory says. */
  private static final byte RM_JUMP = 8;

  /** ModRM: register, then 2 bytes of register or memory. */
  private static final byte REG_RM2 = 9;

  /** Nothing. */
  private static final byte ALONE = 10;

  /** ModRM: a register of 1 byte; the condition in the opcode. */
  private static final byte RM_CONDITION = 11;

  /** By opcode, those of map 0F behind the others. */
  private static final byte[] KINDS = kinds();

  /** By opcode, ModRM's digit, REX.W, and whether the operand is in memory. */
  private static final Form[] FORMS = forms();

  /** How many operands each kind has. */
  private static final byte[] OPERANDS = {0, 2, 2, 2, 2, 2, 1, 1, 1, 2, 0, 1};

  private CommonDecoder() {}

  private static byte[] kinds() {
    byte[] kinds = new byte[512];
    for (int alu = 0; alu < 8; alu++) {
      kinds[alu << 3 | 1] = RM_REG;
      kinds[alu << 3 | 3] = REG_RM;
    }
    kinds[0x81] = RM_IMM32;
    kinds[0x83] = RM_IMM8;
    kinds[0x85] = RM_REG;
    kinds[0x89] = RM_REG;
    kinds[0x8b] = REG_RM;
    kinds[0x8d] = REG_RM;
    kinds[0xc1] = RM_IMM8;
    kinds[0xc7] = RM_IMM32;
    kinds[0xe9] = RELATIVE32;
    kinds[0xeb] = RELATIVE8;
    kinds[0xff] = RM_JUMP;
    for (int i = 0; i < 8; i++) {
      kinds[0xb8 + i] = OPCODE_IMM;
    }
    for (int i = 0; i < 16; i++) {
      kinds[0x70 + i] = RELATIVE8;
      kinds[0x180 + i] = RELATIVE32;
    }
    kinds[0x9e] = ALONE;
    kinds[0x9f] = ALONE;
    for (int i = 0; i < 16; i++) {
      kinds[0x190 + i] = RM_CONDITION;
    }
    kinds[0x1b7] = REG_RM2;
    return kinds;
  }

  private static int index(int opcode, int digit, int wide, int memory) {
    return (opcode << 3 | digit) << 2 | wide << 1 | memory;
  }

  private static Form[] forms() {
    Form[] forms = new Form[512 << 5];
    Decoder decoder = new Decoder(CpuModel.everything());
    Instruction in = new Instruction();
    byte[] code = new byte[WINDOW];
    for (int opcode = 0; opcode < 512; opcode++) {
      if (KINDS[opcode] == OTHER) {
        continue;
      }
      for (int variant = 0; variant < 32; variant++) {
        int at = 0;
        code[at++] = (byte) (0x40 | (variant & 2) << 2);
        if (opcode >= 256) {
          code[at++] = 0x0f;
        }
        code[at++] = (byte) opcode;
        code[at] = (byte) ((variant >> 2) << 3 | ((variant & 1) != 0 ? 0 : 0xc0));
        if (decoder.decode(code, 0, WINDOW, 8, in) == Decoder.OK) {
          forms[opcode << 5 | variant] = in.form;
        }
      }
    }
    return forms;
  }

  // What {@link #decode} found.

  /** Nothing that it knows, or the code ends before. */
  static final int NOT_COMMON = 0;

  static final int MOVE = 1;
  static final int ADDRESS = 2;
  static final int ANOTHER = 3;

  /** By opcode: which of these it is. */
  private static final byte[] GROUPS = groups();

  private static byte[] groups() {
    byte[] groups = new byte[512];
    java.util.Arrays.fill(groups, (byte) ANOTHER);
    groups[0x89] = MOVE;
    groups[0x8b] = MOVE;
    groups[0xc7] = MOVE;
    for (int i = 0; i < 8; i++) {
      groups[0xb8 + i] = MOVE;
    }
    groups[0x8d] = ADDRESS;
    return groups;
  }

  /**
   * Decodes the instruction at {@code at}; says what kind it is.
   *
   * @param brief whether of MOV and LEA operands and length are enough
   */
  static int decode(byte[] code, int at, int end, boolean brief, Instruction out) {
    if (at + WINDOW > code.length) {
      return NOT_COMMON;
    }
    int p = at;
    int opcode = code[p++] & 0xff;
    int rex = 0;
    boolean word = opcode == 0x66;
    if (word) {
      opcode = code[p++] & 0xff;
    }
    if ((opcode & 0xf0) == 0x40) {
      rex = opcode;
      opcode = code[p++] & 0xff;
    }
    if (opcode == 0x0f) {
      opcode = 256 | code[p++] & 0xff;
    }
    byte kind = KINDS[opcode];
    int wide = rex >> 3 & 1;
    if (kind == OTHER || word && (wide != 0 || opcode != 0x89)) {
      return NOT_COMMON;
    }
    int size = word ? 2 : 4 << wide;
    out.base = NONE;
    out.index = NONE;
    out.scale = 0;
    out.displacement = 0;
    out.kind1 = Instruction.NONE;
    out.operandSize = size;
    int digit = 0;
    int memory = 0;
    switch (kind) {
      case RELATIVE8, RELATIVE32 -> {
        if (rex != 0) {
          return NOT_COMMON;
        }
        boolean near = kind == RELATIVE8;
        out.immediate = near ? code[p] : int32(code, p);
        p += near ? 1 : 4;
        out.kind0 = Instruction.RELATIVE;
        out.operandSize = 8;
        out.size0 = 8;
        out.condition = opcode & 15;
      }
      case ALONE -> {
        if (rex != 0) {
          return NOT_COMMON;
        }
        out.kind0 = Instruction.NONE;
      }
      case OPCODE_IMM -> {
        out.kind0 = Instruction.REGISTER;
        out.reg0 = opcode & 7 | (rex & 1) << 3;
        out.size0 = size;
        out.kind1 = Instruction.IMMEDIATE;
        out.size1 = size;
        if (wide != 0) {
          out.immediate = int32(code, p) & 0xffff_ffffL | (long) int32(code, p + 4) << 32;
          p += 8;
        } else {
          out.immediate = int32(code, p);
          p += 4;
        }
      }
      default -> {
        int modrm = code[p++] & 0xff;
        int reg = modrm >> 3 & 7;
        int mod = modrm >> 6;
        int rm = modrm & 7;
        if (kind == RM_CONDITION || kind == RM_IMM8 || kind == RM_IMM32 || kind == RM_JUMP) {
          digit = reg;
        }
        reg |= (rex & 4) << 1;
        if (mod != 3) {
          memory = 1;
          if (rm == 4) {
            int sib = code[p++] & 0xff;
            int index = sib >> 3 & 7 | (rex & 2) << 2;
            if (index != 4) {
              out.index = index;
              out.scale = sib >> 6;
            }
            rm = sib & 7;
            if (rm == 5 && mod == 0) {
              out.displacement = int32(code, p);
              p += 4;
            } else {
              out.base = rm | (rex & 1) << 3;
            }
          } else if (rm == 5 && mod == 0) {
            return NOT_COMMON;
          } else {
            out.base = rm | (rex & 1) << 3;
          }
          if (mod == 1) {
            out.displacement = code[p++];
          } else if (mod == 2) {
            out.displacement = int32(code, p);
            p += 4;
          }
        }
        rm |= (rex & 1) << 3;
        int place = memory != 0 ? Instruction.MEMORY : Instruction.REGISTER;
        switch (kind) {
          case REG_RM, REG_RM2 -> {
            out.kind0 = Instruction.REGISTER;
            out.reg0 = reg;
            out.size0 = size;
            out.kind1 = place;
            out.reg1 = rm;
            out.size1 = kind == REG_RM2 ? 2 : opcode == 0x8d ? 0 : size;
          }
          case RM_CONDITION -> {
            if (memory != 0 || rex == 0 && rm > 3) {
              return NOT_COMMON;
            }
            out.kind0 = Instruction.REGISTER;
            out.reg0 = rm;
            out.size0 = 1;
            out.condition = opcode & 15;
          }
          case RM_JUMP -> {
            if (digit != 4 || rex != 0 && wide != 0) {
              return NOT_COMMON;
            }
            out.kind0 = place;
            out.reg0 = rm;
            out.size0 = 8;
            out.operandSize = 8;
          }
          default -> {
            out.kind0 = place;
            out.reg0 = rm;
            out.size0 = size;
            out.reg1 = reg;
            out.kind1 = kind == RM_REG ? Instruction.REGISTER : Instruction.IMMEDIATE;
            out.size1 = opcode == 0xc1 ? 1 : size;
            if (kind == RM_IMM32) {
              out.immediate = int32(code, p);
              p += 4;
            } else if (kind == RM_IMM8) {
              out.immediate = opcode == 0xc1 ? code[p] & 0xff : code[p];
              p++;
            }
          }
        }
      }
    }
    Form form = FORMS[index(opcode, digit, wide, memory)];
    if (form == null || p > end) {
      return NOT_COMMON;
    }
    if (brief && GROUPS[opcode] != ANOTHER) {
      out.length = p - at;
      return GROUPS[opcode];
    }
    out.form = form;
    out.operation = form.operation().ordinal();
    out.length = p - at;
    out.addressSize = 8;
    out.codeSize = 8;
    out.lock = false;
    out.rep = false;
    out.repne = false;
    out.segment = StateLayout.NO_SEGMENT;
    out.segmentOverride = false;
    out.operands = OPERANDS[kind];
    out.kind2 = Instruction.NONE;
    return GROUPS[opcode];
  }

  private static int int32(byte[] code, int at) {
    return ProbeIdiom.int32(code, at);
  }
}

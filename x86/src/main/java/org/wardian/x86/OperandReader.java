package org.wardian.x86;

/** Fills the operands of an {@link Instruction} from the templates of its form. */
final class OperandReader {
  private final CodeCursor cursor;

  OperandReader(CodeCursor cursor) {
    this.cursor = cursor;
  }

  /** Fills the operands, reading immediates; false if a register number makes the encoding #UD. */
  boolean read(Instruction out, Form form, int opcode, int modrm, int rex) {
    int[] templates = form.operands;
    out.operands = templates.length;
    out.kind0 = Instruction.NONE;
    out.kind1 = Instruction.NONE;
    out.kind2 = Instruction.NONE;
    out.kind3 = Instruction.NONE;
    int mode = (out.codeSize == 8 ? 4 : 0) | (out.operandSize >> 2);
    boolean valid = true;
    for (int i = 0; i < templates.length; i++) {
      int template = templates[i];
      int width = OperandTemplate.bytes(OperandTemplate.registerWidth(template), mode);
      int kind = Instruction.IMMEDIATE;
      int register = 0;
      switch (OperandTemplate.place(template)) {
        case OperandTemplate.RM_GENERAL, OperandTemplate.RM_MMX, OperandTemplate.RM_XMM -> {
          if (modrm < 0xc0 && form.encoding.mods() != 0) {
            kind = Instruction.MEMORY;
            width = OperandTemplate.bytes(OperandTemplate.memoryWidth(template), mode);
          } else if (OperandTemplate.place(template) == OperandTemplate.RM_MMX) {
            kind = Instruction.MMX;
            register = modrm & 7;
          } else {
            register = (modrm & 7) | (rex & 1) << 3;
            kind =
                OperandTemplate.place(template) == OperandTemplate.RM_XMM
                    ? Instruction.XMM
                    : Instruction.REGISTER;
          }
        }
        case OperandTemplate.REG_GENERAL -> {
          kind = Instruction.REGISTER;
          register = (modrm >> 3 & 7) | (rex & 4) << 1;
        }
        case OperandTemplate.REG_XMM -> {
          kind = Instruction.XMM;
          register = (modrm >> 3 & 7) | (rex & 4) << 1;
        }
        case OperandTemplate.REG_MMX -> {
          kind = Instruction.MMX;
          register = modrm >> 3 & 7;
        }
        case OperandTemplate.OPCODE_GENERAL -> {
          kind = Instruction.REGISTER;
          register = (opcode & 7) | (rex & 1) << 3;
        }
        case OperandTemplate.REG_SEGMENT -> {
          kind = Instruction.SEGMENT;
          register = modrm >> 3 & 7;
          valid = register <= StateLayout.GS && (i > 0 || register != StateLayout.CS);
        }
        case OperandTemplate.REG_CONTROL -> {
          kind = Instruction.CONTROL;
          register = (modrm >> 3 & 7) | (rex & 4) << 1;
          // CR0, CR2, CR3, CR4 and CR8 exist.
          valid = (0x11d >> register & 1) != 0;
        }
        case OperandTemplate.REG_DEBUG -> {
          kind = Instruction.DEBUG;
          register = (modrm >> 3 & 7) | (rex & 4) << 1;
          valid = register < 8;
        }
        case OperandTemplate.FIXED_GENERAL -> {
          kind = Instruction.REGISTER;
          register = OperandTemplate.fixed(template);
        }
        case OperandTemplate.STRING_SOURCE -> kind = Instruction.STRING_SOURCE;
        case OperandTemplate.STRING_DESTINATION -> kind = Instruction.STRING_DESTINATION;
        case OperandTemplate.OFFSET -> {
          kind = Instruction.MEMORY;
          out.displacement =
              out.addressSize == 8
                  ? cursor.next64()
                  : out.addressSize == 4 ? cursor.next32() & 0xffff_ffffL : cursor.next16();
        }
        default -> {
          kind = constantOperand(out, template, i);
          register = OperandTemplate.fixed(template);
          if (kind == Instruction.ST && OperandTemplate.place(template) == OperandTemplate.ST_I) {
            register = modrm & 7;
          }
        }
      }
      if (width == 1 && kind == Instruction.REGISTER && rex == 0 && register >= 4) {
        kind = Instruction.HIGH_BYTE;
        register -= 4;
      }
      set(out, i, kind, register, width);
    }
    return valid;
  }

  /** Reads an immediate or takes an implied constant or register; the operand's kind. */
  private int constantOperand(Instruction out, int template, int i) {
    switch (OperandTemplate.place(template)) {
      case OperandTemplate.IMMEDIATE_BYTE -> {
        if (i > 0 && out.kind0 == Instruction.IMMEDIATE) {
          out.immediate2 = cursor.next();
          return Instruction.IMMEDIATE2;
        }
        out.immediate = cursor.next();
      }
      case OperandTemplate.IMMEDIATE_BYTE_SIGNED -> out.immediate = (byte) cursor.next();
      case OperandTemplate.IMMEDIATE_WORD -> out.immediate = cursor.next16();
      case OperandTemplate.IMMEDIATE_Z ->
          out.immediate = out.operandSize == 2 ? (short) cursor.next16() : cursor.next32();
      case OperandTemplate.IMMEDIATE_V ->
          out.immediate =
              out.operandSize == 8
                  ? cursor.next64()
                  : out.operandSize == 4 ? cursor.next32() : (short) cursor.next16();
      case OperandTemplate.RELATIVE_BYTE -> {
        out.immediate = (byte) cursor.next();
        return Instruction.RELATIVE;
      }
      case OperandTemplate.RELATIVE_Z -> {
        out.immediate = out.operandSize == 2 ? (short) cursor.next16() : cursor.next32();
        return Instruction.RELATIVE;
      }
      case OperandTemplate.FAR_POINTER -> {
        out.immediate = out.operandSize == 2 ? cursor.next16() : cursor.next32() & 0xffff_ffffL;
        out.immediate2 = cursor.next16();
        return Instruction.FAR_POINTER;
      }
      case OperandTemplate.FIXED_SEGMENT -> {
        return Instruction.SEGMENT;
      }
      case OperandTemplate.FIXED_XMM -> {
        return Instruction.XMM;
      }
      case OperandTemplate.FIXED_ST, OperandTemplate.ST_I -> {
        return Instruction.ST;
      }
      default -> {
        out.immediate = OperandTemplate.fixed(template);
        return Instruction.CONSTANT;
      }
    }
    return Instruction.IMMEDIATE;
  }

  private static void set(Instruction out, int i, int kind, int register, int size) {
    switch (i) {
      case 0 -> {
        out.kind0 = kind;
        out.reg0 = register;
        out.size0 = size;
      }
      case 1 -> {
        out.kind1 = kind;
        out.reg1 = register;
        out.size1 = size;
      }
      case 2 -> {
        out.kind2 = kind;
        out.reg2 = register;
        out.size2 = size;
      }
      default -> {
        out.kind3 = kind;
        out.reg3 = register;
        out.size3 = size;
      }
    }
  }
}

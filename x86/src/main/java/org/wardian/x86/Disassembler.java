package org.wardian.x86;

import java.util.Locale;

/** Writes decoded instructions in Intel syntax, close to {@code objdump -d -M intel}. */
public final class Disassembler {
  private static final String[] CONDITIONS = {
    "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"
  };

  private static final String[] COMPARISONS = {
    "eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"
  };

  private static final String[] LOW_BYTES = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
  private static final String[] HIGH_BYTES = {"ah", "ch", "dh", "bh"};
  private static final String[] WORDS = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
  private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};
  private static final String[] MNEMONICS = mnemonics();

  private Disassembler() {}

  /**
   * The text of {@code instruction}.
   *
   * @param address linear or effective address of the instruction's first byte, for branch targets
   */
  public static String text(Instruction instruction, long address) {
    StringBuilder text = new StringBuilder(48);
    if (instruction.lock) {
      text.append("lock ");
    }
    if (instruction.form.repeatable() && (instruction.rep || instruction.repne)) {
      boolean test = instruction.form.repeatTestsZero();
      text.append(instruction.repne ? "repnz " : test ? "repz " : "rep ");
    }
    text.append(mnemonic(instruction));
    if (instruction.form.operation() == Operation.XLAT) {
      text.append(" BYTE PTR ");
      text.append(instruction.segmentOverride ? SEGMENTS[instruction.segment] : "ds");
      text.append(":[").append(general(3, instruction.addressSize)).append(']');
    }
    int shown = hidesLastOperand(instruction) ? instruction.operands - 1 : instruction.operands;
    for (int i = 0; i < shown; i++) {
      text.append(i == 0 ? ' ' : ',');
      operand(text, instruction, i, address);
    }
    return text.toString();
  }

  /** The mnemonic alone, without prefixes. */
  public static String mnemonic(Instruction instruction) {
    int size = instruction.operandSize;
    return switch (instruction.form.operation()) {
      case JCC -> "j" + CONDITIONS[instruction.condition];
      case SETCC -> "set" + CONDITIONS[instruction.condition];
      case CMOVCC -> "cmov" + CONDITIONS[instruction.condition];
      case CBW -> size == 2 ? "cbw" : size == 4 ? "cwde" : "cdqe";
      case CWD -> size == 2 ? "cwd" : size == 4 ? "cdq" : "cqo";
      case JCXZ ->
          instruction.addressSize == 2 ? "jcxz" : instruction.addressSize == 4 ? "jecxz" : "jrcxz";
      case FLDENV, FNSTENV, FRSTOR, FNSAVE ->
          sized(MNEMONICS[instruction.operation], instruction, Math.min(4, size), 4);
      case SYSEXIT -> instruction.codeSize < 8 ? "sysexit" : size == 8 ? "sysexitq" : "sysexitd";
      case IRET, RETF -> sized(MNEMONICS[instruction.operation], instruction, size, 4);
      case SYSRET -> size == 8 ? "sysretq" : "sysretd";
      case PUSHF, POPF, PUSHA, POPA, PUSH_SEG, POP_SEG, RET, ENTER, LEAVE ->
          sized(MNEMONICS[instruction.operation], instruction, size, 8);
      case PUSH, CALL, JMP ->
          instruction.kind0 == Instruction.IMMEDIATE || instruction.kind0 == Instruction.RELATIVE
              ? sized(MNEMONICS[instruction.operation], instruction, size, 8)
              : MNEMONICS[instruction.operation];
      case MOVD ->
          instruction.size0 == 8 && instruction.size1 == 8 || wideMove(instruction)
              ? "movq"
              : "movd";
      case PEXTRD -> instruction.size0 == 8 ? "pextrq" : "pextrd";
      case PINSRD -> instruction.size1 == 8 ? "pinsrq" : "pinsrd";
      case MOV -> isLongMove(instruction) ? "movabs" : "mov";
      case CMPPS, CMPPD, CMPSS, CMPSD_SSE -> comparison(instruction);
      case PCLMULQDQ -> carryLess(instruction);
      case FXSAVE, FXRSTOR, XSAVE, XRSTOR, XSAVEOPT ->
          MNEMONICS[instruction.operation] + (isWideState(instruction) ? "64" : "");
      default -> MNEMONICS[instruction.operation];
    };
  }

  private static String[] mnemonics() {
    Operation[] operations = Operation.values();
    String[] names = new String[operations.length];
    for (int i = 0; i < names.length; i++) {
      names[i] =
          switch (operations[i]) {
            case CALLF -> "call";
            case JMPF -> "jmp";
            case MOV_CR, MOV_DR, MOV_SEG -> "mov";
            case PUSH_SEG -> "push";
            case POP_SEG -> "pop";
            case MOVSD_SSE -> "movsd";
            case CMPSD_SSE -> "cmpsd";
            default -> operations[i].name().toLowerCase(Locale.ROOT);
          };
    }
    return names;
  }

  /** With a suffix where the size is not the one that the code implies: iretw, iretd, iretq. */
  private static String sized(String name, Instruction instruction, int size, int largest) {
    if (size == Math.min(largest, instruction.codeSize)) {
      return name;
    }
    return name + (size == 2 ? 'w' : size == 4 ? 'd' : 'q');
  }

  private static boolean wideMove(Instruction instruction) {
    int general =
        instruction.kind0 == Instruction.XMM || instruction.kind0 == Instruction.MMX
            ? instruction.size1
            : instruction.size0;
    return general == 8;
  }

  private static boolean isLongMove(Instruction instruction) {
    if (instruction.kind1 == Instruction.IMMEDIATE) {
      return instruction.operandSize == 8
          && OperandTemplate.place(instruction.form.operands[1]) == OperandTemplate.IMMEDIATE_V;
    }
    return instruction.codeSize == 8
        && (OperandTemplate.place(instruction.form.operands[0]) == OperandTemplate.OFFSET
            || OperandTemplate.place(instruction.form.operands[1]) == OperandTemplate.OFFSET);
  }

  private static boolean isWideState(Instruction instruction) {
    return instruction.operandSize == 8;
  }

  private static String comparison(Instruction instruction) {
    String name = MNEMONICS[instruction.operation];
    return hidesLastOperand(instruction)
        ? "cmp" + COMPARISONS[(int) instruction.immediate] + name.substring(3)
        : name;
  }

  private static String carryLess(Instruction instruction) {
    if (!hidesLastOperand(instruction)) {
      return "pclmulqdq";
    }
    return "pclmul"
        + ((instruction.immediate & 1) == 0 ? "lq" : "hq")
        + ((instruction.immediate & 16) == 0 ? "lq" : "hq")
        + "dq";
  }

  /** Whether the mnemonic says what the last operand, an immediate, holds. */
  private static boolean hidesLastOperand(Instruction instruction) {
    return switch (instruction.form.operation()) {
      case CMPPS, CMPPD, CMPSS, CMPSD_SSE -> instruction.immediate < 8;
      case PCLMULQDQ -> (instruction.immediate & ~0x11) == 0;
      case INT3 -> true;
      default -> false;
    };
  }

  private static void operand(StringBuilder text, Instruction instruction, int i, long address) {
    int kind;
    int register;
    int size;
    switch (i) {
      case 0 -> {
        kind = instruction.kind0;
        register = instruction.reg0;
        size = instruction.size0;
      }
      case 1 -> {
        kind = instruction.kind1;
        register = instruction.reg1;
        size = instruction.size1;
      }
      case 2 -> {
        kind = instruction.kind2;
        register = instruction.reg2;
        size = instruction.size2;
      }
      default -> {
        kind = instruction.kind3;
        register = instruction.reg3;
        size = instruction.size3;
      }
    }
    switch (kind) {
      case Instruction.REGISTER -> text.append(general(register, size));
      case Instruction.HIGH_BYTE -> text.append(HIGH_BYTES[register]);
      case Instruction.MEMORY -> memory(text, instruction, size);
      case Instruction.IMMEDIATE -> hexadecimal(text, masked(instruction.immediate, size));
      case Instruction.IMMEDIATE2 -> hexadecimal(text, instruction.immediate2);
      case Instruction.CONSTANT -> text.append(instruction.immediate);
      case Instruction.RELATIVE -> {
        long target = address + instruction.length + instruction.immediate;
        if (instruction.operandSize == 2) {
          // In 16-bit code the listing's address holds the segment's base above IP.
          long above = instruction.codeSize == 2 ? address & ~0xffffL : 0;
          target = above | (target & 0xffff);
        }
        hexadecimal(text, masked(target, instruction.codeSize == 8 ? 8 : 4));
      }
      case Instruction.FAR_POINTER -> {
        hexadecimal(text, instruction.immediate2);
        text.append(':');
        hexadecimal(text, instruction.immediate);
      }
      case Instruction.XMM -> text.append("xmm").append(register);
      case Instruction.MMX -> text.append("mm").append(register);
      case Instruction.ST -> {
        boolean implied =
            OperandTemplate.place(instruction.form.operands[i]) == OperandTemplate.FIXED_ST;
        text.append("st");
        if (!implied) {
          text.append('(').append(register).append(')');
        }
      }
      case Instruction.SEGMENT -> text.append(SEGMENTS[register]);
      case Instruction.CONTROL -> text.append("cr").append(register);
      case Instruction.DEBUG -> text.append("dr").append(register);
      case Instruction.STRING_SOURCE -> {
        text.append(pointer(size));
        text.append(instruction.segment < 6 ? SEGMENTS[instruction.segment] : "ds").append(":[");
        text.append(general(6, instruction.addressSize)).append(']');
      }
      case Instruction.STRING_DESTINATION -> {
        text.append(pointer(size)).append("es:[");
        text.append(general(7, instruction.addressSize)).append(']');
      }
      default -> throw new IllegalStateException("operand kind " + kind);
    }
  }

  private static void memory(StringBuilder text, Instruction instruction, int size) {
    switch (instruction.form.operation()) {
      case CALLF, JMPF, LES, LDS, LSS, LFS, LGS ->
          text.append(size == 4 ? "DWORD PTR " : size == 6 ? "FWORD PTR " : "TBYTE PTR ");
      case LGDT, SGDT, LIDT, SIDT, FLDENV, FNSTENV, FRSTOR, FNSAVE, INVPCID, LDDQU -> {
        // The operand has a format of its own.
      }
      case CLFLUSH, INVLPG -> text.append("BYTE PTR ");
      default -> text.append(pointer(size));
    }
    boolean plain = instruction.base == 16 && instruction.index == 16;
    if (instruction.segmentOverride) {
      text.append(SEGMENTS[instruction.segment]).append(':');
    } else if (plain) {
      text.append("ds:");
    }
    if (plain) {
      boolean unsigned = instruction.addressSize < 8;
      hexadecimal(
          text,
          unsigned
              ? masked(instruction.displacement, instruction.addressSize)
              : instruction.displacement);
      return;
    }
    text.append('[');
    if (instruction.base < 16) {
      text.append(general(instruction.base, instruction.addressSize));
    } else if (instruction.base == 17) {
      text.append(instruction.addressSize == 8 ? "rip" : "eip");
    }
    if (instruction.index < 16) {
      if (instruction.base != 16) {
        text.append('+');
      }
      text.append(general(instruction.index, instruction.addressSize));
      if (instruction.addressSize > 2) {
        text.append('*').append(1 << instruction.scale);
      }
    }
    boolean displaced = instruction.modrm >> 6 != 0 || instruction.base >= 16;
    if (displaced) {
      long displacement = instruction.displacement;
      text.append(displacement < 0 ? '-' : '+');
      hexadecimal(text, Math.abs(displacement));
    }
    text.append(']');
  }

  private static String pointer(int size) {
    return switch (size) {
      case 1 -> "BYTE PTR ";
      case 2 -> "WORD PTR ";
      case 4 -> "DWORD PTR ";
      case 8 -> "QWORD PTR ";
      case 10 -> "TBYTE PTR ";
      case 16 -> "XMMWORD PTR ";
      default -> "";
    };
  }

  /** Name of general register {@code register} (0 to 15) of {@code size} bytes. */
  private static String general(int register, int size) {
    if (register >= 8) {
      String suffix = size == 1 ? "b" : size == 2 ? "w" : size == 4 ? "d" : "";
      return "r" + register + suffix;
    }
    return switch (size) {
      case 1 -> LOW_BYTES[register];
      case 2 -> WORDS[register];
      case 4 -> "e" + WORDS[register];
      default -> "r" + WORDS[register];
    };
  }

  private static long masked(long value, int size) {
    return size >= 8 || size == 0 ? value : value & (1L << size * 8) - 1;
  }

  private static void hexadecimal(StringBuilder text, long value) {
    text.append("0x").append(Long.toHexString(value));
  }
}

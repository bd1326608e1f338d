package org.wardian.processor.software;

import org.wardian.processor.software.translator.InstructionCopier;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/** Which instructions of 64-bit code are translated; all others are interpreted. */
final class Emittable {
  private Emittable() {}

  /**
   * Whether the emitter handles {@code i}.
   *
   * @param sse whether SSE instructions may be executed as themselves
   * @param x87 whether x87 instructions may
   */
  static boolean is(Instruction i, boolean sse, boolean x87) {
    Operation op = GuestBlock.operation(i);
    if (X87Emitter.isX87(i)) {
      return x87 && X87Emitter.is(i) && operand(i);
    }
    switch (op) {
      case JMP, CALL -> {
        return i.kind0 == Instruction.RELATIVE && i.operandSize == 8 || i.size0 == 8 && operand(i);
      }
      case JCC -> {
        return i.operandSize == 8;
      }
      case RET -> {
        return i.operandSize == 8;
      }
      case PUSH -> {
        return i.operandSize == 8 && !i.lock && operand(i);
      }
      case POP -> {
        return i.operandSize == 8 && i.kind0 == Instruction.REGISTER;
      }
      case LEAVE -> {
        return i.operandSize == 8;
      }
      // PAUSE is for Java, which may give the host's core away.
      case NOP, LFENCE, MFENCE, SFENCE -> {
        return true;
      }
      case ADC,
          ADD,
          AND,
          BSF,
          BSR,
          BSWAP,
          CBW,
          CWD,
          CLC,
          CMC,
          STC,
          CMOVCC,
          CMP,
          CMPXCHG,
          CMPXCHG8B,
          CMPXCHG16B,
          DEC,
          IMUL,
          INC,
          LEA,
          MOV,
          MOVNTI,
          MOVSX,
          MOVSXD,
          MOVZX,
          MUL,
          NEG,
          NOT,
          OR,
          POPCNT,
          RCL,
          RCR,
          ROL,
          ROR,
          SAR,
          SBB,
          SETCC,
          SHL,
          SHLD,
          SHR,
          SHRD,
          SUB,
          TEST,
          XADD,
          XCHG,
          XOR -> {
        return copied(i);
      }
      case DIV, IDIV -> {
        return i.size0 >= 4 && copied(i);
      }
      case BT, BTC, BTR, BTS -> {
        // With an index in a register the memory operand is a bit string of any length.
        return (i.kind0 != Instruction.MEMORY || i.kind1 == Instruction.IMMEDIATE) && copied(i);
      }
      default -> {
        return sse && (vector(i, op) || x87 && X87Emitter.isMmx(i)) && copied(i);
      }
    }
  }

  private static boolean vector(Instruction i, Operation op) {
    return Emittable.isVector(op)
        && i.kind0 != Instruction.MMX
        && i.kind1 != Instruction.MMX
        && (i.kind0 == Instruction.XMM || i.kind1 == Instruction.XMM);
  }

  private static boolean isVector(Operation op) {
    return switch (op) {
      case MASKMOVDQU, MASKMOVQ, LDMXCSR, STMXCSR -> false;
      // From memory too some processors make the transition to MMX.
      case CVTPI2PD, CVTPI2PS -> false;
      default -> op.ordinal() > Operation.FYL2XP1.ordinal();
    };
  }

  private static boolean operand(Instruction i) {
    return !i.hasMemory() || addressable(i);
  }

  private static boolean addressable(Instruction i) {
    return i.addressSize >= 4
        && (i.segment == StateLayout.NO_SEGMENT
            || i.segment == StateLayout.FS
            || i.segment == StateLayout.GS);
  }

  /** Whether a move from AH, CH, DH or BH needs a prefix with which these cannot be named. */
  static boolean movesHighByte(Instruction i) {
    Operation op = GuestBlock.operation(i);
    return (op == Operation.MOV || op == Operation.MOVZX)
        && i.kind1 == Instruction.HIGH_BYTE
        && (i.kind0 == Instruction.MEMORY || needsPrefix(i.kind0, i.reg0));
  }

  private static boolean copied(Instruction i) {
    if (movesHighByte(i)) {
      return operand(i);
    }

    if (!InstructionCopier.isCopyable(i.form) || i.rep && i.kind0 == Instruction.MEMORY) {
      return false;
    }
    boolean highByte =
        i.kind0 == Instruction.HIGH_BYTE
            || i.kind1 == Instruction.HIGH_BYTE
            || i.kind2 == Instruction.HIGH_BYTE;
    if (highByte
        && (i.hasMemory() || needsPrefix(i.kind0, i.reg0) || needsPrefix(i.kind1, i.reg1))) {
      return false;
    }
    return !i.hasMemory() || GuestBlock.operation(i) == Operation.LEA || addressable(i);
  }

  /** Whether the operand's host register cannot be named beside AH to BH. */
  private static boolean needsPrefix(int kind, int register) {
    return kind == Instruction.REGISTER && register > 3;
  }
}

package org.wardian.processor.software;

import org.wardian.processor.software.sse.SseUnit;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Decoded instructions to dense operations. What is frequent and simple gets an operation of its
 * own; the rest keeps its {@link Instruction} and names the unit that executes it.
 */
final class Lowering {
  private static final Operation[] OPERATIONS = Operation.values();
  private static final byte[] UNITS = units();

  /** Whether the instruction lowered last never continues with the next one. */
  boolean endsRun;

  private long w0;
  private long w1;

  private static byte[] units() {
    byte[] units = new byte[OPERATIONS.length];
    for (Operation op : OPERATIONS) {
      units[op.ordinal()] = (byte) unit(op);
    }
    return units;
  }

  private static int unit(Operation op) {
    switch (op) {
      case MOVS, STOS, LODS, CMPS, SCAS:
        return Ops.STRING;
      case INS, OUTS:
        return Ops.END_STRING;
      case IN, OUT:
        return Ops.END_PORT;
      case JCC, JCXZ, LOOP, LOOPE, LOOPNE, JMP, CALL, RET, JMPF, CALLF, RETF, IRET:
      case INT, INT1, INT3, INTO, POPF, POP_SEG, PUSH, POP, PUSH_SEG, PUSHA, POPA, PUSHF:
      case ENTER, LEAVE, BOUND:
        return Ops.END_CONTROL;
      case FXSAVE, FXRSTOR, XSAVE, XRSTOR, XSAVEOPT:
        return Ops.END_STATE;
      default:
        if (op.ordinal() >= Operation.F2XM1.ordinal()
            && op.ordinal() <= Operation.FYL2XP1.ordinal()) {
          return Ops.X87;
        }
        if (op.ordinal() > Operation.FYL2XP1.ordinal()
            || op == Operation.LDMXCSR
            || op == Operation.STMXCSR) {
          return Ops.SSE;
        }
        if (op.ordinal() >= Operation.ARPL.ordinal()
            && op != Operation.LFENCE
            && op != Operation.MFENCE
            && op != Operation.SFENCE
            && op != Operation.CLFLUSH) {
          return Ops.END_SYSTEM;
        }
        if (op == Operation.UD0 || op == Operation.UD1 || op == Operation.UD2) {
          return Ops.END_SYSTEM;
        }
        return Ops.INTEGER;
    }
  }

  /**
   * Appends the operation for {@code i} at {@code offset} of its page; returns whether the store
   * now refers to {@code i} itself.
   */
  boolean lower(Instruction i, int codeKind, CodeStore store, int offset) {
    if (codeKind >= CodePage.SEGMENTED_32) {
      return lowerGeneral(i, store, offset, true);
    }
    endsRun = false;
    w1 = 0;
    w0 = (long) offset << Ops.OFFSET | (long) i.length << Ops.LENGTH;
    if (dense(i, codeKind, offset)) {
      store.emit(w0, w1);
      return false;
    }
    return lowerGeneral(i, store, offset, false);
  }

  /** The operation that executes {@code i} by its decoded operands. */
  static int unitOf(Instruction i) {
    int unit = UNITS[i.operation];
    if (unit == Ops.SSE && !SseUnit.handles(i) || OPERATIONS[i.operation] == Operation.EMMS) {
      unit = Ops.MMX;
    }
    return unit == Ops.STRING && (i.rep || i.repne) ? Ops.END_STRING : unit;
  }

  /** Appends {@code i} as an operation on decoded operands. */
  boolean lowerGeneral(Instruction i, CodeStore store, int offset, boolean segmented) {
    if (i.base == StateLayout.REGISTER_CODE_PAGE) {
      // From the page instead of from the next instruction, so that nobody needs RIP.
      i.displacement += offset + i.length;
    }
    int unit = unitOf(i);
    endsRun = unit >= Ops.END;
    long word = (long) offset << Ops.OFFSET | (long) i.length << Ops.LENGTH;
    if (segmented) {
      // The unit moves to the kind field's neighbours: SEGMENTED checks the limit first.
      store.emit(word | Ops.SEGMENTED | (long) unit << Ops.A, store.keep(i));
      endsRun = unit >= Ops.END;
    } else {
      store.emit(word | unit, store.keep(i));
    }
    return true;
  }

  private static boolean register(int kind, int size) {
    return kind == Instruction.REGISTER && size >= 4;
  }

  private void op(int op) {
    w0 |= op;
  }

  private void a(int register) {
    w0 |= (long) register << Ops.A;
  }

  private void b(int register) {
    w0 |= (long) register << Ops.B;
  }

  private void sh(int size) {
    w0 |= (long) (64 - 8 * size) << Ops.SH;
  }

  private void kind(int kind) {
    w0 |= (long) kind << Ops.KIND;
  }

  private static boolean fits(long v) {
    return v == (int) v;
  }

  /** Encodes the memory operand; false where only the general path can reach it. */
  private boolean memory(Instruction i, int codeKind, int offset) {
    long displacement = i.displacement;
    if (i.base == StateLayout.REGISTER_CODE_PAGE) {
      displacement += offset + i.length;
    }
    if (!fits(displacement) || i.addressSize == 2) {
      return false;
    }
    boolean extraSegment = i.segment == StateLayout.FS || i.segment == StateLayout.GS;
    if (extraSegment && codeKind != CodePage.LONG
        || i.segment == StateLayout.CS && codeKind != CodePage.LONG) {
      return false;
    }
    w0 |= (long) i.base << Ops.BASE | (long) i.index << Ops.INDEX | (long) i.scale << Ops.SCALE;
    if (i.addressSize == 4) {
      w0 |= Ops.ADDRESS_32 | Ops.COMPLEX;
    }
    if (extraSegment) {
      w0 |= Ops.COMPLEX;
    }
    w0 |= (long) (extraSegment ? i.segment : StateLayout.NO_SEGMENT) << Ops.SEGMENT;
    w1 = displacement & 0xffffffffL;
    return true;
  }

  private boolean immediateHigh(Instruction i) {
    if (!fits(i.immediate)) {
      return false;
    }
    w1 |= i.immediate << 32;
    return true;
  }

  private static boolean isImmediate(int kind) {
    return kind == Instruction.IMMEDIATE || kind == Instruction.CONSTANT;
  }

  /** Tries the dense operations; on false {@link #w0} and {@link #w1} are garbage. */
  private boolean dense(Instruction i, int codeKind, int offset) {
    Operation op = OPERATIONS[i.operation];
    boolean wide = codeKind == CodePage.LONG;
    if (i.lock) {
      return false;
    }
    switch (op) {
      case NOP, LFENCE:
        op(Ops.NOP);
        return true;
      case MOV:
        return move(i, codeKind, offset);
      case MOVZX, MOVSX, MOVSXD:
        return extend(op, i, codeKind, offset);
      case LEA:
        if (i.size0 < 4 || !memory(i, codeKind, offset)) {
          return false;
        }
        op(Ops.LEA);
        a(i.reg0);
        sh(i.size0);
        // No segment base in an address that is not dereferenced.
        w0 = w0 & ~(7L << Ops.SEGMENT) | (long) StateLayout.NO_SEGMENT << Ops.SEGMENT;
        return true;
      case ADD, OR, ADC, SBB, AND, SUB, XOR, CMP:
        return arithmetic(IntegerOps.aluKind(op), i, codeKind, offset);
      case TEST:
        return test(i, codeKind, offset);
      case INC, DEC, NEG, NOT:
        return unary(op, i, codeKind, offset);
      case SHL, SHR, SAR, ROL, ROR, RCL, RCR:
        return shift(op, i);
      case IMUL:
        return multiply(i, codeKind, offset);
      case CMOVCC:
        if (i.size0 < 4) {
          return false;
        }
        kind(i.condition);
        a(i.reg0);
        sh(i.size0);
        if (i.kind1 == Instruction.REGISTER) {
          op(Ops.CMOV_RR);
          b(i.reg1);
          return true;
        }
        op(Ops.CMOV_RM);
        return memory(i, codeKind, offset);
      case SETCC:
        kind(i.condition);
        if (i.kind0 == Instruction.REGISTER) {
          op(Ops.SETCC);
          a(i.reg0);
          return true;
        }
        op(Ops.SETCC_M);
        return i.kind0 == Instruction.MEMORY && memory(i, codeKind, offset);
      case BT:
        if (!register(i.kind0, i.size0)) {
          return false;
        }
        a(i.reg0);
        sh(i.size0);
        if (i.kind1 == Instruction.REGISTER) {
          op(Ops.BT_RR);
          b(i.reg1);
        } else {
          op(Ops.BT_RI);
          w1 = i.immediate & (i.size0 * 8 - 1);
        }
        return true;
      case CBW, CWD:
        if (i.operandSize < 4) {
          return false;
        }
        op(Ops.CONVERT);
        kind(op == Operation.CBW ? 0 : 1);
        sh(i.operandSize);
        return true;
      case PUSH, POP:
        return stack(op, i, wide, codeKind, offset);
      default:
        return branch(op, i, wide, codeKind, offset);
    }
  }

  private boolean move(Instruction i, int codeKind, int offset) {
    if (i.kind0 == Instruction.REGISTER) {
      a(i.reg0);
      sh(i.size0);
      if (i.kind1 == Instruction.REGISTER) {
        op(i.size0 >= 4 ? Ops.MOV_RR : Ops.MOV_NARROW_RR);
        b(i.reg1);
        return true;
      }
      if (i.kind1 == Instruction.IMMEDIATE) {
        op(i.size0 >= 4 ? Ops.MOV_RI : Ops.MOV_NARROW_RI);
        w1 = i.size0 == 4 ? i.immediate & 0xffffffffL : i.immediate;
        return true;
      }
      if (i.kind1 == Instruction.MEMORY) {
        op(i.size0 == 8 ? Ops.LOAD64 : i.size0 == 4 ? Ops.LOAD32 : Ops.LOAD_NARROW);
        return memory(i, codeKind, offset);
      }
      return false;
    }
    if (i.kind0 != Instruction.MEMORY || !memory(i, codeKind, offset)) {
      return false;
    }
    if (i.kind1 == Instruction.REGISTER) {
      op(
          switch (i.size0) {
            case 8 -> Ops.STORE64;
            case 4 -> Ops.STORE32;
            case 2 -> Ops.STORE16;
            default -> Ops.STORE8;
          });
      b(i.reg1);
      return true;
    }
    if (i.kind1 == Instruction.IMMEDIATE) {
      op(Ops.STORE_I);
      sh(i.size0);
      return immediateHigh(i);
    }
    return false;
  }

  private boolean extend(Operation op, Instruction i, int codeKind, int offset) {
    if (i.size0 < 4) {
      return false;
    }
    boolean signed = op != Operation.MOVZX;
    a(i.reg0);
    sh(i.size0);
    if (i.kind1 == Instruction.REGISTER) {
      b(i.reg1);
      op(
          switch (i.size1) {
            case 1 -> signed ? Ops.SX8_RR : Ops.ZX8_RR;
            case 2 -> signed ? Ops.SX16_RR : Ops.ZX16_RR;
            default -> Ops.SX32_RR;
          });
      return true;
    }
    if (i.kind1 != Instruction.MEMORY) {
      return false;
    }
    op(
        switch (i.size1) {
          case 1 -> signed ? Ops.LOAD_SX8 : Ops.LOAD_ZX8;
          case 2 -> signed ? Ops.LOAD_SX16 : Ops.LOAD_ZX16;
          default -> Ops.LOAD_SX32;
        });
    return memory(i, codeKind, offset);
  }

  private static final int[] RR = {
    Ops.ADD_RR, Ops.OR_RR, -1, -1, Ops.AND_RR, Ops.SUB_RR, Ops.XOR_RR, Ops.CMP_RR
  };

  private boolean arithmetic(int kind, Instruction i, int codeKind, int offset) {
    sh(i.size0);
    kind(kind);
    boolean compare = kind == 7;
    if (i.kind0 == Instruction.REGISTER) {
      a(i.reg0);
      int hot = (compare || i.size0 >= 4) ? RR[kind] : -1;
      if (i.kind1 == Instruction.REGISTER) {
        b(i.reg1);
        op(hot >= 0 ? hot : Ops.ALU_RR);
        return true;
      }
      if (isImmediate(i.kind1)) {
        w1 = i.immediate;
        op(hot >= 0 ? hot + 1 : Ops.ALU_RI);
        return true;
      }
      if (i.kind1 != Instruction.MEMORY) {
        return false;
      }
      op(hot >= 0 ? hot + 2 : Ops.ALU_RM);
      return memory(i, codeKind, offset);
    }
    if (i.kind0 != Instruction.MEMORY || !memory(i, codeKind, offset)) {
      return false;
    }
    if (i.kind1 == Instruction.REGISTER) {
      b(i.reg1);
      op(compare ? Ops.CMP_MR : Ops.ALU_MR);
      return true;
    }
    if (isImmediate(i.kind1)) {
      op(compare ? Ops.CMP_MI : Ops.ALU_MI);
      return immediateHigh(i);
    }
    return false;
  }

  private boolean test(Instruction i, int codeKind, int offset) {
    sh(i.size0);
    if (i.kind0 == Instruction.REGISTER) {
      a(i.reg0);
      if (i.kind1 == Instruction.REGISTER) {
        b(i.reg1);
        op(Ops.TEST_RR);
        return true;
      }
      op(Ops.TEST_RI);
      w1 = i.immediate;
      return isImmediate(i.kind1);
    }
    if (i.kind0 != Instruction.MEMORY || !memory(i, codeKind, offset)) {
      return false;
    }
    if (i.kind1 == Instruction.REGISTER) {
      b(i.reg1);
      op(Ops.TEST_MR);
      return true;
    }
    op(Ops.TEST_MI);
    return isImmediate(i.kind1) && immediateHigh(i);
  }

  private boolean unary(Operation op, Instruction i, int codeKind, int offset) {
    sh(i.size0);
    int n =
        switch (op) {
          case INC -> 0;
          case DEC -> 1;
          case NEG -> 2;
          default -> 3;
        };
    if (register(i.kind0, i.size0)) {
      a(i.reg0);
      op(Ops.INC + n);
      return true;
    }
    kind(n);
    op(Ops.UNARY_M);
    return i.kind0 == Instruction.MEMORY && memory(i, codeKind, offset);
  }

  private boolean shift(Operation op, Instruction i) {
    if (!register(i.kind0, i.size0)) {
      return false;
    }
    a(i.reg0);
    sh(i.size0);
    kind(IntegerOps.shiftKind(op));
    if (isImmediate(i.kind1)) {
      int count = (int) i.immediate & (i.size0 == 8 ? 63 : 31);
      w1 = count;
      if (count == 0) {
        return false;
      }
      op(
          switch (op) {
            case SHL -> Ops.SHL_I;
            case SHR -> Ops.SHR_I;
            case SAR -> Ops.SAR_I;
            default -> Ops.SHIFT_RI;
          });
      return true;
    }
    op(Ops.SHIFT_CL);
    return true;
  }

  private boolean multiply(Instruction i, int codeKind, int offset) {
    if (i.operands == 1 || i.size0 < 4) {
      return false;
    }
    a(i.reg0);
    sh(i.size0);
    if (i.operands == 3) {
      if (i.kind1 != Instruction.REGISTER) {
        return false;
      }
      b(i.reg1);
      w1 = i.immediate;
      op(Ops.IMUL_RRI);
      return true;
    }
    if (i.kind1 == Instruction.REGISTER) {
      b(i.reg1);
      op(Ops.IMUL_RR);
      return true;
    }
    op(Ops.IMUL_RM);
    return memory(i, codeKind, offset);
  }

  private boolean stack(Operation op, Instruction i, boolean wide, int codeKind, int offset) {
    if (i.operandSize != (wide ? 8 : 4)) {
      return false;
    }
    if (i.kind0 == Instruction.REGISTER) {
      a(i.reg0);
      op(op == Operation.PUSH ? wide ? Ops.PUSH_R : Ops.PUSH32_R : wide ? Ops.POP_R : Ops.POP32_R);
      return true;
    }
    if (op == Operation.PUSH && i.kind0 == Instruction.IMMEDIATE) {
      w1 = i.immediate;
      op(wide ? Ops.PUSH_I : Ops.PUSH32_I);
      return true;
    }
    if (op == Operation.PUSH && wide && i.kind0 == Instruction.MEMORY) {
      op(Ops.PUSH_M);
      return memory(i, codeKind, offset);
    }
    return false;
  }

  private boolean branch(Operation op, Instruction i, boolean wide, int codeKind, int offset) {
    if (i.operandSize == 2 && !wide) {
      return false;
    }
    long target = offset + i.length + i.immediate;
    switch (op) {
      case JCC:
        if (!fits(target)) {
          return false;
        }
        op(Ops.JCC + i.condition);
        w1 = target & 0xffffffffL;
        return true;
      case JMP, CALL:
        endsRun = op == Operation.JMP;
        if (i.kind0 == Instruction.RELATIVE) {
          op(op == Operation.JMP ? Ops.JMP : wide ? Ops.CALL : Ops.CALL32);
          w1 = target & 0xffffffffL;
          return fits(target);
        }
        if (!wide) {
          return false;
        }
        if (i.kind0 == Instruction.REGISTER) {
          a(i.reg0);
          op(op == Operation.JMP ? Ops.JMP_R : Ops.CALL_R);
          return true;
        }
        op(op == Operation.JMP ? Ops.JMP_M : Ops.CALL_M);
        return i.kind0 == Instruction.MEMORY && memory(i, codeKind, offset);
      case RET:
        endsRun = true;
        if (i.operands > 0) {
          return false;
        }
        op(wide ? Ops.RET : Ops.RET32);
        return true;
      default:
        return false;
    }
  }
}

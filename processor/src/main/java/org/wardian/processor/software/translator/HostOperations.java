package org.wardian.processor.software.translator;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.wardian.x86.Feature;
import org.wardian.x86.Form;
import org.wardian.x86.Instruction;
import org.wardian.x86.InstructionTable;
import org.wardian.x86.Operation;

/**
 * Which operations emitted code may contain, and what they do to their operands. Whatever is not
 * named here is forbidden. Unless a set says otherwise an operation writes its first operand, reads
 * the others and touches nothing else but flags, vector and x87 registers.
 */
final class HostOperations {
  /** Integer operations without implicit memory, stack or privilege. */
  private static final Set<Operation> INTEGER =
      EnumSet.of(
          Operation.ADC,
          Operation.ADD,
          Operation.AND,
          Operation.BSF,
          Operation.BSR,
          Operation.BSWAP,
          Operation.BT,
          Operation.BTC,
          Operation.BTR,
          Operation.BTS,
          Operation.CBW,
          Operation.CLC,
          Operation.CMC,
          Operation.CMOVCC,
          Operation.CMP,
          Operation.CMPXCHG,
          Operation.CMPXCHG16B,
          Operation.CMPXCHG8B,
          Operation.CRC32,
          Operation.CWD,
          Operation.DEC,
          Operation.DIV,
          Operation.IDIV,
          Operation.IMUL,
          Operation.INC,
          Operation.LAHF,
          Operation.LEA,
          Operation.MOV,
          Operation.MOVBE,
          Operation.MOVNTI,
          Operation.MOVSX,
          Operation.MOVSXD,
          Operation.MOVZX,
          Operation.MUL,
          Operation.NEG,
          Operation.NOT,
          Operation.OR,
          Operation.PAUSE,
          Operation.POPCNT,
          Operation.RCL,
          Operation.RCR,
          Operation.ROL,
          Operation.ROR,
          Operation.SAHF,
          Operation.SAR,
          Operation.SBB,
          Operation.SETCC,
          Operation.SHL,
          Operation.SHLD,
          Operation.SHR,
          Operation.SHRD,
          Operation.STC,
          Operation.SUB,
          Operation.TEST,
          Operation.XADD,
          Operation.XCHG,
          Operation.XOR);

  /** Features all of whose forms are computations, but for {@link #EXCLUDED}. */
  private static final Set<Feature> COMPUTING =
      EnumSet.of(
          Feature.FPU,
          Feature.CMOV,
          Feature.MMX,
          Feature.SSE,
          Feature.SSE2,
          Feature.SSE3,
          Feature.SSSE3,
          Feature.SSE4_1,
          Feature.SSE4_2,
          Feature.AES,
          Feature.PCLMULQDQ);

  /** Implicit addresses, loads of control words, and state images that only Java handles. */
  private static final Set<Operation> EXCLUDED =
      EnumSet.of(
          Operation.MASKMOVDQU,
          Operation.MASKMOVQ,
          Operation.FLDENV,
          Operation.FNSTENV,
          Operation.FNSAVE,
          Operation.FRSTOR);

  /** Allowed in host code, but not as a copy of the guest's instruction. */
  private static final Set<Operation> EMITTED_ONLY =
      EnumSet.of(
          Operation.CALL,
          Operation.JCC,
          Operation.JCXZ,
          Operation.JMP,
          Operation.NOP,
          Operation.RET,
          Operation.POP,
          Operation.POPF,
          Operation.PUSH,
          Operation.PUSHF,
          Operation.MOVS,
          Operation.STOS,
          Operation.FXRSTOR,
          Operation.FXSAVE,
          Operation.FLDCW,
          Operation.LDMXCSR,
          Operation.STMXCSR);

  /** Operations that do not write their first operand. */
  private static final Set<Operation> READ_ONLY =
      EnumSet.of(
          Operation.BT,
          Operation.CMP,
          Operation.TEST,
          Operation.NOP,
          Operation.MUL,
          Operation.DIV,
          Operation.IDIV,
          Operation.PUSH,
          Operation.JMP,
          Operation.CALL,
          Operation.FXRSTOR,
          Operation.LDMXCSR,
          Operation.FLDCW,
          Operation.FADD,
          Operation.FMUL,
          Operation.FCOM,
          Operation.FCOMP,
          Operation.FSUB,
          Operation.FSUBR,
          Operation.FDIV,
          Operation.FDIVR,
          Operation.FIADD,
          Operation.FIMUL,
          Operation.FICOM,
          Operation.FICOMP,
          Operation.FISUB,
          Operation.FISUBR,
          Operation.FIDIV,
          Operation.FIDIVR,
          Operation.FLD,
          Operation.FILD,
          Operation.FBLD);

  private static final int ALLOWED = 1;
  private static final int COPYABLE = 2;
  private static final int WRITES_FIRST = 4;

  private static final byte[] PROPERTIES = properties();

  /** NOP forms that no processor takes for anything else, by their ids. */
  private static final boolean[] TRUE_NOPS = trueNops();

  /** x87 instructions and EMMS, by the ids of their forms. */
  private static final boolean[] X87 = x87();

  /** Forms that emitted code may contain, by their ids. */
  private static final boolean[] ALLOWED_FORMS = allowedForms();

  private HostOperations() {}

  private static boolean[] x87() {
    List<Form> forms = InstructionTable.forms();
    boolean[] uses = new boolean[forms.size()];
    for (Form form : forms) {
      // FCMOVcc and FISTTP are of other features.
      boolean x87 =
          form.operation().compareTo(Operation.F2XM1) >= 0
              && form.operation().compareTo(Operation.FYL2XP1) <= 0;
      uses[form.id()] = x87 || form.feature() == Feature.FPU || form.operation() == Operation.EMMS;
    }
    return uses;
  }

  private static boolean[] allowedForms() {
    List<Form> forms = InstructionTable.forms();
    boolean[] allowed = new boolean[forms.size()];
    for (Form form : forms) {
      boolean listed = (PROPERTIES[form.operation().ordinal()] & ALLOWED) != 0;
      allowed[form.id()] = listed || isComputing(form);
    }
    return allowed;
  }

  private static byte[] properties() {
    byte[] properties = new byte[Operation.values().length];
    for (Operation operation : Operation.values()) {
      int bits = READ_ONLY.contains(operation) ? 0 : WRITES_FIRST;
      if (INTEGER.contains(operation)) {
        bits |= ALLOWED | COPYABLE;
      }
      if (EMITTED_ONLY.contains(operation)) {
        bits |= ALLOWED;
      }
      properties[operation.ordinal()] = (byte) bits;
    }
    return properties;
  }

  private static boolean[] trueNops() {
    List<Form> forms = InstructionTable.forms();
    boolean[] nops = new boolean[forms.size()];
    for (Form form : forms) {
      boolean nop = form.operation() == Operation.NOP;
      nops[form.id()] = nop && (form.operandCount() == 0 || form.toString().contains("| 0F 1F /r"));
    }
    return nops;
  }

  /** Whether a NOP is 90 or 0F 1F; the other hints are instructions on some processors. */
  static boolean isTrueNop(Form form) {
    return TRUE_NOPS[form.id()];
  }

  private static boolean isComputing(Form form) {
    return form.feature() != null
        && COMPUTING.contains(form.feature())
        && !EXCLUDED.contains(form.operation())
        && !EMITTED_ONLY.contains(form.operation());
  }

  /** Whether emitted code may contain the form. */
  static boolean isAllowed(Form form) {
    return ALLOWED_FORMS[form.id()];
  }

  /** Whether a guest's instruction of this form may be copied with other registers and memory. */
  static boolean isCopyable(Form form) {
    return (PROPERTIES[form.operation().ordinal()] & COPYABLE) != 0 || isComputing(form);
  }

  /** Whether an instruction uses the x87 registers, as themselves or as MMX registers. */
  static boolean usesX87(Instruction in) {
    return X87[in.form.id()]
        || in.kind0 == Instruction.MMX
        || in.kind1 == Instruction.MMX
        || in.kind2 == Instruction.MMX;
  }

  /** Whether the first operand is written; of IMUL, use only with two or three operands. */
  static boolean writesFirst(int operation) {
    return (PROPERTIES[operation] & WRITES_FIRST) != 0;
  }
}

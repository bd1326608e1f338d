package org.wardian.processor.software.sse;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.Lanes;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * SSE to SSE4.2, AES-NI and PCLMULQDQ on XMM registers, and the conversions that have an MMX
 * operand: the semantics of a processor with all of them, as an Intel processor has them. Bits of a
 * vector register above 127 are left alone.
 *
 * <p>One instance a virtual processor; it holds no architectural state, only scratch. The hot
 * operations have a case of their own in {@link #execute}, all others one for each class that
 * handles them.
 *
 * <p>Source: Intel SDM vol. 1 chapters 10 to 12, vol. 2, vol. 3 chapter 14.
 */
public final class SseUnit {
  private static final long CR0_EM = 1 << 2;
  private static final long CR0_TS = 1 << 3;
  private static final long CR4_OSFXSR = 1 << 9;

  private static final int NONE = 0;
  private static final int ALIGNED_MOVE = 1;
  private static final int UNALIGNED_MOVE = 2;
  private static final int GENERAL_MOVE = 3;
  private static final int QUADWORD_MOVE = 4;
  private static final int SINGLE_MOVE = 5;
  private static final int DOUBLE_MOVE = 6;
  private static final int EXCLUSIVE_OR = 7;
  private static final int AND = 8;
  private static final int OR = 9;
  private static final int ADD_DOUBLEWORDS = 10;
  private static final int ADD_QUADWORDS = 11;
  private static final int EQUAL_BYTES = 12;
  private static final int BYTE_MASK = 13;
  private static final int SHUFFLE_DOUBLEWORDS = 14;
  private static final int ADD_DOUBLE = 15;
  private static final int SUBTRACT_DOUBLE = 16;
  private static final int MULTIPLY_DOUBLE = 17;
  private static final int DIVIDE_DOUBLE = 18;
  private static final int COMPARE_DOUBLE = 19;
  private static final int COMPARE_DOUBLE_SIGNALING = 20;
  private static final int INTEGER_TO_DOUBLE = 21;
  private static final int DOUBLE_TO_INTEGER = 22;
  private static final int ADD_SINGLE = 23;
  private static final int SUBTRACT_SINGLE = 24;
  private static final int MULTIPLY_SINGLE = 25;
  private static final int DIVIDE_SINGLE = 26;

  // Groups.
  private static final int MOVES = 27;
  private static final int ARITHMETIC = 28;
  private static final int COMPARE = 29;
  private static final int LOGIC = 30;
  private static final int HORIZONTAL = 31;
  private static final int SHIFT = 32;
  private static final int INTERLEAVE = 33;
  private static final int BLEND = 34;
  private static final int INSERT = 35;
  private static final int EXTRACT = 36;
  private static final int WIDEN = 37;
  private static final int SPECIAL = 38;
  private static final int STRING = 39;
  private static final int FLOAT_ARITHMETIC = 40;
  private static final int FLOAT_SPECIAL = 41;
  private static final int FLOAT_COMPARE = 42;
  private static final int FLOAT_FLAGS = 43;
  private static final int SCALAR_CONVERSION = 44;
  private static final int PACKED_CONVERSION = 45;
  private static final int MMX_CONVERSION = 46;
  private static final int WORD_SHUFFLE = 47;

  /** Case number of each operation, by its ordinal. */
  private static final byte[] CASES = cases();

  private final IeeeArithmetic ieee = new IeeeArithmetic();

  /** Creates the unit of one virtual processor. */
  public SseUnit() {}

  /**
   * Whether {@link #execute} is the place for an instruction: an operation of SSE on XMM registers,
   * LDMXCSR, STMXCSR, MOVNTI, or a conversion between XMM and MMX. Forms on MMX registers are not,
   * although they share the operation.
   */
  public static boolean handles(Instruction instruction) {
    int number = CASES[instruction.operation];
    if (number == NONE) {
      return false;
    }
    return number == MMX_CONVERSION
        || instruction.kind0 != Instruction.MMX && instruction.kind1 != Instruction.MMX;
  }

  /**
   * Executes one instruction that {@link #handles} accepts; RIP is the caller's.
   *
   * @throws org.wardian.processor.software.GuestFault #UD, #NM, #GP, #MF, #XM or what a memory
   *     access raises; no register has changed then, except MXCSR's flags with #XM
   */
  public void execute(VcpuContext context, Instruction instruction) {
    long state = context.state;
    long unavailable =
        RawMemory.getLong(state + StateLayout.CR0) & (CR0_EM | CR0_TS)
            | ~RawMemory.getLong(state + StateLayout.CR4) & CR4_OSFXSR;
    if (unavailable != 0) {
      checkAvailable(context, instruction);
    }
    switch (CASES[instruction.operation]) {
      case ALIGNED_MOVE -> SseMoves.aligned(context, instruction);
      case UNALIGNED_MOVE -> SseMoves.unaligned(context, instruction);
      case GENERAL_MOVE -> SseMoves.general(context, instruction);
      case QUADWORD_MOVE -> SseMoves.quadword(context, instruction);
      case SINGLE_MOVE -> SseMoves.single(context, instruction);
      case DOUBLE_MOVE -> SseMoves.scalarDouble(context, instruction);
      case EXCLUSIVE_OR -> {
        Operands.load128(context, instruction);
        int register = instruction.reg0;
        long low = context.xmmLow(register) ^ context.low;
        context.xmm(register, low, context.xmmHigh(register) ^ context.high);
      }
      case AND -> {
        Operands.load128(context, instruction);
        int register = instruction.reg0;
        long low = context.xmmLow(register) & context.low;
        context.xmm(register, low, context.xmmHigh(register) & context.high);
      }
      case OR -> {
        Operands.load128(context, instruction);
        int register = instruction.reg0;
        long low = context.xmmLow(register) | context.low;
        context.xmm(register, low, context.xmmHigh(register) | context.high);
      }
      case ADD_DOUBLEWORDS -> {
        Operands.load128(context, instruction);
        int register = instruction.reg0;
        long low = Lanes.padd32(context.xmmLow(register), context.low);
        context.xmm(register, low, Lanes.padd32(context.xmmHigh(register), context.high));
      }
      case ADD_QUADWORDS -> {
        Operands.load128(context, instruction);
        int register = instruction.reg0;
        long low = context.xmmLow(register) + context.low;
        context.xmm(register, low, context.xmmHigh(register) + context.high);
      }
      case EQUAL_BYTES -> {
        Operands.load128(context, instruction);
        int register = instruction.reg0;
        long low = Lanes.pcmpeq8(context.xmmLow(register), context.low);
        context.xmm(register, low, Lanes.pcmpeq8(context.xmmHigh(register), context.high));
      }
      case BYTE_MASK -> SseSpecials.byteMask(context, instruction);
      case SHUFFLE_DOUBLEWORDS -> SseShuffles.shuffleDoublewords(context, instruction);
      case ADD_DOUBLE -> SseArithmetic.scalar64(context, instruction, ieee, SseArithmetic.ADD);
      case SUBTRACT_DOUBLE ->
          SseArithmetic.scalar64(context, instruction, ieee, SseArithmetic.SUBTRACT);
      case MULTIPLY_DOUBLE ->
          SseArithmetic.scalar64(context, instruction, ieee, SseArithmetic.MULTIPLY);
      case DIVIDE_DOUBLE ->
          SseArithmetic.scalar64(context, instruction, ieee, SseArithmetic.DIVIDE);
      case ADD_SINGLE -> SseArithmetic.scalar32(context, instruction, ieee, SseArithmetic.ADD);
      case SUBTRACT_SINGLE ->
          SseArithmetic.scalar32(context, instruction, ieee, SseArithmetic.SUBTRACT);
      case MULTIPLY_SINGLE ->
          SseArithmetic.scalar32(context, instruction, ieee, SseArithmetic.MULTIPLY);
      case DIVIDE_SINGLE ->
          SseArithmetic.scalar32(context, instruction, ieee, SseArithmetic.DIVIDE);
      case COMPARE_DOUBLE -> SseCompares.flags64(context, instruction, ieee, false);
      case COMPARE_DOUBLE_SIGNALING -> SseCompares.flags64(context, instruction, ieee, true);
      case INTEGER_TO_DOUBLE -> SseConversions.integerToDouble(context, instruction, ieee);
      case DOUBLE_TO_INTEGER -> SseConversions.doubleToInteger(context, instruction, ieee, true);
      default -> executeGroup(context, instruction);
    }
  }

  private void executeGroup(VcpuContext context, Instruction instruction) {
    switch (CASES[instruction.operation]) {
      case MOVES -> SseMoves.execute(context, instruction);
      case ARITHMETIC -> SseInteger.arithmetic(context, instruction);
      case COMPARE -> SseInteger.compare(context, instruction);
      case LOGIC -> SseInteger.logic(context, instruction);
      case HORIZONTAL -> SseInteger.horizontal(context, instruction);
      case SHIFT -> SseSpecials.shift(context, instruction);
      case INTERLEAVE -> SseShuffles.interleave(context, instruction);
      case WORD_SHUFFLE -> SseShuffles.shuffleWords(context, instruction);
      case BLEND -> SseShuffles.blend(context, instruction);
      case INSERT -> SseElements.insert(context, instruction);
      case EXTRACT -> SseElements.extract(context, instruction);
      case WIDEN -> SseElements.widen(context, instruction);
      case SPECIAL -> SseSpecials.execute(context, instruction);
      case STRING -> SseStrings.execute(context, instruction);
      case FLOAT_ARITHMETIC -> SseArithmetic.basic(context, instruction, ieee);
      case FLOAT_SPECIAL -> SseArithmetic.execute(context, instruction, ieee);
      case FLOAT_COMPARE -> SseCompares.mask(context, instruction, ieee);
      case FLOAT_FLAGS ->
          SseCompares.flags32(
              context, instruction, ieee, instruction.operation == Operation.COMISS.ordinal());
      case SCALAR_CONVERSION -> SseConversions.scalar(context, instruction, ieee);
      case PACKED_CONVERSION -> SseConversions.packed(context, instruction, ieee);
      case MMX_CONVERSION -> SseConversions.mmx(context, instruction, ieee);
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  /** #UD comes before #NM (SDM vol. 3 table 14-2 and vol. 2 §2.4). */
  private static void checkAvailable(VcpuContext context, Instruction instruction) {
    if (instruction.operation == Operation.MOVNTI.ordinal()) {
      return;
    }
    if ((context.cr(0) & CR0_EM) != 0 || (context.cr(4) & CR4_OSFXSR) == 0) {
      throw context.fault(Vector.UD, 0);
    }
    throw context.fault(Vector.NM, 0);
  }

  private static byte[] cases() {
    byte[] cases = new byte[Operation.values().length];
    set(cases, ALIGNED_MOVE, "MOVAPS MOVAPD MOVDQA MOVNTPS MOVNTPD MOVNTDQ MOVNTDQA");
    set(cases, UNALIGNED_MOVE, "MOVUPS MOVUPD MOVDQU LDDQU");
    set(cases, GENERAL_MOVE, "MOVD");
    set(cases, QUADWORD_MOVE, "MOVQ");
    set(cases, SINGLE_MOVE, "MOVSS");
    set(cases, DOUBLE_MOVE, "MOVSD_SSE");
    set(cases, EXCLUSIVE_OR, "PXOR XORPS XORPD");
    set(cases, AND, "PAND ANDPS ANDPD");
    set(cases, OR, "POR ORPS ORPD");
    set(cases, ADD_DOUBLEWORDS, "PADDD");
    set(cases, ADD_QUADWORDS, "PADDQ");
    set(cases, EQUAL_BYTES, "PCMPEQB");
    set(cases, BYTE_MASK, "PMOVMSKB");
    set(cases, SHUFFLE_DOUBLEWORDS, "PSHUFD");
    set(cases, ADD_DOUBLE, "ADDSD");
    set(cases, SUBTRACT_DOUBLE, "SUBSD");
    set(cases, MULTIPLY_DOUBLE, "MULSD");
    set(cases, DIVIDE_DOUBLE, "DIVSD");
    set(cases, ADD_SINGLE, "ADDSS");
    set(cases, SUBTRACT_SINGLE, "SUBSS");
    set(cases, MULTIPLY_SINGLE, "MULSS");
    set(cases, DIVIDE_SINGLE, "DIVSS");
    set(cases, COMPARE_DOUBLE, "UCOMISD");
    set(cases, COMPARE_DOUBLE_SIGNALING, "COMISD");
    set(cases, INTEGER_TO_DOUBLE, "CVTSI2SD");
    set(cases, DOUBLE_TO_INTEGER, "CVTTSD2SI");
    set(
        cases,
        MOVES,
        "MOVLPS MOVLPD MOVHPS MOVHPD MOVHLPS MOVLHPS MOVDDUP MOVSLDUP MOVSHDUP MOVMSKPS MOVMSKPD"
            + " MOVNTI MASKMOVDQU LDMXCSR STMXCSR");
    set(
        cases,
        ARITHMETIC,
        "PADDB PADDW PADDSB PADDSW PADDUSB PADDUSW PSUBB PSUBW PSUBD PSUBSB PSUBSW PSUBUSB"
            + " PSUBUSW PAVGB PAVGW PMULLW PMULHW PMULHUW PMULHRSW PMULLD PMULUDQ PMULDQ PMADDWD"
            + " PMADDUBSW PSADBW PSIGNB PSIGNW PSIGND");
    set(
        cases,
        COMPARE,
        "PCMPEQW PCMPEQD PCMPEQQ PCMPGTB PCMPGTW PCMPGTD PCMPGTQ PMINUB PMINUW PMINUD PMINSB"
            + " PMINSW PMINSD PMAXUB PMAXUW PMAXUD PMAXSB PMAXSW PMAXSD");
    set(cases, LOGIC, "PANDN ANDNPS ANDNPD PSUBQ");
    set(
        cases,
        HORIZONTAL,
        "PHADDW PHADDD PHADDSW PHSUBW PHSUBD PHSUBSW PACKSSWB PACKUSWB PACKSSDW PACKUSDW");
    set(cases, SHIFT, "PSLLW PSLLD PSLLQ PSRLW PSRLD PSRLQ PSRAW PSRAD PSLLDQ PSRLDQ");
    set(
        cases,
        INTERLEAVE,
        "PUNPCKLBW PUNPCKLWD PUNPCKLDQ PUNPCKLQDQ PUNPCKHBW PUNPCKHWD PUNPCKHDQ PUNPCKHQDQ"
            + " UNPCKLPS UNPCKLPD UNPCKHPS UNPCKHPD SHUFPS SHUFPD PSHUFB PALIGNR");
    set(cases, WORD_SHUFFLE, "PSHUFLW PSHUFHW");
    set(cases, BLEND, "BLENDPS BLENDPD PBLENDW PBLENDVB BLENDVPS BLENDVPD");
    set(cases, INSERT, "PINSRB PINSRW PINSRD INSERTPS");
    set(cases, EXTRACT, "PEXTRB PEXTRW PEXTRD EXTRACTPS");
    set(
        cases,
        WIDEN,
        "PMOVSXBW PMOVSXBD PMOVSXBQ PMOVSXWD PMOVSXWQ PMOVSXDQ PMOVZXBW PMOVZXBD PMOVZXBQ"
            + " PMOVZXWD PMOVZXWQ PMOVZXDQ");
    set(
        cases,
        SPECIAL,
        "PABSB PABSW PABSD PTEST PHMINPOSUW MPSADBW AESENC AESENCLAST AESDEC AESDECLAST AESIMC"
            + " AESKEYGENASSIST PCLMULQDQ");
    set(cases, STRING, "PCMPESTRI PCMPESTRM PCMPISTRI PCMPISTRM");
    set(
        cases,
        FLOAT_ARITHMETIC,
        "ADDPS ADDPD SUBPS SUBPD MULPS MULPD DIVPS DIVPD MINPS MINPD MINSS MINSD MAXPS MAXPD"
            + " MAXSS MAXSD SQRTPS SQRTPD SQRTSS SQRTSD");
    set(
        cases,
        FLOAT_SPECIAL,
        "ADDSUBPS ADDSUBPD HADDPS HADDPD HSUBPS HSUBPD DPPS DPPD ROUNDPS ROUNDPD ROUNDSS ROUNDSD"
            + " RCPPS RCPSS RSQRTPS RSQRTSS");
    set(cases, FLOAT_COMPARE, "CMPPS CMPPD CMPSS CMPSD_SSE");
    set(cases, FLOAT_FLAGS, "UCOMISS COMISS");
    set(cases, SCALAR_CONVERSION, "CVTSI2SS CVTSD2SI CVTSS2SI CVTTSS2SI CVTSS2SD CVTSD2SS");
    set(
        cases,
        PACKED_CONVERSION,
        "CVTDQ2PD CVTPS2PD CVTPD2PS CVTPD2DQ CVTTPD2DQ CVTDQ2PS CVTPS2DQ CVTTPS2DQ");
    set(
        cases,
        MMX_CONVERSION,
        "CVTPI2PS CVTPI2PD CVTPS2PI CVTTPS2PI CVTPD2PI CVTTPD2PI MOVQ2DQ MOVDQ2Q");
    return cases;
  }

  private static void set(byte[] cases, int number, String operations) {
    for (String name : operations.split(" ")) {
      cases[Operation.valueOf(name).ordinal()] = (byte) number;
    }
  }
}

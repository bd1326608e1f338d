package org.wardian.processor.software.sse;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.LaneMoves;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Moves between XMM registers, general registers and memory. Non-temporal hints change nothing
 * here: guest memory is always coherent. Source: Intel SDM vol. 2.
 */
final class SseMoves {
  /** Every bit of MXCSR that a processor with DAZ lets software set. */
  private static final int MXCSR_MASK = 0xffff;

  private static final long LOW_WORD = 0xffff_ffffL;
  private static final int RDI = 7;

  private SseMoves() {}

  /** MOVAPS, MOVAPD, MOVDQA, the non-temporal stores and MOVNTDQA. */
  static void aligned(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 == Instruction.XMM) {
      Operands.load128(context, instruction);
      context.xmm(instruction.reg0, context.low, context.high);
    } else {
      int register = instruction.reg1;
      context.store128(
          instruction.segment,
          Operands.alignedAddress(context, instruction),
          context.xmmLow(register),
          context.xmmHigh(register));
    }
  }

  /** MOVUPS, MOVUPD, MOVDQU, LDDQU. */
  static void unaligned(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 == Instruction.XMM) {
      Operands.loadUnaligned128(context, instruction);
      context.xmm(instruction.reg0, context.low, context.high);
    } else {
      int register = instruction.reg1;
      context.store128(
          instruction.segment,
          context.address(instruction),
          context.xmmLow(register),
          context.xmmHigh(register));
    }
  }

  /** MOVQ with an XMM register on one side and an XMM register or memory on the other. */
  static void quadword(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 == Instruction.XMM) {
      context.xmm(instruction.reg0, Operands.load64(context, instruction), 0);
    } else {
      Operands.store(context, instruction, 8, context.xmmLow(instruction.reg1));
    }
  }

  /** MOVD and MOVQ with a general register or memory on one side. */
  static void general(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 == Instruction.XMM) {
      boolean wide = instruction.size1 == 8;
      long value = Operands.load(context, instruction, wide ? 8 : 4);
      context.xmm(instruction.reg0, wide ? value : value & LOW_WORD, 0);
    } else {
      boolean wide = instruction.size0 == 8;
      long value = context.xmmLow(instruction.reg1);
      Operands.storeGeneral(context, instruction, wide ? 8 : 4, wide ? value : value & LOW_WORD);
    }
  }

  /** MOVSS: a load clears the rest of the register, a register move merges. */
  static void single(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 != Instruction.XMM) {
      Operands.store(context, instruction, 4, context.xmmLow(instruction.reg1) & LOW_WORD);
    } else if (instruction.kind1 == Instruction.XMM) {
      setLow32(context, instruction.reg0, context.xmmLow(instruction.reg1));
    } else {
      context.xmm(instruction.reg0, Operands.memory(context, instruction, 4), 0);
    }
  }

  /** The SSE2 MOVSD: a load clears the rest of the register, a register move merges. */
  static void scalarDouble(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 != Instruction.XMM) {
      Operands.store(context, instruction, 8, context.xmmLow(instruction.reg1));
    } else if (instruction.kind1 == Instruction.XMM) {
      context.xmmLow(instruction.reg0, context.xmmLow(instruction.reg1));
    } else {
      context.xmm(instruction.reg0, Operands.memory(context, instruction, 8), 0);
    }
  }

  /** Replaces the low doubleword of an XMM register. */
  static void setLow32(VcpuContext context, int register, long value) {
    RawMemory.putInt(
        context.state + StateLayout.VECTOR + (long) register * StateLayout.VECTOR_STRIDE,
        (int) value);
  }

  /** The moves that are less frequent. */
  static void execute(VcpuContext context, Instruction instruction) {
    switch (Operation.of(instruction.operation)) {
      case MOVLPS, MOVLPD -> moveLow(context, instruction);
      case MOVHPS, MOVHPD -> moveHigh(context, instruction);
      case MOVHLPS -> context.xmmLow(instruction.reg0, context.xmmHigh(instruction.reg1));
      case MOVLHPS -> context.xmmHigh(instruction.reg0, context.xmmLow(instruction.reg1));
      case MOVDDUP -> {
        long value = Operands.load64(context, instruction);
        context.xmm(instruction.reg0, value, value);
      }
      case MOVSLDUP -> {
        Operands.load128(context, instruction);
        context.xmm(instruction.reg0, duplicateLow(context.low), duplicateLow(context.high));
      }
      case MOVSHDUP -> {
        Operands.load128(context, instruction);
        context.xmm(instruction.reg0, duplicateHigh(context.low), duplicateHigh(context.high));
      }
      case MOVMSKPS -> {
        long low = context.xmmLow(instruction.reg1);
        long high = context.xmmHigh(instruction.reg1);
        context.gpr(instruction.reg0, signs32(low) | signs32(high) << 2);
      }
      case MOVMSKPD -> {
        long low = context.xmmLow(instruction.reg1);
        long high = context.xmmHigh(instruction.reg1);
        context.gpr(instruction.reg0, low >>> 63 | high >>> 63 << 1);
      }
      case MOVNTI ->
          Operands.store(context, instruction, instruction.size0, context.gpr(instruction.reg1));
      case MASKMOVDQU -> maskedStore(context, instruction);
      case LDMXCSR -> loadControl(context, instruction);
      case STMXCSR ->
          Operands.store(
              context,
              instruction,
              4,
              RawMemory.getInt(context.state + StateLayout.MXCSR) & LOW_WORD);
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  private static void moveLow(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 == Instruction.XMM) {
      context.xmmLow(instruction.reg0, Operands.memory(context, instruction, 8));
    } else {
      Operands.store(context, instruction, 8, context.xmmLow(instruction.reg1));
    }
  }

  private static void moveHigh(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 == Instruction.XMM) {
      context.xmmHigh(instruction.reg0, Operands.memory(context, instruction, 8));
    } else {
      Operands.store(context, instruction, 8, context.xmmHigh(instruction.reg1));
    }
  }

  private static long duplicateLow(long pair) {
    return (pair & LOW_WORD) * 0x1_0000_0001L;
  }

  private static long duplicateHigh(long pair) {
    return (pair >>> 32) * 0x1_0000_0001L;
  }

  private static long signs32(long pair) {
    return pair >>> 63 << 1 | pair >>> 31 & 1;
  }

  /** MASKMOVDQU: only the selected bytes are checked and written; nothing where none is. */
  private static void maskedStore(VcpuContext context, Instruction instruction) {
    long low = context.xmmLow(instruction.reg0);
    long high = context.xmmHigh(instruction.reg0);
    long maskLow = context.xmmLow(instruction.reg1);
    long maskHigh = context.xmmHigh(instruction.reg1);
    int selected = LaneMoves.movmask8(maskLow) | LaneMoves.movmask8(maskHigh) << 8;
    long offset = context.gpr(RDI);
    long limit =
        switch (instruction.addressSize) {
          case 2 -> 0xffffL;
          case 4 -> LOW_WORD;
          default -> -1L;
        };
    context.checkAlignment(instruction.segment, offset & limit, 8, true);
    if (selected == 0) {
      return;
    }
    for (int i = 0; i < 16; i++) {
      if ((selected >> i & 1) != 0) {
        context.probeStore(instruction.segment, (offset + i) & limit, 1);
      }
    }
    for (int i = 0; i < 16; i++) {
      if ((selected >> i & 1) != 0) {
        long value = (i < 8 ? low : high) >>> ((i & 7) << 3) & 0xff;
        context.store(instruction.segment, (offset + i) & limit, 1, value);
      }
    }
  }

  private static void loadControl(VcpuContext context, Instruction instruction) {
    int value = (int) Operands.memory(context, instruction, 4);
    if ((value & ~MXCSR_MASK) != 0) {
      throw context.fault(Vector.GP, 0);
    }
    RawMemory.putInt(context.state + StateLayout.MXCSR, value);
  }
}

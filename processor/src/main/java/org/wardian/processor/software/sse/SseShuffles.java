package org.wardian.processor.software.sse;

import org.wardian.processor.software.LaneMoves;
import org.wardian.processor.software.Lanes;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Interleaving, permutation and blending of the elements of registers. Source: Intel SDM vol. 2.
 */
final class SseShuffles {
  private static final long LOW_WORD = 0xffff_ffffL;

  private SseShuffles() {}

  /** PUNPCKx and UNPCKx, and the shuffles of two operands. */
  static void interleave(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    long bLow = context.low;
    long bHigh = context.high;
    int control = (int) instruction.immediate;
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case PUNPCKLBW -> {
        low = LaneMoves.unpackLow8(aLow, bLow);
        high = LaneMoves.unpackHigh8(aLow, bLow);
      }
      case PUNPCKLWD -> {
        low = LaneMoves.unpackLow16(aLow, bLow);
        high = LaneMoves.unpackHigh16(aLow, bLow);
      }
      case PUNPCKLDQ, UNPCKLPS -> {
        low = LaneMoves.unpackLow32(aLow, bLow);
        high = LaneMoves.unpackHigh32(aLow, bLow);
      }
      case PUNPCKLQDQ, UNPCKLPD -> {
        low = aLow;
        high = bLow;
      }
      case PUNPCKHBW -> {
        low = LaneMoves.unpackLow8(aHigh, bHigh);
        high = LaneMoves.unpackHigh8(aHigh, bHigh);
      }
      case PUNPCKHWD -> {
        low = LaneMoves.unpackLow16(aHigh, bHigh);
        high = LaneMoves.unpackHigh16(aHigh, bHigh);
      }
      case PUNPCKHDQ, UNPCKHPS -> {
        low = LaneMoves.unpackLow32(aHigh, bHigh);
        high = LaneMoves.unpackHigh32(aHigh, bHigh);
      }
      case PUNPCKHQDQ, UNPCKHPD -> {
        low = aHigh;
        high = bHigh;
      }
      case SHUFPS -> {
        low = pair(aLow, aHigh, control);
        high = pair(bLow, bHigh, control >> 4);
      }
      case SHUFPD -> {
        low = (control & 1) == 0 ? aLow : aHigh;
        high = (control & 2) == 0 ? bLow : bHigh;
      }
      case PSHUFB -> {
        low = shuffleBytes(aLow, aHigh, bLow);
        high = shuffleBytes(aLow, aHigh, bHigh);
      }
      case PALIGNR -> {
        int shift = control & 0xff;
        low = window(bLow, bHigh, aLow, aHigh, shift);
        high = window(bLow, bHigh, aLow, aHigh, shift + 8);
      }
      default -> throw context.fault(Vector.UD, 0);
    }
    context.xmm(destination, low, high);
  }

  /** PSHUFD. */
  static void shuffleDoublewords(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int control = (int) instruction.immediate;
    long low = pair(context.low, context.high, control);
    long high = pair(context.low, context.high, control >> 4);
    context.xmm(instruction.reg0, low, high);
  }

  /** PSHUFLW and PSHUFHW. */
  static void shuffleWords(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int control = (int) instruction.immediate;
    if (instruction.operation == Operation.PSHUFLW.ordinal()) {
      long low = LaneMoves.pshufw(context.low, control);
      context.xmm(instruction.reg0, low, context.high);
    } else {
      long high = LaneMoves.pshufw(context.high, control);
      context.xmm(instruction.reg0, context.low, high);
    }
  }

  /** Doubleword {@code index} & 3 of a register. */
  static long doubleword(long low, long high, int index) {
    long half = (index & 2) == 0 ? low : high;
    return half >>> ((index & 1) << 5) & LOW_WORD;
  }

  private static long pair(long low, long high, int control) {
    return doubleword(low, high, control) | doubleword(low, high, control >> 2) << 32;
  }

  private static long shuffleBytes(long low, long high, long selectors) {
    long result = 0;
    for (int shift = 0; shift < 64; shift += 8) {
      int selector = (int) (selectors >>> shift) & 0xff;
      long half = (selector & 8) == 0 ? low : high;
      long value = (selector & 0x80) == 0 ? half >>> ((selector & 7) << 3) & 0xff : 0;
      result |= value << shift;
    }
    return result;
  }

  /** Eight bytes at byte {@code index} of the 32 bytes q0 q1 q2 q3, zero beyond them. */
  private static long window(long q0, long q1, long q2, long q3, int index) {
    int quadword = index >> 3;
    long lower = quadword == 0 ? q0 : quadword == 1 ? q1 : quadword == 2 ? q2 : q3;
    long upper = quadword == 0 ? q1 : quadword == 1 ? q2 : quadword == 2 ? q3 : 0;
    if (quadword > 3) {
      return 0;
    }
    int shift = (index & 7) << 3;
    return shift == 0 ? lower : lower >>> shift | upper << (64 - shift);
  }

  /** Blends by an immediate or by the implied XMM0. */
  static void blend(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    int control = (int) instruction.immediate;
    long maskLow;
    long maskHigh;
    switch (Operation.of(instruction.operation)) {
      case BLENDPS -> {
        maskLow = mask32(control);
        maskHigh = mask32(control >> 2);
      }
      case BLENDPD -> {
        maskLow = -(control & 1L);
        maskHigh = -(control >> 1 & 1L);
      }
      case PBLENDW -> {
        maskLow = mask16(control);
        maskHigh = mask16(control >> 4);
      }
      case PBLENDVB -> {
        maskLow = Lanes.pcmpgt8(0, context.xmmLow(0));
        maskHigh = Lanes.pcmpgt8(0, context.xmmHigh(0));
      }
      case BLENDVPS -> {
        maskLow = Lanes.pcmpgt32(0, context.xmmLow(0));
        maskHigh = Lanes.pcmpgt32(0, context.xmmHigh(0));
      }
      case BLENDVPD -> {
        maskLow = context.xmmLow(0) >> 63;
        maskHigh = context.xmmHigh(0) >> 63;
      }
      default -> throw context.fault(Vector.UD, 0);
    }
    long low = context.xmmLow(destination) & ~maskLow | context.low & maskLow;
    long high = context.xmmHigh(destination) & ~maskHigh | context.high & maskHigh;
    context.xmm(destination, low, high);
  }

  /** Bits 0 and 1 of {@code bits}, each spread over a doubleword. */
  private static long mask32(int bits) {
    return (bits & 1) * LOW_WORD | (bits >> 1 & 1) * (LOW_WORD << 32);
  }

  /** Bits 0 to 3 of {@code bits}, each spread over a word. */
  private static long mask16(int bits) {
    long mask = 0;
    for (int i = 0; i < 4; i++) {
      mask |= (bits >> i & 1) * 0xffffL << (i << 4);
    }
    return mask;
  }
}

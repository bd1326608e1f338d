package org.wardian.processor.software.sse;

import org.wardian.processor.Flags;
import org.wardian.processor.software.LaneMoves;
import org.wardian.processor.software.LaneProducts;
import org.wardian.processor.software.Lanes;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/** Shifts, and the integer operations that have a shape of their own. Source: Intel SDM vol. 2. */
final class SseSpecials {
  private SseSpecials() {}

  /** Shifts of lanes by an immediate or by the low 64 bits of operand 1. */
  static void shift(VcpuContext context, Instruction instruction) {
    long count;
    if (instruction.kind1 == Instruction.IMMEDIATE) {
      count = instruction.immediate & 0xff;
    } else {
      Operands.load128(context, instruction);
      count = context.low;
    }
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case PSLLW -> {
        low = Lanes.psll16(aLow, count);
        high = Lanes.psll16(aHigh, count);
      }
      case PSLLD -> {
        low = Lanes.psll32(aLow, count);
        high = Lanes.psll32(aHigh, count);
      }
      case PSLLQ -> {
        low = Lanes.psll64(aLow, count);
        high = Lanes.psll64(aHigh, count);
      }
      case PSRLW -> {
        low = Lanes.psrl16(aLow, count);
        high = Lanes.psrl16(aHigh, count);
      }
      case PSRLD -> {
        low = Lanes.psrl32(aLow, count);
        high = Lanes.psrl32(aHigh, count);
      }
      case PSRLQ -> {
        low = Lanes.psrl64(aLow, count);
        high = Lanes.psrl64(aHigh, count);
      }
      case PSRAW -> {
        low = Lanes.psra16(aLow, count);
        high = Lanes.psra16(aHigh, count);
      }
      case PSRAD -> {
        low = Lanes.psra32(aLow, count);
        high = Lanes.psra32(aHigh, count);
      }
      case PSLLDQ -> {
        int bits = (int) Math.min(count, 16) << 3;
        low = bits < 64 ? aLow << bits : 0;
        high = bits < 64 ? aHigh << bits | shiftRight(aLow, 64 - bits) : shiftLeft(aLow, bits - 64);
      }
      case PSRLDQ -> {
        int bits = (int) Math.min(count, 16) << 3;
        low =
            bits < 64 ? aLow >>> bits | shiftLeft(aHigh, 64 - bits) : shiftRight(aHigh, bits - 64);
        high = bits < 64 ? aHigh >>> bits : 0;
      }
      default -> throw context.fault(Vector.UD, 0);
    }
    context.xmm(destination, low, high);
  }

  private static long shiftLeft(long value, int bits) {
    return bits > 63 ? 0 : value << bits;
  }

  private static long shiftRight(long value, int bits) {
    return bits > 63 ? 0 : value >>> bits;
  }

  /** PMOVMSKB. */
  static void byteMask(VcpuContext context, Instruction instruction) {
    int source = instruction.reg1;
    int mask =
        LaneMoves.movmask8(context.xmmLow(source))
            | LaneMoves.movmask8(context.xmmHigh(source)) << 8;
    context.gpr(instruction.reg0, mask & 0xffff);
  }

  static void execute(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    long bLow = context.low;
    long bHigh = context.high;
    int control = (int) instruction.immediate;
    switch (Operation.of(instruction.operation)) {
      case PABSB -> context.xmm(destination, Lanes.pabs8(bLow), Lanes.pabs8(bHigh));
      case PABSW -> context.xmm(destination, Lanes.pabs16(bLow), Lanes.pabs16(bHigh));
      case PABSD -> context.xmm(destination, Lanes.pabs32(bLow), Lanes.pabs32(bHigh));
      case PTEST -> {
        boolean zero = (aLow & bLow | aHigh & bHigh) == 0;
        boolean carry = (~aLow & bLow | ~aHigh & bHigh) == 0;
        context.statusFlags((zero ? Flags.ZF : 0) | (carry ? Flags.CF : 0));
      }
      case PHMINPOSUW -> context.xmm(destination, minimumWord(bLow, bHigh), 0);
      case MPSADBW -> {
        long window = (control & 4) == 0 ? aLow : aLow >>> 32 | aHigh << 32;
        long next = (control & 4) == 0 ? aHigh : aHigh >>> 32;
        long block = (control & 2) == 0 ? bLow : bHigh;
        long bytes = block >>> ((control & 1) << 5);
        long low = differences(window, next, bytes);
        long high = differences(window >>> 32 | next << 32, next >>> 32, bytes);
        context.xmm(destination, low, high);
      }
      case AESENC, AESENCLAST, AESDEC, AESDECLAST, AESIMC, AESKEYGENASSIST ->
          Aes.execute(context, instruction, aLow, aHigh, bLow, bHigh);
      case PCLMULQDQ -> {
        long a = (control & 1) == 0 ? aLow : aHigh;
        long b = (control & 16) == 0 ? bLow : bHigh;
        context.xmm(destination, CarrylessProduct.low(a, b), CarrylessProduct.high(a, b));
      }
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  /** The least unsigned word in bits 15:0 and the index of its first occurrence in 18:16. */
  private static long minimumWord(long low, long high) {
    int best = 0xffff;
    int position = 0;
    for (int i = 7; i >= 0; i--) {
      int word = (int) ((i < 4 ? low : high) >>> ((i & 3) << 4)) & 0xffff;
      if (word <= best) {
        best = word;
        position = i;
      }
    }
    return best | (long) position << 16;
  }

  /**
   * Four words: the sums of absolute differences of the low four {@code bytes} and the four bytes
   * at positions 0, 1, 2 and 3 of {@code next:window}.
   */
  private static long differences(long window, long next, long bytes) {
    long block = bytes & 0xffff_ffffL;
    long result = 0;
    for (int i = 0; i < 4; i++) {
      long at = i == 0 ? window : window >>> (i << 3) | next << (64 - (i << 3));
      result |= LaneProducts.psadbw(at & 0xffff_ffffL, block) << (i << 4);
    }
    return result;
  }
}

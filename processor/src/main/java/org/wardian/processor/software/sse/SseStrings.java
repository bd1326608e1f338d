package org.wardian.processor.software.sse;

import org.wardian.processor.Flags;
import org.wardian.processor.software.LaneMoves;
import org.wardian.processor.software.Lanes;
import org.wardian.processor.software.VcpuContext;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM. The 16 by 16 (or 8 by 8) comparisons are made a row
 * at a time: one element of operand 0 against all of operand 1, as a bit mask. Source: Intel SDM
 * vol. 1 §12.10 "STTNI", vol. 2 §4.1.
 */
final class SseStrings {
  private static final int RAX = 0;
  private static final int RCX = 1;
  private static final int RDX = 2;
  private static final long EVERY_BYTE = 0x0101_0101_0101_0101L;
  private static final long EVERY_WORD = 0x0001_0001_0001_0001L;

  // Fields of the immediate.
  private static final int WORDS = 1;
  private static final int SIGNED = 2;
  private static final int NEGATIVE = 1 << 4;
  private static final int MASKED = 1 << 5;

  /** Last index, or an expanded mask. */
  private static final int SELECT = 1 << 6;

  private SseStrings() {}

  static void execute(VcpuContext context, Instruction instruction) {
    Operands.loadUnaligned128(context, instruction);
    int control = (int) instruction.immediate;
    int count = (control & WORDS) != 0 ? 8 : 16;
    Operation operation = Operation.of(instruction.operation);
    long aLow = context.xmmLow(instruction.reg0);
    long aHigh = context.xmmHigh(instruction.reg0);
    int lengthA;
    int lengthB;
    if (operation == Operation.PCMPESTRI || operation == Operation.PCMPESTRM) {
      boolean wide = instruction.operandSize == 8;
      lengthA = explicitLength(context.gpr(RAX), wide, count);
      lengthB = explicitLength(context.gpr(RDX), wide, count);
    } else {
      lengthA = implicitLength(aLow, aHigh, control, count);
      lengthB = implicitLength(context.low, context.high, control, count);
    }
    int all = (1 << count) - 1;
    int validB = (1 << lengthB) - 1;
    int result =
        switch (control >> 2 & 3) {
          case 0 -> equalAny(context, control, aLow, aHigh, lengthA) & validB;
          case 1 -> ranges(context, control, aLow, aHigh, lengthA) & validB;
          case 2 -> equalEach(context, control, aLow, aHigh, lengthA, validB) & all;
          default -> equalOrdered(context, control, aLow, aHigh, lengthA, validB) & all;
        };
    if ((control & NEGATIVE) != 0) {
      result ^= (control & MASKED) != 0 ? validB : all;
    }
    if (operation == Operation.PCMPESTRI || operation == Operation.PCMPISTRI) {
      context.gpr(RCX, index(result, control, count));
    } else if ((control & SELECT) == 0) {
      context.xmm(0, result, 0);
    } else if (count == 16) {
      context.xmm(0, expandBytes(result), expandBytes(result >> 8));
    } else {
      context.xmm(0, expandWords(result), expandWords(result >> 4));
    }
    context.statusFlags(
        (result != 0 ? Flags.CF : 0)
            | (lengthB < count ? Flags.ZF : 0)
            | (lengthA < count ? Flags.SF : 0)
            | ((result & 1) != 0 ? Flags.OF : 0));
  }

  private static int index(int result, int control, int count) {
    if (result == 0) {
      return count;
    }
    return (control & SELECT) != 0
        ? 31 - Integer.numberOfLeadingZeros(result)
        : Integer.numberOfTrailingZeros(result);
  }

  private static int explicitLength(long register, boolean wide, int count) {
    long length = wide ? register : (int) register;
    // The magnitude saturates; the most negative number has none, and saturates too.
    return length > -count && length < count ? (int) Math.abs(length) : count;
  }

  private static int implicitLength(long low, long high, int control, int count) {
    int zeros = equal(low, high, 0, control) | 1 << count;
    return Integer.numberOfTrailingZeros(zeros);
  }

  /** Element {@code index} of a register in every lane. */
  private static long broadcast(long low, long high, int index, int control) {
    if ((control & WORDS) != 0) {
      return ((index < 4 ? low : high) >>> ((index & 3) << 4) & 0xffff) * EVERY_WORD;
    }
    return ((index < 8 ? low : high) >>> ((index & 7) << 3) & 0xff) * EVERY_BYTE;
  }

  /** Bit mask of the lanes of {@code high:low} that equal those of {@code value}. */
  private static int equal(long low, long high, long value, int control) {
    return (control & WORDS) != 0
        ? wordMask(Lanes.pcmpeq16(low, value), Lanes.pcmpeq16(high, value))
        : byteMask(Lanes.pcmpeq8(low, value), Lanes.pcmpeq8(high, value));
  }

  private static int byteMask(long low, long high) {
    return LaneMoves.movmask8(low) | LaneMoves.movmask8(high) << 8;
  }

  private static int wordMask(long low, long high) {
    return LaneMoves.movmask8(LaneMoves.packss16to8(low, high));
  }

  private static int equalAny(
      VcpuContext context, int control, long aLow, long aHigh, int lengthA) {
    int result = 0;
    for (int i = 0; i < lengthA; i++) {
      result |= equal(context.low, context.high, broadcast(aLow, aHigh, i, control), control);
    }
    return result;
  }

  private static int ranges(VcpuContext context, int control, long aLow, long aHigh, int lengthA) {
    int result = 0;
    for (int i = 0; i + 1 < lengthA; i += 2) {
      long from = broadcast(aLow, aHigh, i, control);
      long to = broadcast(aLow, aHigh, i + 1, control);
      int outside =
          below(context.low, context.high, from, from, control)
              | below(to, to, context.low, context.high, control);
      result |= ~outside;
    }
    return result;
  }

  /** Bit mask of the lanes where a is less than b. */
  private static int below(long aLow, long aHigh, long bLow, long bHigh, int control) {
    boolean words = (control & WORDS) != 0;
    long flip = 0;
    if ((control & SIGNED) == 0) {
      flip = words ? EVERY_WORD << 15 : EVERY_BYTE << 7;
    }
    return words
        ? wordMask(
            Lanes.pcmpgt16(bLow ^ flip, aLow ^ flip), Lanes.pcmpgt16(bHigh ^ flip, aHigh ^ flip))
        : byteMask(
            Lanes.pcmpgt8(bLow ^ flip, aLow ^ flip), Lanes.pcmpgt8(bHigh ^ flip, aHigh ^ flip));
  }

  /** Elements beyond both ends are equal, beyond one end they are not. */
  private static int equalEach(
      VcpuContext context, int control, long aLow, long aHigh, int lengthA, int validB) {
    int validA = (1 << lengthA) - 1;
    int equal =
        (control & WORDS) != 0
            ? wordMask(Lanes.pcmpeq16(aLow, context.low), Lanes.pcmpeq16(aHigh, context.high))
            : byteMask(Lanes.pcmpeq8(aLow, context.low), Lanes.pcmpeq8(aHigh, context.high));
    return equal & validA & validB | ~(validA | validB);
  }

  /** Where operand 0 starts in operand 1; what would lie beyond its last element is not asked. */
  private static int equalOrdered(
      VcpuContext context, int control, long aLow, long aHigh, int lengthA, int validB) {
    int count = (control & WORDS) != 0 ? 8 : 16;
    int result = -1;
    for (int i = 0; i < lengthA; i++) {
      int equal = equal(context.low, context.high, broadcast(aLow, aHigh, i, control), control);
      result &= (equal & validB) >> i | -1 << (count - i);
    }
    return result;
  }

  /** Bits 0 to 7, each spread over a byte. */
  private static long expandBytes(int bits) {
    long mask = 0;
    for (int i = 0; i < 8; i++) {
      mask |= (bits >> i & 1) * 0xffL << (i << 3);
    }
    return mask;
  }

  /** Bits 0 to 3, each spread over a word. */
  private static long expandWords(int bits) {
    long mask = 0;
    for (int i = 0; i < 4; i++) {
      mask |= (bits >> i & 1) * 0xffffL << (i << 4);
    }
    return mask;
  }
}

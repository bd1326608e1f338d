package org.wardian.processor.software.sse;

import org.wardian.processor.Flags;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Floating-point comparisons, into masks and into flags. Source: Intel SDM vol. 2 CMPPD, UCOMISD.
 */
final class SseCompares {
  /** Predicates LT, LE, NLT and NLE, to which any NaN is invalid. */
  private static final int SIGNALING = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6;

  private SseCompares() {}

  /** CMPPS, CMPPD, CMPSS, CMPSD. */
  static void mask(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    int destination = instruction.reg0;
    int predicate = (int) instruction.immediate & 7;
    switch (Operation.of(instruction.operation)) {
      case CMPSD_SSE -> {
        long b = Operands.load64(context, instruction);
        ieee.begin(context);
        long mask = mask64(ieee, predicate, context.xmmLow(destination), b);
        ieee.commit(context);
        context.xmmLow(destination, mask);
      }
      case CMPSS -> {
        long b = Operands.load32(context, instruction);
        ieee.begin(context);
        long mask = mask32(ieee, predicate, context.xmmLow(destination), b);
        ieee.commit(context);
        SseMoves.setLow32(context, destination, mask);
      }
      case CMPPD -> {
        Operands.load128(context, instruction);
        ieee.begin(context);
        long low = mask64(ieee, predicate, context.xmmLow(destination), context.low);
        long high = mask64(ieee, predicate, context.xmmHigh(destination), context.high);
        ieee.commit(context);
        context.xmm(destination, low, high);
      }
      case CMPPS -> {
        Operands.load128(context, instruction);
        ieee.begin(context);
        long low = maskPair(ieee, predicate, context.xmmLow(destination), context.low);
        long high = maskPair(ieee, predicate, context.xmmHigh(destination), context.high);
        ieee.commit(context);
        context.xmm(destination, low, high);
      }
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  private static long maskPair(IeeeArithmetic ieee, int predicate, long a, long b) {
    return mask32(ieee, predicate, a, b) & 0xffff_ffffL
        | mask32(ieee, predicate, a >>> 32, b >>> 32) << 32;
  }

  private static long mask64(IeeeArithmetic ieee, int predicate, long a, long b) {
    boolean signaling = (SIGNALING >> predicate & 1) != 0;
    return mask(predicate, order64(ieee, signaling, a, b));
  }

  /** Compares the low doublewords of {@code a} and {@code b}. */
  private static long mask32(IeeeArithmetic ieee, int predicate, long a, long b) {
    boolean signaling = (SIGNALING >> predicate & 1) != 0;
    return mask(predicate, order32(ieee, signaling, (int) a, (int) b));
  }

  private static long mask(int predicate, int order) {
    boolean holds =
        switch (predicate & 3) {
          case 0 -> order == 0;
          case 1 -> order == -1;
          case 2 -> order <= 0;
          default -> order == IeeeComparisons.UNORDERED;
        };
    // Predicates 4 to 7 are the negations of 0 to 3.
    return holds != predicate > 3 ? -1 : 0;
  }

  private static int order64(IeeeArithmetic ieee, boolean signaling, long a, long b) {
    if (FastFloat.plain64(a) && FastFloat.plain64(b)) {
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(b);
      return x < y ? -1 : x > y ? 1 : 0;
    }
    return signaling
        ? IeeeComparisons.compareSignaling(ieee, a, b, IeeeFormat.DOUBLE)
        : IeeeComparisons.compare(ieee, a, b, IeeeFormat.DOUBLE);
  }

  private static int order32(IeeeArithmetic ieee, boolean signaling, int a, int b) {
    if (FastFloat.plain32(a) && FastFloat.plain32(b)) {
      float x = Float.intBitsToFloat(a);
      float y = Float.intBitsToFloat(b);
      return x < y ? -1 : x > y ? 1 : 0;
    }
    long x = FastFloat.wide(a);
    long y = FastFloat.wide(b);
    return signaling
        ? IeeeComparisons.compareSignaling(ieee, x, y, IeeeFormat.SINGLE)
        : IeeeComparisons.compare(ieee, x, y, IeeeFormat.SINGLE);
  }

  /** COMISD ({@code signaling}) and UCOMISD. */
  static void flags64(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee, boolean signaling) {
    long b = Operands.load64(context, instruction);
    ieee.begin(context);
    int order = order64(ieee, signaling, context.xmmLow(instruction.reg0), b);
    ieee.commit(context);
    setFlags(context, order);
  }

  /** COMISS ({@code signaling}) and UCOMISS. */
  static void flags32(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee, boolean signaling) {
    long b = Operands.load32(context, instruction);
    ieee.begin(context);
    int order = order32(ieee, signaling, (int) context.xmmLow(instruction.reg0), (int) b);
    ieee.commit(context);
    setFlags(context, order);
  }

  private static void setFlags(VcpuContext context, int order) {
    context.statusFlags(
        switch (order) {
          case -1 -> Flags.CF;
          case 0 -> Flags.ZF;
          case 1 -> 0;
          default -> Flags.ZF | Flags.PF | Flags.CF;
        });
  }
}

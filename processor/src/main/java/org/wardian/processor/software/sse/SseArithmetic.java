package org.wardian.processor.software.sse;

import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Floating-point arithmetic of one, two or four elements. All elements are computed and their flags
 * collected before an exception is reported or the destination written. Source: Intel SDM vol. 1
 * §11.5, vol. 2.
 */
final class SseArithmetic {
  static final int ADD = 0;
  static final int SUBTRACT = 1;
  static final int MULTIPLY = 2;
  static final int DIVIDE = 3;
  static final int MINIMUM = 4;
  static final int MAXIMUM = 5;

  /** Of the second operand alone. */
  static final int SQUARE_ROOT = 6;

  private SseArithmetic() {}

  private static long operate64(IeeeArithmetic ieee, int kind, long a, long b) {
    return switch (kind) {
      case ADD -> FastFloat.add64(ieee, a, b);
      case SUBTRACT -> FastFloat.subtract64(ieee, a, b);
      case MULTIPLY -> FastFloat.multiply64(ieee, a, b);
      case DIVIDE -> FastFloat.divide64(ieee, a, b);
      case MINIMUM -> FastFloat.minimum64(ieee, a, b);
      case MAXIMUM -> FastFloat.maximum64(ieee, a, b);
      default -> FastFloat.squareRoot64(ieee, b);
    };
  }

  private static int operate32(IeeeArithmetic ieee, int kind, int a, int b) {
    return switch (kind) {
      case ADD -> FastFloat.add32(ieee, a, b);
      case SUBTRACT -> FastFloat.subtract32(ieee, a, b);
      case MULTIPLY -> FastFloat.multiply32(ieee, a, b);
      case DIVIDE -> FastFloat.divide32(ieee, a, b);
      case MINIMUM -> FastFloat.minimum32(ieee, a, b);
      case MAXIMUM -> FastFloat.maximum32(ieee, a, b);
      default -> FastFloat.squareRoot32(ieee, b);
    };
  }

  /** ADDSD and its like. */
  static void scalar64(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee, int kind) {
    long b = Operands.load64(context, instruction);
    ieee.begin(context);
    long result = operate64(ieee, kind, context.xmmLow(instruction.reg0), b);
    ieee.commit(context);
    context.xmmLow(instruction.reg0, result);
  }

  /** ADDSS and its like. */
  static void scalar32(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee, int kind) {
    long b = Operands.load32(context, instruction);
    ieee.begin(context);
    int result = operate32(ieee, kind, (int) context.xmmLow(instruction.reg0), (int) b);
    ieee.commit(context);
    SseMoves.setLow32(context, instruction.reg0, result);
  }

  /** ADDPD and its like. */
  private static void packed64(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee, int kind) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    ieee.begin(context);
    long low = operate64(ieee, kind, context.xmmLow(destination), context.low);
    long high = operate64(ieee, kind, context.xmmHigh(destination), context.high);
    ieee.commit(context);
    context.xmm(destination, low, high);
  }

  /** ADDPS and its like. */
  private static void packed32(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee, int kind) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    ieee.begin(context);
    long low = pair(ieee, kind, kind, context.xmmLow(destination), context.low);
    long high = pair(ieee, kind, kind, context.xmmHigh(destination), context.high);
    ieee.commit(context);
    context.xmm(destination, low, high);
  }

  /** {@code kind0} on the low doublewords of two quadwords, {@code kind1} on the high ones. */
  private static long pair(IeeeArithmetic ieee, int kind0, int kind1, long a, long b) {
    int low = operate32(ieee, kind0, (int) a, (int) b);
    int high = operate32(ieee, kind1, (int) (a >>> 32), (int) (b >>> 32));
    return join(low, high);
  }

  private static long join(int low, int high) {
    return FastFloat.wide(low) | (long) high << 32;
  }

  /** The basic operations that have no case of their own in {@link SseUnit}. */
  static void basic(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    switch (Operation.of(instruction.operation)) {
      case ADDPS -> packed32(context, instruction, ieee, ADD);
      case ADDPD -> packed64(context, instruction, ieee, ADD);
      case SUBPS -> packed32(context, instruction, ieee, SUBTRACT);
      case SUBPD -> packed64(context, instruction, ieee, SUBTRACT);
      case MULPS -> packed32(context, instruction, ieee, MULTIPLY);
      case MULPD -> packed64(context, instruction, ieee, MULTIPLY);
      case DIVPS -> packed32(context, instruction, ieee, DIVIDE);
      case DIVPD -> packed64(context, instruction, ieee, DIVIDE);
      case MINPS -> packed32(context, instruction, ieee, MINIMUM);
      case MINPD -> packed64(context, instruction, ieee, MINIMUM);
      case MINSS -> scalar32(context, instruction, ieee, MINIMUM);
      case MINSD -> scalar64(context, instruction, ieee, MINIMUM);
      case MAXPS -> packed32(context, instruction, ieee, MAXIMUM);
      case MAXPD -> packed64(context, instruction, ieee, MAXIMUM);
      case MAXSS -> scalar32(context, instruction, ieee, MAXIMUM);
      case MAXSD -> scalar64(context, instruction, ieee, MAXIMUM);
      case SQRTPS -> packed32(context, instruction, ieee, SQUARE_ROOT);
      case SQRTPD -> packed64(context, instruction, ieee, SQUARE_ROOT);
      case SQRTSS -> scalar32(context, instruction, ieee, SQUARE_ROOT);
      case SQRTSD -> scalar64(context, instruction, ieee, SQUARE_ROOT);
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  /** Alternating and horizontal arithmetic, dot products, rounding to integers, estimates. */
  static void execute(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    switch (Operation.of(instruction.operation)) {
      case ADDSUBPD, HADDPD, HSUBPD -> combine64(context, instruction, ieee);
      case ADDSUBPS, HADDPS, HSUBPS -> combine32(context, instruction, ieee);
      case DPPD -> dotProduct64(context, instruction, ieee);
      case DPPS -> dotProduct32(context, instruction, ieee);
      case ROUNDPD, ROUNDPS, ROUNDSD, ROUNDSS -> round(context, instruction, ieee);
      case RCPSS -> {
        long b = Operands.load32(context, instruction);
        SseMoves.setLow32(context, instruction.reg0, Estimates.reciprocal((int) b));
      }
      case RSQRTSS -> {
        long b = Operands.load32(context, instruction);
        SseMoves.setLow32(context, instruction.reg0, Estimates.reciprocalRoot((int) b));
      }
      case RCPPS -> {
        Operands.load128(context, instruction);
        context.xmm(instruction.reg0, reciprocals(context.low), reciprocals(context.high));
      }
      case RSQRTPS -> {
        Operands.load128(context, instruction);
        context.xmm(instruction.reg0, reciprocalRoots(context.low), reciprocalRoots(context.high));
      }
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  private static long reciprocals(long pair) {
    return join(Estimates.reciprocal((int) pair), Estimates.reciprocal((int) (pair >>> 32)));
  }

  private static long reciprocalRoots(long pair) {
    return join(
        Estimates.reciprocalRoot((int) pair), Estimates.reciprocalRoot((int) (pair >>> 32)));
  }

  private static void combine64(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    ieee.begin(context);
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case ADDSUBPD -> {
        low = FastFloat.subtract64(ieee, aLow, context.low);
        high = FastFloat.add64(ieee, aHigh, context.high);
      }
      case HADDPD -> {
        low = FastFloat.add64(ieee, aLow, aHigh);
        high = FastFloat.add64(ieee, context.low, context.high);
      }
      default -> {
        low = FastFloat.subtract64(ieee, aLow, aHigh);
        high = FastFloat.subtract64(ieee, context.low, context.high);
      }
    }
    ieee.commit(context);
    context.xmm(destination, low, high);
  }

  private static void combine32(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    ieee.begin(context);
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case ADDSUBPS -> {
        low = pair(ieee, SUBTRACT, ADD, aLow, context.low);
        high = pair(ieee, SUBTRACT, ADD, aHigh, context.high);
      }
      case HADDPS -> {
        low = neighbours(ieee, ADD, aLow, aHigh);
        high = neighbours(ieee, ADD, context.low, context.high);
      }
      default -> {
        low = neighbours(ieee, SUBTRACT, aLow, aHigh);
        high = neighbours(ieee, SUBTRACT, context.low, context.high);
      }
    }
    ieee.commit(context);
    context.xmm(destination, low, high);
  }

  private static long neighbours(IeeeArithmetic ieee, int kind, long low, long high) {
    int first = operate32(ieee, kind, (int) low, (int) (low >>> 32));
    int second = operate32(ieee, kind, (int) high, (int) (high >>> 32));
    return join(first, second);
  }

  /**
   * The order of the operands tells which of two NaNs an element gets; observed, not in the SDM.
   */
  private static void dotProduct64(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    int control = (int) instruction.immediate;
    ieee.begin(context);
    long p0 = 0;
    long p1 = 0;
    if ((control & 0x10) != 0) {
      p0 = FastFloat.multiply64(ieee, context.xmmLow(destination), context.low);
    }
    if ((control & 0x20) != 0) {
      p1 = FastFloat.multiply64(ieee, context.xmmHigh(destination), context.high);
    }
    ieee.endStage(context);
    long low = FastFloat.add64(ieee, p0, p1);
    long high = FastFloat.add64(ieee, p1, p0);
    ieee.commit(context);
    context.xmm(destination, (control & 1) != 0 ? low : 0, (control & 2) != 0 ? high : 0);
  }

  /** (p0 + p1) + (p2 + p3), each element with its own order of NaNs as in the form of doubles. */
  private static void dotProduct32(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    int control = (int) instruction.immediate;
    ieee.begin(context);
    long low = products(ieee, control >> 4, context.xmmLow(destination), context.low);
    long high = products(ieee, control >> 6, context.xmmHigh(destination), context.high);
    ieee.endStage(context);
    int low10 = FastFloat.add32(ieee, (int) (low >>> 32), (int) low);
    int low01 = FastFloat.add32(ieee, (int) low, (int) (low >>> 32));
    int high10 = FastFloat.add32(ieee, (int) (high >>> 32), (int) high);
    int high01 = FastFloat.add32(ieee, (int) high, (int) (high >>> 32));
    ieee.endStage(context);
    int sum0 = FastFloat.add32(ieee, low10, high10);
    int sum1 = FastFloat.add32(ieee, low01, high01);
    int sum2 = FastFloat.add32(ieee, high10, low10);
    int sum3 = FastFloat.add32(ieee, high01, low01);
    ieee.commit(context);
    context.xmm(
        destination,
        join((control & 1) != 0 ? sum0 : 0, (control & 2) != 0 ? sum1 : 0),
        join((control & 4) != 0 ? sum2 : 0, (control & 8) != 0 ? sum3 : 0));
  }

  private static long products(IeeeArithmetic ieee, int selected, long a, long b) {
    int low = (selected & 1) != 0 ? FastFloat.multiply32(ieee, (int) a, (int) b) : 0;
    int high =
        (selected & 2) != 0 ? FastFloat.multiply32(ieee, (int) (a >>> 32), (int) (b >>> 32)) : 0;
    return join(low, high);
  }

  private static void round(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    int control = (int) instruction.immediate;
    int destination = instruction.reg0;
    switch (Operation.of(instruction.operation)) {
      case ROUNDSD -> {
        long b = Operands.load64(context, instruction);
        ieee.begin(context);
        long result = IeeeConversions.roundToIntegral64(ieee, b, control);
        ieee.commit(context);
        context.xmmLow(destination, result);
      }
      case ROUNDSS -> {
        long b = Operands.load32(context, instruction);
        ieee.begin(context);
        long result = IeeeConversions.roundToIntegral(ieee, b, control, IeeeFormat.SINGLE);
        ieee.commit(context);
        SseMoves.setLow32(context, destination, result);
      }
      case ROUNDPD -> {
        Operands.load128(context, instruction);
        ieee.begin(context);
        long low = IeeeConversions.roundToIntegral64(ieee, context.low, control);
        long high = IeeeConversions.roundToIntegral64(ieee, context.high, control);
        ieee.commit(context);
        context.xmm(destination, low, high);
      }
      default -> {
        Operands.load128(context, instruction);
        ieee.begin(context);
        long low = roundPair(ieee, context.low, control);
        long high = roundPair(ieee, context.high, control);
        ieee.commit(context);
        context.xmm(destination, low, high);
      }
    }
  }

  private static long roundPair(IeeeArithmetic ieee, long pair, int control) {
    long low =
        IeeeConversions.roundToIntegral(ieee, pair & 0xffff_ffffL, control, IeeeFormat.SINGLE);
    long high = IeeeConversions.roundToIntegral(ieee, pair >>> 32, control, IeeeFormat.SINGLE);
    return low | high << 32;
  }
}

package org.wardian.processor.software.sse;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.processor.software.mmx.MmxUnit;
import org.wardian.processor.software.x87.X87Unit;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Conversions between floating-point formats, packed integers, general registers and MMX registers.
 * Source: Intel SDM vol. 2 CVTxx.
 */
final class SseConversions {
  private static final long LOW_WORD = 0xffff_ffffL;
  private static final int SINGLE = IeeeFormat.SINGLE;
  private static final int DOUBLE = IeeeFormat.DOUBLE;
  private static final int X87_EXCEPTION_SUMMARY = 1 << 7;
  private static final long EXACT_DOUBLE = 1L << 53;
  private static final long EXACT_SINGLE = 1L << 24;

  private SseConversions() {}

  // Scalars.

  private static long integerSource(VcpuContext context, Instruction instruction) {
    boolean wide = instruction.size1 == 8;
    long value = Operands.load(context, instruction, wide ? 8 : 4);
    return wide ? value : (int) value;
  }

  /** CVTSI2SD. */
  static void integerToDouble(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    long value = integerSource(context, instruction);
    long result;
    if (value + EXACT_DOUBLE >= 0 && value <= EXACT_DOUBLE) {
      result = Double.doubleToRawLongBits(value);
    } else {
      ieee.begin(context);
      result = IeeeConversions.fromInteger(ieee, value, DOUBLE);
      ieee.commit(context);
    }
    context.xmmLow(instruction.reg0, result);
  }

  /** CVTSI2SS. */
  private static void integerToSingle(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    long value = integerSource(context, instruction);
    ieee.begin(context);
    long result = singleFrom(ieee, value);
    ieee.commit(context);
    SseMoves.setLow32(context, instruction.reg0, result);
  }

  private static long singleFrom(IeeeArithmetic ieee, long value) {
    boolean exact = value + EXACT_SINGLE >= 0 && value <= EXACT_SINGLE;
    if (exact || ieee.nearest() && ieee.inexactIsFree()) {
      return FastFloat.wide(Float.floatToRawIntBits(value));
    }
    return IeeeConversions.fromInteger(ieee, value, SINGLE);
  }

  /** CVTSD2SI, CVTTSD2SI ({@code truncate}). */
  static void doubleToInteger(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee, boolean truncate) {
    long source = Operands.load64(context, instruction);
    boolean wide = instruction.size0 == 8;
    ieee.begin(context);
    long value = integerFrom64(ieee, source, wide ? 64 : 32, truncate);
    ieee.commit(context);
    context.gpr(instruction.reg0, wide ? value : value & LOW_WORD);
  }

  /** CVTSS2SI, CVTTSS2SI ({@code truncate}). */
  private static void singleToInteger(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee, boolean truncate) {
    long source = Operands.load32(context, instruction);
    boolean wide = instruction.size0 == 8;
    ieee.begin(context);
    long value = integerFrom32(ieee, source, wide ? 64 : 32, truncate);
    ieee.commit(context);
    context.gpr(instruction.reg0, wide ? value : value & LOW_WORD);
  }

  private static long integerFrom64(IeeeArithmetic ieee, long source, int bits, boolean truncate) {
    if (FastFloat.plain64(source)) {
      double value = Double.longBitsToDouble(source);
      long integer = (long) value;
      // A value that does not fit saturates, and is then not equal or not narrow enough.
      boolean fits = bits == 32 ? integer == (int) integer : Math.abs(value) < 0x1p62;
      if (fits && (integer == value || truncate && ieee.inexactIsFree())) {
        return integer;
      }
    }
    int rounding = truncate ? IeeeArithmetic.TOWARDS_ZERO : ieee.rounding();
    return IeeeConversions.toInteger(ieee, source, DOUBLE, bits, rounding);
  }

  private static long integerFrom32(IeeeArithmetic ieee, long source, int bits, boolean truncate) {
    if (FastFloat.plain32((int) source)) {
      float value = Float.intBitsToFloat((int) source);
      long integer = (long) value;
      boolean fits = bits == 32 ? integer == (int) integer : Math.abs(value) < 0x1p62f;
      if (fits && (integer == value || truncate && ieee.inexactIsFree())) {
        return integer;
      }
    }
    int rounding = truncate ? IeeeArithmetic.TOWARDS_ZERO : ieee.rounding();
    return IeeeConversions.toInteger(ieee, source, SINGLE, bits, rounding);
  }

  private static long widen(IeeeArithmetic ieee, long source) {
    if (FastFloat.plain32((int) source)) {
      return Double.doubleToRawLongBits(Float.intBitsToFloat((int) source));
    }
    return IeeeConversions.widen(ieee, source);
  }

  private static long narrow(IeeeArithmetic ieee, long source) {
    double value = Double.longBitsToDouble(source);
    int bits = Float.floatToRawIntBits((float) value);
    if (FastFloat.plain64(source) && FastFloat.plain32(bits) && ieee.nearest()) {
      if ((float) value == value || ieee.inexactIsFree() && bits << 1 != 0) {
        return FastFloat.wide(bits);
      }
    }
    return IeeeConversions.narrow(ieee, source);
  }

  /** CVTSS2SD. */
  private static void singleToDouble(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    long source = Operands.load32(context, instruction);
    ieee.begin(context);
    long result = widen(ieee, source);
    ieee.commit(context);
    context.xmmLow(instruction.reg0, result);
  }

  /** CVTSD2SS. */
  private static void doubleToSingle(
      VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    long source = Operands.load64(context, instruction);
    ieee.begin(context);
    long result = narrow(ieee, source);
    ieee.commit(context);
    SseMoves.setLow32(context, instruction.reg0, result);
  }

  /** The scalar conversions that have no case of their own in {@link SseUnit}. */
  static void scalar(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    switch (Operation.of(instruction.operation)) {
      case CVTSI2SS -> integerToSingle(context, instruction, ieee);
      case CVTSD2SI -> doubleToInteger(context, instruction, ieee, false);
      case CVTSS2SI -> singleToInteger(context, instruction, ieee, false);
      case CVTTSS2SI -> singleToInteger(context, instruction, ieee, true);
      case CVTSS2SD -> singleToDouble(context, instruction, ieee);
      case CVTSD2SS -> doubleToSingle(context, instruction, ieee);
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  // Packed values.

  static void packed(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    int destination = instruction.reg0;
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case CVTDQ2PD -> {
        long b = Operands.load64(context, instruction);
        low = Double.doubleToRawLongBits((int) b);
        high = Double.doubleToRawLongBits((int) (b >>> 32));
      }
      case CVTPS2PD -> {
        long b = Operands.load64(context, instruction);
        ieee.begin(context);
        low = widen(ieee, b & LOW_WORD);
        high = widen(ieee, b >>> 32);
        ieee.commit(context);
      }
      case CVTPD2PS -> {
        Operands.load128(context, instruction);
        ieee.begin(context);
        low = narrow(ieee, context.low) | narrow(ieee, context.high) << 32;
        high = 0;
        ieee.commit(context);
      }
      case CVTPD2DQ, CVTTPD2DQ -> {
        boolean truncate = instruction.operation == Operation.CVTTPD2DQ.ordinal();
        Operands.load128(context, instruction);
        ieee.begin(context);
        low = integersFromDoubles(context, ieee, truncate);
        high = 0;
        ieee.commit(context);
      }
      case CVTDQ2PS -> {
        Operands.load128(context, instruction);
        ieee.begin(context);
        low = singlesFrom(ieee, context.low);
        high = singlesFrom(ieee, context.high);
        ieee.commit(context);
      }
      case CVTPS2DQ, CVTTPS2DQ -> {
        boolean truncate = instruction.operation == Operation.CVTTPS2DQ.ordinal();
        Operands.load128(context, instruction);
        ieee.begin(context);
        low = integersFromSingles(ieee, context.low, truncate);
        high = integersFromSingles(ieee, context.high, truncate);
        ieee.commit(context);
      }
      default -> throw context.fault(Vector.UD, 0);
    }
    context.xmm(destination, low, high);
  }

  private static long singlesFrom(IeeeArithmetic ieee, long integers) {
    return singleFrom(ieee, (int) integers) | singleFrom(ieee, (int) (integers >>> 32)) << 32;
  }

  private static long integersFromSingles(IeeeArithmetic ieee, long pair, boolean truncate) {
    long low = integerFrom32(ieee, pair & LOW_WORD, 32, truncate);
    long high = integerFrom32(ieee, pair >>> 32, 32, truncate);
    return low & LOW_WORD | high << 32;
  }

  /** Of the 128 bits that were loaded last. */
  private static long integersFromDoubles(
      VcpuContext context, IeeeArithmetic ieee, boolean truncate) {
    long low = integerFrom64(ieee, context.low, 32, truncate);
    long high = integerFrom64(ieee, context.high, 32, truncate);
    return low & LOW_WORD | high << 32;
  }

  // MMX registers on one side.

  static void mmx(VcpuContext context, Instruction instruction, IeeeArithmetic ieee) {
    Operation operation = Operation.of(instruction.operation);
    boolean transition = instruction.kind1 != Instruction.MEMORY;
    if (transition || instruction.kind0 == Instruction.MMX) {
      checkPending(context);
    }
    switch (operation) {
      case MOVQ2DQ -> {
        long b = MmxUnit.read(context, instruction.reg1);
        X87Unit.enterMmx(context);
        context.xmm(instruction.reg0, b, 0);
      }
      case MOVDQ2Q -> setMmx(context, instruction, context.xmmLow(instruction.reg1));
      case CVTPI2PD -> {
        long b = mmxSource(context, instruction);
        if (transition) {
          X87Unit.enterMmx(context);
        }
        long low = Double.doubleToRawLongBits((int) b);
        context.xmm(instruction.reg0, low, Double.doubleToRawLongBits((int) (b >>> 32)));
      }
      case CVTPI2PS -> {
        long b = mmxSource(context, instruction);
        ieee.begin(context);
        long result = singlesFrom(ieee, b);
        ieee.commit(context);
        if (transition) {
          X87Unit.enterMmx(context);
        }
        context.xmmLow(instruction.reg0, result);
      }
      case CVTPS2PI, CVTTPS2PI -> {
        long b = Operands.load64(context, instruction);
        ieee.begin(context);
        long result = integersFromSingles(ieee, b, operation == Operation.CVTTPS2PI);
        ieee.commit(context);
        setMmx(context, instruction, result);
      }
      case CVTPD2PI, CVTTPD2PI -> {
        Operands.load128(context, instruction);
        ieee.begin(context);
        long result = integersFromDoubles(context, ieee, operation == Operation.CVTTPD2PI);
        ieee.commit(context);
        setMmx(context, instruction, result);
      }
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  /**
   * MMX register or 8 bytes of memory. From memory neither CVTPI2PD nor CVTPI2PS makes the
   * transition to MMX or reports x87 exceptions; the SDM says so of CVTPI2PD only, a Xeon (model
   * 207) does so for both.
   */
  private static long mmxSource(VcpuContext context, Instruction instruction) {
    return instruction.kind1 == Instruction.MEMORY
        ? Operands.memory(context, instruction, 8)
        : MmxUnit.read(context, instruction.reg1);
  }

  private static void setMmx(VcpuContext context, Instruction instruction, long value) {
    X87Unit.enterMmx(context);
    MmxUnit.write(context, instruction.reg0, value);
  }

  /** A pending x87 exception: #MF. */
  private static void checkPending(VcpuContext context) {
    if ((RawMemory.getShort(context.state + StateLayout.FSW) & X87_EXCEPTION_SUMMARY) != 0) {
      throw context.fault(Vector.MF, 0);
    }
  }
}

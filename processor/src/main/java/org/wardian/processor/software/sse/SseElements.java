package org.wardian.processor.software.sse;

import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Single elements in and out of a register (PINSRx, PEXTRx, INSERTPS, EXTRACTPS) and elements
 * widened (PMOVSXx, PMOVZXx). Source: Intel SDM vol. 2.
 */
final class SseElements {
  private static final long LOW_WORD = 0xffff_ffffL;

  private SseElements() {}

  static void insert(VcpuContext context, Instruction instruction) {
    int control = (int) instruction.immediate;
    switch (Operation.of(instruction.operation)) {
      case PINSRB ->
          replace(context, instruction.reg0, control & 15, 1, load(context, instruction, 1));
      case PINSRW ->
          replace(context, instruction.reg0, control & 7, 2, load(context, instruction, 2));
      case PINSRD -> {
        if (instruction.size1 == 8) {
          replace(context, instruction.reg0, control & 1, 8, load(context, instruction, 8));
        } else {
          replace(context, instruction.reg0, control & 3, 4, load(context, instruction, 4));
        }
      }
      case INSERTPS -> insertSingle(context, instruction);
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  private static long load(VcpuContext context, Instruction instruction, int size) {
    return Operands.load(context, instruction, size);
  }

  /** Replaces element {@code index} of {@code size} bytes. */
  private static void replace(VcpuContext context, int register, int index, int size, long value) {
    int position = index * size;
    int shift = (position & 7) << 3;
    long mask = -1L >>> (64 - (size << 3)) << shift;
    if (position < 8) {
      context.xmmLow(register, context.xmmLow(register) & ~mask | value << shift & mask);
    } else {
      context.xmmHigh(register, context.xmmHigh(register) & ~mask | value << shift & mask);
    }
  }

  private static void insertSingle(VcpuContext context, Instruction instruction) {
    int control = (int) instruction.immediate;
    long value;
    if (instruction.kind1 == Instruction.XMM) {
      int source = instruction.reg1;
      value =
          SseShuffles.doubleword(context.xmmLow(source), context.xmmHigh(source), control >> 6 & 3);
    } else {
      value = Operands.memory(context, instruction, 4);
    }
    int register = instruction.reg0;
    replace(context, register, control >> 4 & 3, 4, value);
    for (int i = 0; i < 4; i++) {
      if ((control >> i & 1) != 0) {
        replace(context, register, i, 4, 0);
      }
    }
  }

  static void extract(VcpuContext context, Instruction instruction) {
    int control = (int) instruction.immediate;
    switch (Operation.of(instruction.operation)) {
      case PEXTRB -> store(context, instruction, control & 15, 1);
      case PEXTRW -> store(context, instruction, control & 7, 2);
      case PEXTRD -> {
        if (instruction.size0 == 8) {
          store(context, instruction, control & 1, 8);
        } else {
          store(context, instruction, control & 3, 4);
        }
      }
      case EXTRACTPS -> store(context, instruction, control & 3, 4);
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  private static void store(VcpuContext context, Instruction instruction, int index, int size) {
    int position = index * size;
    int register = instruction.reg1;
    long half = position < 8 ? context.xmmLow(register) : context.xmmHigh(register);
    long value = half >>> ((position & 7) << 3) & -1L >>> (64 - (size << 3));
    Operands.storeGeneral(context, instruction, size, value);
  }

  /** PMOVSXx and PMOVZXx. */
  static void widen(VcpuContext context, Instruction instruction) {
    switch (Operation.of(instruction.operation)) {
      case PMOVSXBW -> widen(context, instruction, 1, 2, true);
      case PMOVSXBD -> widen(context, instruction, 1, 4, true);
      case PMOVSXBQ -> widen(context, instruction, 1, 8, true);
      case PMOVSXWD -> widen(context, instruction, 2, 4, true);
      case PMOVSXWQ -> widen(context, instruction, 2, 8, true);
      case PMOVSXDQ -> widen(context, instruction, 4, 8, true);
      case PMOVZXBW -> widen(context, instruction, 1, 2, false);
      case PMOVZXBD -> widen(context, instruction, 1, 4, false);
      case PMOVZXBQ -> widen(context, instruction, 1, 8, false);
      case PMOVZXWD -> widen(context, instruction, 2, 4, false);
      case PMOVZXWQ -> widen(context, instruction, 2, 8, false);
      case PMOVZXDQ -> widen(context, instruction, 4, 8, false);
      default -> throw context.fault(Vector.UD, 0);
    }
  }

  private static void widen(
      VcpuContext context, Instruction instruction, int from, int to, boolean signed) {
    int bytes = 16 / to * from;
    long source = Operands.load(context, instruction, bytes);
    long low = widenHalf(source, from, to, signed);
    long high = widenHalf(source >>> (bytes << 2), from, to, signed);
    context.xmm(instruction.reg0, low, high);
  }

  /** Widens the low elements of {@code source}, as many as fill 64 bits. */
  private static long widenHalf(long source, int from, int to, boolean signed) {
    int unused = 64 - (from << 3);
    long result = 0;
    for (int shift = 0, taken = 0; shift < 64; shift += to << 3, taken += from << 3) {
      long element = source >>> taken << unused;
      element = signed ? element >> unused : element >>> unused;
      result |= to == 8 ? element : (element & (to == 4 ? LOW_WORD : 0xffff)) << shift;
    }
    return result;
  }
}

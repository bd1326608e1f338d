package org.wardian.processor.software.mmx;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.x87.X87Unit;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * The instructions on MMX registers: MMX itself and what SSE, SSE2 and SSSE3 added to it. MMX
 * register i is the significand of physical x87 register i; each instruction makes TOP 0 and all
 * tags valid (EMMS: empty), and a written register gets an exponent of ones. Conversions between
 * MMX and floating-point vectors (CVTPI2PS and so on) belong to the SSE unit. Source: Intel SDM
 * vol. 1 chapter 9, vol. 3 chapter 13.
 */
public final class MmxUnit {
  private final X87Unit x87;

  /**
   * A unit that shares the registers of {@code x87}.
   *
   * @param x87 knows what a pending x87 exception does
   */
  public MmxUnit(X87Unit x87) {
    this.x87 = x87;
  }

  /** Contents of MMX register {@code register} (0 to 7). */
  public static long read(VcpuContext context, int register) {
    return RawMemory.getLong(
        context.state + StateLayout.ST + register * (long) StateLayout.ST_STRIDE);
  }

  /** Writes MMX register {@code register} (0 to 7) and sets its sign and exponent to ones. */
  public static void write(VcpuContext context, int register, long value) {
    long address = context.state + StateLayout.ST + register * (long) StateLayout.ST_STRIDE;
    RawMemory.putLong(address, value);
    RawMemory.putShort(address + 8, (short) 0xffff);
  }

  /**
   * Executes one instruction.
   *
   * @return false where {@code instruction} is not one of this unit's; nothing happened then
   * @throws org.wardian.processor.software.GuestFault #UD, #NM, #MF and the faults of memory
   *     operands
   */
  public boolean execute(VcpuContext context, Instruction instruction) {
    Operation operation = Operation.of(instruction.operation);
    switch (operation) {
      case EMMS -> {
        x87.checkMmx(context);
        X87Unit.enterMmx(context);
        RawMemory.putByte(context.state + StateLayout.FTW, (byte) 0);
        return true;
      }
      case MASKMOVQ -> {
        x87.checkMmx(context);
        maskedStore(context, instruction);
        return true;
      }
      case MOVQ2DQ -> {
        x87.checkMmx(context);
        context.xmm(instruction.reg0, read(context, instruction.reg1), 0);
        X87Unit.enterMmx(context);
        return true;
      }
      case MOVDQ2Q -> {
        x87.checkMmx(context);
        X87Unit.enterMmx(context);
        write(context, instruction.reg0, context.xmmLow(instruction.reg1));
        return true;
      }
      case MOVD, MOVQ, MOVNTQ, PEXTRW, PMOVMSKB, PINSRW -> {
        return usesMmx(instruction) && move(context, instruction, operation);
      }
      default -> {
        return instruction.kind0 == Instruction.MMX
            && instruction.kind1 != Instruction.XMM
            && compute(context, instruction, operation);
      }
    }
  }

  private static boolean usesMmx(Instruction instruction) {
    return instruction.kind0 == Instruction.MMX || instruction.kind1 == Instruction.MMX;
  }

  private boolean compute(VcpuContext context, Instruction instruction, Operation operation) {
    if (!PackedOperations.has(operation)) {
      return false;
    }
    x87.checkMmx(context);
    long b =
        switch (instruction.kind1) {
          case Instruction.MMX -> read(context, instruction.reg1);
          case Instruction.IMMEDIATE -> instruction.immediate & 0xff;
          default ->
              context.load(
                  instruction.segment, context.address(instruction), memorySize(instruction));
        };
    long a = read(context, instruction.reg0);
    long result = PackedOperations.apply(operation, a, b, (int) instruction.immediate & 0xff);
    X87Unit.enterMmx(context);
    write(context, instruction.reg0, result);
    return true;
  }

  private static int memorySize(Instruction instruction) {
    return instruction.size1 == 4 ? 4 : 8;
  }

  private boolean move(VcpuContext context, Instruction instruction, Operation operation) {
    x87.checkMmx(context);
    switch (operation) {
      case PEXTRW -> {
        int shift = ((int) instruction.immediate & 3) << 4;
        context.gpr(instruction.reg0, read(context, instruction.reg1) >>> shift & 0xffff);
        X87Unit.enterMmx(context);
      }
      case PMOVMSKB -> {
        long mask = PackedOperations.apply(operation, 0, read(context, instruction.reg1), 0);
        context.gpr(instruction.reg0, mask);
        X87Unit.enterMmx(context);
      }
      case PINSRW -> {
        long word =
            instruction.kind1 == Instruction.MEMORY
                ? context.load(instruction.segment, context.address(instruction), 2)
                : context.gpr(instruction.reg1) & 0xffff;
        int shift = ((int) instruction.immediate & 3) << 4;
        long old = read(context, instruction.reg0);
        X87Unit.enterMmx(context);
        write(context, instruction.reg0, old & ~(0xffffL << shift) | word << shift);
      }
      default -> copy(context, instruction);
    }
    return true;
  }

  /** MOVD, MOVQ and MOVNTQ. */
  private static void copy(VcpuContext context, Instruction instruction) {
    if (instruction.kind0 == Instruction.MMX) {
      long value =
          switch (instruction.kind1) {
            case Instruction.MMX -> read(context, instruction.reg1);
            case Instruction.MEMORY ->
                context.load(instruction.segment, context.address(instruction), instruction.size1);
            default ->
                instruction.size1 == 8
                    ? context.gpr(instruction.reg1)
                    : context.gpr(instruction.reg1) & 0xffffffffL;
          };
      X87Unit.enterMmx(context);
      write(context, instruction.reg0, value);
      return;
    }
    long value = read(context, instruction.reg1);
    if (instruction.kind0 == Instruction.MEMORY) {
      context.store(instruction.segment, context.address(instruction), instruction.size0, value);
    } else {
      context.gpr(instruction.reg0, instruction.size0 == 8 ? value : value & 0xffffffffL);
    }
    X87Unit.enterMmx(context);
  }

  /** MASKMOVQ: stores the bytes of operand 0 whose mask byte in operand 1 is negative. */
  private static void maskedStore(VcpuContext context, Instruction instruction) {
    // Where the table lists the implied memory operand first, the registers follow it.
    boolean implied = instruction.kind0 == Instruction.MEMORY;
    long value = read(context, implied ? instruction.reg1 : instruction.reg0);
    long mask = read(context, implied ? instruction.reg2 : instruction.reg1);
    long address = destination(context, instruction);
    int segment = instruction.segment;
    long limit =
        switch (instruction.addressSize) {
          case 2 -> 0xffffL;
          case 4 -> 0xffffffffL;
          default -> -1L;
        };
    context.checkAlignment(segment, address & limit, 8, true);
    for (int i = 0; i < 8; i++) {
      if ((mask >>> 8 * i & 0x80) != 0) {
        context.probeStore(segment, address + i & limit, 1);
      }
    }
    for (int i = 0; i < 8; i++) {
      if ((mask >>> 8 * i & 0x80) != 0) {
        context.store(segment, address + i & limit, 1, value >>> 8 * i & 0xff);
      }
    }
    X87Unit.enterMmx(context);
  }

  private static long destination(VcpuContext context, Instruction instruction) {
    if (instruction.hasMemory()) {
      return context.address(instruction);
    }
    long address = context.gpr(7);
    return switch (instruction.addressSize) {
      case 2 -> address & 0xffff;
      case 4 -> address & 0xffffffffL;
      default -> address;
    };
  }
}

package org.wardian.processor.software.sse;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Source operands of SSE instructions: a register, or memory of the width that the SDM gives, with
 * the alignment check of legacy SSE. The source is operand 1 unless said otherwise. A 128-bit value
 * is left in {@link VcpuContext#low} and {@link VcpuContext#high}.
 */
final class Operands {
  private static final int ALIGNMENT = 15;

  private Operands() {}

  /**
   * Offset of a 16-byte memory operand within its segment.
   *
   * @throws org.wardian.processor.software.GuestFault #GP(0) if its linear address is not a
   *     multiple of 16 (Intel SDM vol. 1 §4.1.1, vol. 2 §2.4 exception type 4)
   */
  static long alignedAddress(VcpuContext context, Instruction instruction) {
    long offset = context.address(instruction);
    long base =
        RawMemory.getLong(
            context.state + StateLayout.segment(instruction.segment) + StateLayout.BASE);
    if (((offset + base) & ALIGNMENT) != 0) {
      throw context.fault(Vector.GP, 0);
    }
    return offset;
  }

  /** XMM register or aligned 16 bytes of memory. */
  static void load128(VcpuContext context, Instruction instruction) {
    if (instruction.kind1 == Instruction.XMM) {
      register128(context, instruction.reg1);
    } else {
      context.load128(instruction.segment, alignedAddress(context, instruction));
    }
  }

  /** XMM register or 16 bytes of memory at any address. */
  static void loadUnaligned128(VcpuContext context, Instruction instruction) {
    if (instruction.kind1 == Instruction.XMM) {
      register128(context, instruction.reg1);
    } else {
      context.load128(instruction.segment, context.address(instruction));
    }
  }

  private static void register128(VcpuContext context, int register) {
    context.low = context.xmmLow(register);
    context.high = context.xmmHigh(register);
  }

  /** Low half of an XMM register, or 8 bytes of memory. */
  static long load64(VcpuContext context, Instruction instruction) {
    return instruction.kind1 == Instruction.XMM
        ? context.xmmLow(instruction.reg1)
        : memory(context, instruction, 8);
  }

  /** Low doubleword of an XMM register, or 4 bytes of memory, zero-extended. */
  static long load32(VcpuContext context, Instruction instruction) {
    return instruction.kind1 == Instruction.XMM
        ? context.xmmLow(instruction.reg1) & 0xffff_ffffL
        : memory(context, instruction, 4);
  }

  /**
   * Low {@code size} bytes of an XMM or general register, not cut, or {@code size} bytes of memory.
   */
  static long load(VcpuContext context, Instruction instruction, int size) {
    return switch (instruction.kind1) {
      case Instruction.XMM -> context.xmmLow(instruction.reg1);
      case Instruction.REGISTER -> context.gpr(instruction.reg1);
      default -> memory(context, instruction, size);
    };
  }

  /** Zero-extended memory operand of {@code size} bytes. */
  static long memory(VcpuContext context, Instruction instruction, int size) {
    return context.load(instruction.segment, context.address(instruction), size);
  }

  /** Stores to the memory operand. */
  static void store(VcpuContext context, Instruction instruction, int size, long value) {
    context.store(instruction.segment, context.address(instruction), size, value);
  }

  /**
   * Writes {@code size} bytes (4 or less for a general register, which is zero-extended to 64 bits,
   * or 8) to operand 0, a general register or memory.
   */
  static void storeGeneral(VcpuContext context, Instruction instruction, int size, long value) {
    if (instruction.kind0 == Instruction.REGISTER) {
      context.gpr(instruction.reg0, value);
    } else {
      store(context, instruction, size, value);
    }
  }
}

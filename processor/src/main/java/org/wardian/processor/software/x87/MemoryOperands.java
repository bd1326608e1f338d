package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.DENORMAL;
import static org.wardian.processor.software.x87.Float80.INVALID;
import static org.wardian.processor.software.x87.Float80.NEAREST;
import static org.wardian.processor.software.x87.Float80.OVERFLOW;
import static org.wardian.processor.software.x87.Float80.UNDERFLOW;
import static org.wardian.processor.software.x87.Float80.UP;
import static org.wardian.processor.software.x87.Float80.ZERO;
import static org.wardian.processor.software.x87.RegisterStack.C1;
import static org.wardian.processor.software.x87.RegisterStack.STACK_FAULT;

import org.wardian.processor.software.VcpuContext;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Loads, stores and constants: what moves between the x87 stack and memory or another register.
 * Memory is accessed before any register or flag changes. Source: Intel SDM vol. 1 §8.3.3 and §8.5.
 */
final class MemoryOperands {
  private final RegisterStack stack;
  private final Float80 f = new Float80();
  private VcpuContext context;
  private Instruction instruction;

  MemoryOperands(RegisterStack stack) {
    this.stack = stack;
  }

  boolean execute(VcpuContext context, Instruction instruction, Operation operation) {
    this.context = context;
    this.instruction = instruction;
    switch (operation) {
      case FLD -> {
        if (instruction.hasMemory()) {
          loadFloat();
        } else {
          loadRegister();
        }
      }
      case FILD -> {
        operand(context, instruction, true, f);
        push();
      }
      case FBLD -> {
        long offset = context.address(instruction);
        context.probeLoad(instruction.segment, offset, 10);
        long low = context.load(instruction.segment, offset, 8);
        int high = (int) context.load(instruction.segment, offset + 8, 2);
        f.begin(stack.control());
        Conversion.fromBcd(f, low, high);
        push();
      }
      case FST -> store(0);
      case FSTP -> store(1);
      case FSTPNCE -> storeUnchecked();
      case FIST -> storeInteger(stack.control() >> 10 & 3, 0);
      case FISTP -> storeInteger(stack.control() >> 10 & 3, 1);
      case FISTTP -> storeInteger(ZERO, 1);
      case FBSTP -> storeBcd();
      // The 64 bits, and whether the bits that follow round up to nearest.
      case FLD1 -> constant(0x3fff, 0x8000000000000000L, false, true);
      case FLDZ -> constant(0, 0, false, true);
      case FLDL2T -> constant(0x4000, 0xd49a784bcd1b8afeL, false, false);
      case FLDL2E -> constant(0x3fff, 0xb8aa3b295c17f0bbL, true, false);
      case FLDPI -> constant(0x4000, 0xc90fdaa22168c234L, true, false);
      case FLDLG2 -> constant(0x3ffd, 0x9a209a84fbcff798L, true, false);
      case FLDLN2 -> constant(0x3ffe, 0xb17217f7d1cf79abL, true, false);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Bytes of the memory operand. */
  private static int size(Instruction instruction) {
    return instruction.kind0 == Instruction.MEMORY ? instruction.size0 : instruction.size1;
  }

  /**
   * Loads a 32- or 64-bit float or a 16-, 32- or 64-bit integer into {@code to} as the source of an
   * operation: {@code to.exceptions} is not zero where it is a denormal, NaNs are not touched.
   */
  void operand(VcpuContext context, Instruction instruction, boolean integer, Float80 to) {
    int size = size(instruction);
    long bits = context.load(instruction.segment, context.address(instruction), size);
    to.begin(stack.control());
    if (integer) {
      int unused = 64 - 8 * size;
      Remainder.integer(to, bits << unused >> unused);
    } else if (size == 4) {
      Conversion.operandFloat32(to, (int) bits);
      to.exceptions &= DENORMAL;
    } else {
      Conversion.operandFloat64(to, bits);
      to.exceptions &= DENORMAL;
    }
  }

  private void loadFloat() {
    int size = size(instruction);
    long offset = context.address(instruction);
    int segment = instruction.segment;
    f.begin(stack.control());
    if (size == 4) {
      Conversion.fromFloat32(f, (int) context.load(segment, offset, 4));
    } else if (size == 8) {
      Conversion.fromFloat64(f, context.load(segment, offset, 8));
    } else {
      context.probeLoad(segment, offset, 10);
      f.set((int) context.load(segment, offset + 8, 2), context.load(segment, offset, 8));
    }
    push();
  }

  private void loadRegister() {
    int source = instruction.modrm & 7;
    f.begin(stack.control());
    if (stack.isEmpty(source)) {
      // Underflow comes first: C1 stays 0 even if the stack is full as well.
      stack.raise(INVALID | STACK_FAULT);
      if ((stack.control() & INVALID) != 0) {
        stack.push(Float80.DEFAULT_NAN_EXPONENT, Float80.DEFAULT_NAN);
      }
      return;
    }
    f.set(stack.signExponent(source), stack.significand(source));
    push();
  }

  /** Pushes {@link #f}, or responds to a full stack. */
  private void push() {
    if (!stack.isEmpty(7)) {
      stack.raise(INVALID | STACK_FAULT | C1);
      if ((stack.control() & INVALID) != 0) {
        stack.push(Float80.DEFAULT_NAN_EXPONENT, Float80.DEFAULT_NAN);
      }
      return;
    }
    stack.raise(f.exceptions);
    // A denormal is pushed even where #D is unmasked.
    if (!f.unmasked(INVALID)) {
      stack.push(f.signExponent, f.significand);
    }
  }

  private void constant(int exponent, long significand, boolean nearestUp, boolean exact) {
    f.begin(stack.control());
    int rounding = f.rounding();
    boolean up = !exact && (rounding == UP || (rounding == NEAREST && nearestUp));
    f.set(exponent, up ? significand + 1 : significand);
    push();
  }

  private void store(int pops) {
    if (!instruction.hasMemory()) {
      storeRegister(pops);
      return;
    }
    f.begin(stack.control());
    int size = size(instruction);
    long offset = context.address(instruction);
    int se = Float80.DEFAULT_NAN_EXPONENT;
    long value = Float80.DEFAULT_NAN;
    int fault = 0;
    if (stack.isEmpty(0)) {
      fault = INVALID | STACK_FAULT;
      f.exceptions = fault;
    } else {
      se = stack.signExponent(0);
      value = stack.significand(0);
    }
    long bits = value;
    if (size == 4) {
      bits = Conversion.toFloat32(f, se, value);
    } else if (size == 8) {
      bits = Conversion.toFloat64(f, se, value);
    }
    boolean stored = !f.unmasked(INVALID | OVERFLOW | UNDERFLOW);
    if (stored) {
      if (size == 10) {
        store80(offset, bits, se);
      } else {
        context.store(instruction.segment, offset, size, bits);
      }
    }
    // Where nothing is stored the memory is not even looked at.
    stack.raise(f.exceptions);
    if (stored) {
      stack.pop(pops);
    }
  }

  private void store80(long offset, long low, int high) {
    // Two stores, as on the processors that were asked: the second may fault after the first.
    context.store(instruction.segment, offset, 8, low);
    context.store(instruction.segment, offset + 8, 2, high);
  }

  private void storeRegister(int pops) {
    int destination = instruction.modrm & 7;
    if (stack.isEmpty(0)) {
      stack.raise(INVALID | STACK_FAULT);
      if ((stack.control() & INVALID) == 0) {
        return;
      }
      stack.set(destination, Float80.DEFAULT_NAN_EXPONENT, Float80.DEFAULT_NAN);
    } else {
      stack.raise(0);
      stack.set(destination, stack.signExponent(0), stack.significand(0));
    }
    stack.pop(pops);
  }

  /** FSTPNCE: an empty ST(0) is popped without a fault, and nothing is copied. */
  private void storeUnchecked() {
    stack.raise(0);
    if (!stack.isEmpty(0)) {
      stack.set(instruction.modrm & 7, stack.signExponent(0), stack.significand(0));
    }
    stack.pop();
  }

  private void storeInteger(int rounding, int pops) {
    int size = size(instruction);
    f.begin(stack.control());
    long value;
    if (stack.isEmpty(0)) {
      f.exceptions = INVALID | STACK_FAULT;
      value = Long.MIN_VALUE >> (64 - 8 * size);
    } else {
      value =
          Conversion.toInteger(f, stack.signExponent(0), stack.significand(0), 8 * size, rounding);
    }
    long offset = context.address(instruction);
    boolean stored = !f.unmasked(INVALID);
    if (stored) {
      context.store(instruction.segment, offset, size, value);
    }
    stack.raise(f.exceptions);
    if (stored) {
      stack.pop(pops);
    }
  }

  private void storeBcd() {
    f.begin(stack.control());
    long low = 0xc000000000000000L;
    if (stack.isEmpty(0)) {
      f.exceptions = INVALID | STACK_FAULT;
      f.signExponent = 0xffff;
    } else {
      low = Conversion.toBcd(f, stack.signExponent(0), stack.significand(0));
    }
    long offset = context.address(instruction);
    boolean stored = !f.unmasked(INVALID);
    if (stored) {
      store80(offset, low, f.signExponent);
    }
    stack.raise(f.exceptions);
    if (stored) {
      stack.pop();
    }
  }
}

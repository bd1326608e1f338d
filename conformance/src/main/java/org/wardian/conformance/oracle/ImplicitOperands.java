package org.wardian.conformance.oracle;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/** Gives registers that an instruction uses without naming them values that make sense. */
final class ImplicitOperands {
  private static final int RAX = 0;
  private static final int RCX = 1;
  private static final int RDX = 2;
  private static final int RBX = 3;
  private static final int RBP = 5;
  private static final int RSI = 6;
  private static final int RDI = 7;

  private final CaseBuilder builder;

  ImplicitOperands(CaseBuilder builder) {
    this.builder = builder;
  }

  /** Whether the operand is an address only. */
  static boolean ignoresMemory(Operation operation) {
    return switch (operation) {
      case LEA, NOP, INVLPG -> true;
      default -> false;
    };
  }

  /** Whether the operation addresses memory by a bit offset too. */
  static boolean isBitTest(Operation operation) {
    return switch (operation) {
      case BT, BTC, BTR, BTS -> true;
      default -> false;
    };
  }

  /** Whether the operation reads or writes at the stack pointer. */
  static boolean usesStack(Operation operation) {
    return switch (operation) {
      case PUSH,
          POP,
          PUSHA,
          POPA,
          PUSHF,
          POPF,
          PUSH_SEG,
          POP_SEG,
          CALL,
          CALLF,
          RET,
          RETF,
          IRET,
          ENTER ->
          true;
      default -> false;
    };
  }

  /** Whether an operand is [rSI]. */
  static boolean readsString(Instruction i) {
    return i.kind0 == Instruction.STRING_SOURCE || i.kind1 == Instruction.STRING_SOURCE;
  }

  /** Whether an operand is [ES:rDI]. */
  static boolean writesString(Instruction i) {
    return i.kind0 == Instruction.STRING_DESTINATION || i.kind1 == Instruction.STRING_DESTINATION;
  }

  /** Sets registers before the memory operand is placed. */
  void before() {
    Instruction i = builder.instruction;
    Operation operation = i.form.operation();
    if (usesStack(operation)) {
      stackPointer(CaseBuilder.RSP);
    }
    if (readsString(i) || writesString(i)) {
      string(i);
    }
    switch (operation) {
      case LEAVE, ENTER -> stackPointer(RBP);
      case XLAT -> address(RBX, -(builder.state.gpr[RAX] & 0xff));
      case MASKMOVQ, MASKMOVDQU -> address(RDI, 0);
      case LOOP, LOOPE, LOOPNE, JCXZ -> counter(3);
      case DIV, IDIV -> dividend(i);
      case FYL2XP1 -> {
        // Outside of -0.29 to 0.41 the result is undefined.
        long exponent = Slots.get(builder.state, Slots.ST + 1);
        if ((exponent & 0x7fff) > 0x3ffc && (exponent & 0x7fff) != 0x7fff) {
          builder.put(Slots.ST + 1, exponent & 0x8000 | 0x3ffc - builder.random.below(66));
        }
      }
      case PCMPESTRI, PCMPESTRM -> {
        builder.register(RAX, builder.random.below(24) - 4L);
        builder.register(RDX, builder.random.below(24) - 4L);
      }
      default -> {
        // Random registers do.
      }
    }
  }

  private void stackPointer(int register) {
    EdgeValues random = builder.random;
    long offset = ScratchLayout.STACK + 0x400 + random.below(0x80) * 8L;
    if (random.oneIn(4)) {
      offset += random.below(8);
    }
    if (random.oneIn(40)) {
      // near the end of the changeable memory, so that pops and frames leave it
      offset = ScratchLayout.STACK + ScratchLayout.PAGE - random.below(24);
    } else if (random.oneIn(40)) {
      offset = ScratchLayout.DATA + random.below(24);
    }
    long value = builder.origin() + offset;
    if (builder.codeSize == 2 && random.oneIn(2)) {
      value |= random.bits() << 16;
    }
    builder.register(register, value);
  }

  /** Points a register into the data page, {@code bias} bytes beside. */
  private void address(int register, long bias) {
    EdgeValues random = builder.random;
    Instruction i = builder.instruction;
    long linear = ScratchLayout.WINDOW + ScratchLayout.DATA + 0x200 + random.below(0xa00);
    int segment = register == RDI && i.kind1 != Instruction.XMM && writesString(i) ? 0 : i.segment;
    long value = linear - builder.segmentBase(segment) + bias;
    junkAbove(register, value);
  }

  private void junkAbove(int register, long value) {
    Instruction i = builder.instruction;
    long mask = i.addressSize == 8 ? -1 : -1L >>> (64 - 8 * i.addressSize);
    long above = builder.random.oneIn(2) ? builder.random.bits() : 0;
    builder.register(register, value & mask | above & ~mask);
  }

  private void counter(int most) {
    junkAbove(RCX, builder.random.below(most));
  }

  private void string(Instruction i) {
    EdgeValues random = builder.random;
    if (readsString(i)) {
      address(RSI, 0);
    }
    if (writesString(i)) {
      address(RDI, 0);
    }
    if (random.oneIn(25)) {
      // the repetition runs out of the changeable memory on its way
      boolean down = (builder.state.flags & 0x400) != 0;
      long edge = down ? ScratchLayout.DATA : ScratchLayout.DATA + ScratchLayout.DATA_SIZE;
      edge += down ? random.below(32) : -random.below(32);
      int register = writesString(i) && (random.oneIn(2) || !readsString(i)) ? RDI : RSI;
      int segment = register == RDI ? 0 : i.segment;
      junkAbove(register, ScratchLayout.WINDOW + edge - builder.segmentBase(segment));
    }
    if (readsString(i) && writesString(i) && random.oneIn(3)) {
      long close = builder.state.gpr[RSI] + random.below(9) - 4;
      junkAbove(RDI, random.oneIn(2) ? builder.state.gpr[RSI] : close);
    }
    if (i.form.operation() == Operation.SCAS && random.oneIn(2)) {
      long at = builder.state.gpr[RDI] + builder.segmentBase(0) - ScratchLayout.WINDOW;
      builder.register(RAX, builder.memory(at & 0xffff, 8));
    }
    if (i.rep || i.repne) {
      counter(random.oneIn(4) ? 3 : 20);
    }
  }

  /** Most quotients shall fit. */
  private void dividend(Instruction i) {
    EdgeValues random = builder.random;
    if (random.oneIn(3)) {
      return;
    }
    boolean signed = i.form.operation() == Operation.IDIV;
    long low = random.oneIn(2) ? random.integer() : random.bits() >>> random.below(64);
    if (i.size0 == 1) {
      builder.register(RAX, signed ? (byte) low : low & 0xff);
      return;
    }
    builder.register(RAX, low);
    long high =
        switch (i.size0) {
          case 2 -> (short) low >> 15;
          case 4 -> (int) low >> 31;
          default -> low >> 63;
        };
    builder.register(RDX, signed ? high : random.oneIn(2) ? 0 : random.below(3));
  }

  /** Sets what depends on where the memory operand lies. */
  void after() {
    Instruction i = builder.instruction;
    EdgeValues random = builder.random;
    Operation operation = i.form.operation();
    long at = i.hasMemory() ? builder.operandOffset() : 0;
    switch (operation) {
      case BT, BTC, BTR, BTS -> bitOffset(i);
      case CMPXCHG -> {
        if (random.oneIn(2)) {
          boolean memory = i.kind0 == Instruction.MEMORY;
          long value = memory ? builder.memory(at, 8) : builder.state.gpr[i.reg0];
          long rax = builder.state.gpr[RAX];
          long mask = -1L >>> (64 - 8 * i.size0);
          if (i.base != RAX && i.index != RAX) {
            builder.register(RAX, rax & ~mask | value & mask);
          }
        }
      }
      case CMPXCHG8B, CMPXCHG16B -> {
        int half = operation == Operation.CMPXCHG8B ? 4 : 8;
        if (random.oneIn(2) && notInAddress(i, RAX) && notInAddress(i, RDX)) {
          builder.register(RAX, builder.memory(at, half));
          builder.register(RDX, builder.memory(at + half, half));
        }
      }
      case BOUND -> {
        if (random.oneIn(2)) {
          long lowest = 1L << (8 * i.operandSize - 1);
          builder.memory(at, i.operandSize, random.oneIn(2) ? lowest : 0);
          builder.memory(at + i.operandSize, i.operandSize, lowest - 1);
        }
      }
      case LDMXCSR -> builder.memory(at, 4, mxcsr());
      case FXRSTOR -> builder.memory(at + CaseState.FX_MXCSR, 4, mxcsr());
      case WRFSBASE, WRGSBASE -> {
        if (!random.oneIn(5)) {
          builder.register(i.reg0, random.bits() >> 17);
        }
      }
      default -> {
        // Nothing depends on it.
      }
    }
  }

  private static boolean notInAddress(Instruction i, int register) {
    return i.base != register && i.index != register;
  }

  private long mxcsr() {
    return builder.random.oneIn(10) ? builder.random.bits() : builder.random.bits() & 0xffff;
  }

  /** A bit offset in a register reaches at most a few hundred bytes from the operand. */
  private void bitOffset(Instruction i) {
    if (i.kind1 != Instruction.REGISTER || !i.hasMemory() || !notInAddress(i, i.reg1)) {
      return;
    }
    long near = builder.random.below(4096) - 2048L;
    long mask = -1L >>> (64 - 8 * i.size1);
    builder.register(i.reg1, near & mask | builder.random.bits() & ~mask);
  }
}

package org.wardian.conformance.oracle;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Directs branches into the code page, where every byte is a breakpoint, and gives selectors that
 * are sometimes right.
 */
final class ControlTransfers {
  /**
   * Selectors to load: null ones, our own, Linux's own, a call's way to the kernel, one beyond the
   * table.
   */
  private static final int[] POOL = {
    0,
    3,
    0x33,
    0x2b,
    0x23,
    0x10,
    0x18,
    0x40,
    0x50,
    4 | 20 << 3,
    0x2a,
    0x30,
    0x06,
    0x17,
    0x1f,
    0x27,
    0x2f,
    0x37
  };

  private final CaseBuilder builder;

  ControlTransfers(CaseBuilder builder) {
    this.builder = builder;
  }

  /** Applies to the finished operands; false where the case must be dropped. */
  boolean direct() {
    Instruction i = builder.instruction;
    if (i.kind0 == Instruction.RELATIVE) {
      return relative(i);
    }
    if (i.kind0 == Instruction.FAR_POINTER) {
      long selector = codeSelector();
      return builder.patch(CaseBuilder.Field.IMMEDIATE, target() & mask(i.operandSize))
          && builder.patch(CaseBuilder.Field.SELECTOR, selector);
    }
    int size = i.operandSize;
    long stack = stackOffset();
    switch (i.form.operation()) {
      case JMP, CALL -> {
        if (i.kind0 == Instruction.REGISTER && i.reg0 == CaseBuilder.RSP) {
          // As target and stack pointer at once it would fault for two reasons.
          return false;
        }
        indirect(i);
      }
      case RET -> builder.memory(stack, size, target());
      case RETF -> {
        builder.memory(stack, size, target());
        builder.memory(stack + size, 2, codeSelector());
      }
      case IRET -> interruptFrame(stack, size);
      case JMPF, CALLF -> {
        builder.memory(builder.operandOffset(), size, target());
        builder.memory(builder.operandOffset() + size, 2, codeSelector());
      }
      case LDS, LES, LFS, LGS, LSS ->
          builder.memory(builder.operandOffset() + size, 2, dataSelector());
      case POP_SEG -> builder.memory(stack, 2, dataSelector());
      case MOV_SEG -> {
        if (i.kind0 == Instruction.SEGMENT) {
          selectorOperand(i.kind1, i.reg1);
        }
      }
      case LAR, LSL -> selectorOperand(i.kind1, i.reg1);
      case VERR, VERW, ARPL -> selectorOperand(i.kind0, i.reg0);
      default -> {
        // No transfer, no selector.
      }
    }
    return true;
  }

  private static long mask(int size) {
    return -1L >>> (64 - 8 * size);
  }

  /** A place in the code page clear of the instruction, as an offset in the code segment. */
  private long target() {
    long offset = ScratchLayout.CODE + 0x10 + builder.random.below(0xfe0);
    long at = builder.origin() + offset;
    long first = builder.state.rip;
    if (at >= first - 1 && at <= first + 16) {
      at += 32;
    }
    if (builder.codeSize == 8 && builder.random.oneIn(40)) {
      return 0x0000_8000_0000_0000L | builder.random.bits() >>> 20;
    }
    // A far call beyond the limit may or may not have pushed first.
    boolean farCall = builder.instruction.form.operation() == Operation.CALLF;
    if (builder.codeSize != 8 && !farCall && builder.random.oneIn(40)) {
      return 0x1_0000L + builder.random.below(0x1000);
    }
    return at;
  }

  private boolean relative(Instruction i) {
    for (int attempt = 0; attempt < 8; attempt++) {
      long next = builder.state.rip + i.length;
      long wanted = builder.origin() + ScratchLayout.CODE + 0x10 + builder.random.below(0xfe0);
      if (attempt < 6) {
        wanted = next + builder.random.below(250) - 125;
      }
      if (wanted >= builder.state.rip - 1 && wanted < next) {
        continue;
      }
      if (builder.patch(CaseBuilder.Field.IMMEDIATE, wanted - next)) {
        return true;
      }
    }
    return false;
  }

  private long stackOffset() {
    long pointer = builder.state.gpr[CaseBuilder.RSP];
    return (builder.codeSize == 8 ? pointer - ScratchLayout.WINDOW : pointer & 0xffff);
  }

  private void indirect(Instruction i) {
    if (i.kind0 == Instruction.MEMORY) {
      builder.memory(builder.operandOffset(), i.operandSize, target());
    } else {
      builder.register(i.reg0, target());
    }
  }

  /** RIP, CS, RFLAGS, RSP, SS; outside 64-bit code the last two only for another privilege. */
  private void interruptFrame(long stack, int size) {
    EdgeValues random = builder.random;
    builder.memory(stack, size, target());
    builder.memory(stack + size, size, codeSelector());
    // Neither TF and NT, which would disturb what follows, nor AC: an IRET to AC = 1 from an
    // unaligned stack is #AC with AC = 0 in its frame, which Linux takes for a split lock and
    // retries.
    long flags = random.bits() & (random.oneIn(20) ? -1L : 0x247fd7) & ~0x4_4100L | 2;
    builder.memory(stack + 2L * size, size, flags);
    if (builder.codeSize == 8) {
      long pointer = random.oneIn(3) ? random.bits() : builder.state.gpr[CaseBuilder.RSP] + 64;
      builder.memory(stack + 3L * size, size, pointer);
      builder.memory(stack + 4L * size, size, random.oneIn(6) ? dataSelector() : 0x2b);
    }
  }

  private void selectorOperand(int kind, int register) {
    long selector = builder.random.oneIn(3) ? codeSelector() : dataSelector();
    if (kind == Instruction.MEMORY) {
      builder.memory(builder.operandOffset(), 2, selector);
    } else if (kind == Instruction.REGISTER) {
      long junk = builder.random.bits() & ~0xffffL;
      builder.register(register, selector | (builder.random.oneIn(2) ? junk : 0));
    }
  }

  /**
   * Selector of a transfer's target. A far call from 16- or 32-bit code to 64-bit code is left out:
   * the host pushes by the new mode's rules, at an address that no document promises.
   */
  private long codeSelector() {
    boolean call = builder.instruction.form.operation() == Operation.CALLF;
    if (builder.random.oneIn(4)) {
      int selector = POOL[builder.random.below(POOL.length)];
      if (!call || builder.codeSize == 8 || selector >> 3 != Selectors.CODE_64.index()) {
        return selector;
      }
    }
    return builder.state.selectors[StateLayout.CS];
  }

  private long dataSelector() {
    if (builder.random.oneIn(3)) {
      return POOL[builder.random.below(POOL.length)];
    }
    Selectors[] all = Selectors.values();
    return all[builder.random.below(all.length)].selector;
  }
}

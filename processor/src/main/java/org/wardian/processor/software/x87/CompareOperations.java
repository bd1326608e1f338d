package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.DENORMAL;
import static org.wardian.processor.software.x87.Float80.INVALID;
import static org.wardian.processor.software.x87.RegisterStack.C0;
import static org.wardian.processor.software.x87.RegisterStack.C1;
import static org.wardian.processor.software.x87.RegisterStack.C2;
import static org.wardian.processor.software.x87.RegisterStack.C3;
import static org.wardian.processor.software.x87.RegisterStack.STACK_FAULT;

import org.wardian.processor.Flags;
import org.wardian.processor.software.VcpuContext;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * The comparing x87 operations: results in the condition bits of the status word or in RFLAGS.
 * Source: Intel SDM vol. 1 §8.3.6.
 */
final class CompareOperations {
  private final RegisterStack stack;
  private final MemoryOperands memory;
  private final Float80 f = new Float80();
  private final Float80 g = new Float80();
  private VcpuContext context;
  private Instruction instruction;

  CompareOperations(RegisterStack stack, MemoryOperands memory) {
    this.stack = stack;
    this.memory = memory;
  }

  boolean execute(VcpuContext context, Instruction instruction, Operation operation) {
    this.context = context;
    this.instruction = instruction;
    switch (operation) {
      case FCOM -> compare(source(), true, 0);
      case FCOMP -> compare(source(), true, 1);
      case FCOMPP -> compare(1, true, 2);
      case FICOM -> compareMemory(true, 0);
      case FICOMP -> compareMemory(true, 1);
      case FUCOM -> compare(source(), false, 0);
      case FUCOMP -> compare(source(), false, 1);
      case FUCOMPP -> compare(1, false, 2);
      case FCOMI -> compareToFlags(true, 0);
      case FCOMIP -> compareToFlags(true, 1);
      case FUCOMI -> compareToFlags(false, 0);
      case FUCOMIP -> compareToFlags(false, 1);
      case FTST -> test();
      case FXAM -> examine();
      default -> {
        return false;
      }
    }
    return true;
  }

  /** The i of the ST(i) that the ModRM byte names. */
  private int source() {
    return instruction.modrm & 7;
  }

  private void compareMemory(boolean integer, int pops) {
    memory.operand(context, instruction, integer, g);
    if (stack.isEmpty(0)) {
      unorderedByFault(pops);
      return;
    }
    f.begin(stack.control());
    f.narrowDenormal = g.exceptions != 0;
    finish(order(g.signExponent, g.significand, true), pops);
  }

  private void compare(int source, boolean ordered, int pops) {
    if (instruction.hasMemory()) {
      compareMemory(false, pops);
      return;
    }
    if (stack.isEmpty(0) || stack.isEmpty(source)) {
      unorderedByFault(pops);
      return;
    }
    f.begin(stack.control());
    finish(order(stack.signExponent(source), stack.significand(source), ordered), pops);
  }

  private void test() {
    if (stack.isEmpty(0)) {
      unorderedByFault(0);
      return;
    }
    f.begin(stack.control());
    finish(order(0, 0, true), 0);
  }

  private void unorderedByFault(int pops) {
    f.begin(stack.control());
    f.exceptions = INVALID | STACK_FAULT;
    finish(C3 | C2 | C0, pops);
  }

  /** Compares ST(0) with an operand: condition bits as FCOM sets them, exceptions in f. */
  private int order(int bse, long b, boolean ordered) {
    int ase = stack.signExponent(0);
    long a = stack.significand(0);
    return Comparison.compare(f, ase, a, bse, b, ordered);
  }

  private void finish(int conditions, int pops) {
    stack.conditions(conditions);
    stack.raise(f.exceptions);
    if (!f.unmasked(INVALID | DENORMAL)) {
      stack.pop(pops);
    }
  }

  private void compareToFlags(boolean ordered, int pops) {
    int source = source();
    int bits = C3 | C2 | C0;
    f.begin(stack.control());
    if (stack.isEmpty(0) || stack.isEmpty(source)) {
      f.exceptions = INVALID | STACK_FAULT;
    } else {
      bits = order(stack.signExponent(source), stack.significand(source), ordered);
    }
    context.statusFlags(
        ((bits & C3) != 0 ? Flags.ZF : 0)
            | ((bits & C2) != 0 ? Flags.PF : 0)
            | ((bits & C0) != 0 ? Flags.CF : 0));
    // C1 keeps its value, but for a stack underflow.
    int c1 = (f.exceptions & STACK_FAULT) != 0 ? 0 : stack.status() & C1;
    stack.raise(f.exceptions | c1);
    if (f.unmasked(INVALID | DENORMAL)) {
      return;
    }
    stack.pop(pops);
  }

  private void examine() {
    int bits = Comparison.examine(stack.signExponent(0), stack.significand(0));
    if (stack.isEmpty(0)) {
      bits = C3 | C0;
    }
    stack.conditions(bits);
    if ((stack.signExponent(0) & Float80.SIGN) != 0) {
      stack.status(stack.status() | C1);
    }
  }
}

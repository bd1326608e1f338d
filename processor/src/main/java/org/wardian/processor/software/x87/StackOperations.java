package org.wardian.processor.software.x87;

import static org.wardian.processor.software.x87.Float80.DENORMAL;
import static org.wardian.processor.software.x87.Float80.INVALID;
import static org.wardian.processor.software.x87.Float80.ZERO_DIVIDE;
import static org.wardian.processor.software.x87.RegisterStack.C1;
import static org.wardian.processor.software.x87.RegisterStack.C2;
import static org.wardian.processor.software.x87.RegisterStack.STACK_FAULT;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.processor.software.VcpuContext;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * The x87 operations on the register stack: arithmetic, elementary functions and moves between
 * registers, with stack faults and the masked and unmasked responses. Source: Intel SDM vol. 1 §8.3
 * and §8.5.
 */
final class StackOperations {
  private static final int ADD = 0;
  private static final int SUB = 1;
  private static final int SUBR = 2;
  private static final int MUL = 3;
  private static final int DIV = 4;
  private static final int DIVR = 5;

  /** Exceptions that, unmasked, leave the operands unchanged. */
  private static final int BEFORE = INVALID | DENORMAL | ZERO_DIVIDE;

  private final RegisterStack stack;
  private final MemoryOperands memory;
  private final CompareOperations comparisons;
  private final Transcendental transcendental = new Transcendental();
  private final Float80 f = new Float80();
  private final Float80 g = new Float80();
  private VcpuContext context;
  private Instruction instruction;

  StackOperations(RegisterStack stack) {
    this.stack = stack;
    memory = new MemoryOperands(stack);
    comparisons = new CompareOperations(stack, memory);
  }

  boolean execute(VcpuContext context, Instruction instruction, Operation operation) {
    this.context = context;
    this.instruction = instruction;
    int before = stack.status() & 0x80;
    boolean known =
        arithmetic(operation)
            || comparisons.execute(context, instruction, operation)
            || other(operation);
    if (!known) {
      known = memory.execute(context, instruction, operation);
    }
    if ((stack.status() & 0x80) != before) {
      noteOperands();
    }
    return known;
  }

  /** FOP and FDP of an instruction with an unmasked exception. */
  private void noteOperands() {
    long state = context.state;
    RawMemory.putShort(state + StateLayout.FOP, (short) OpcodeWord.of(instruction));
    if (instruction.hasMemory()) {
      RawMemory.putLong(state + StateLayout.FDP, context.address(instruction));
    }
  }

  private boolean arithmetic(Operation operation) {
    switch (operation) {
      case FADD -> binary(ADD, false, 0);
      case FADDP -> binary(ADD, false, 1);
      case FIADD -> binary(ADD, true, 0);
      case FSUB -> binary(SUB, false, 0);
      case FSUBP -> binary(SUB, false, 1);
      case FISUB -> binary(SUB, true, 0);
      case FSUBR -> binary(SUBR, false, 0);
      case FSUBRP -> binary(SUBR, false, 1);
      case FISUBR -> binary(SUBR, true, 0);
      case FMUL -> binary(MUL, false, 0);
      case FMULP -> binary(MUL, false, 1);
      case FIMUL -> binary(MUL, true, 0);
      case FDIV -> binary(DIV, false, 0);
      case FDIVP -> binary(DIV, false, 1);
      case FIDIV -> binary(DIV, true, 0);
      case FDIVR -> binary(DIVR, false, 0);
      case FDIVRP -> binary(DIVR, false, 1);
      case FIDIVR -> binary(DIVR, true, 0);
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean other(Operation operation) {
    switch (operation) {
      case FABS, FCHS, FSQRT, FRNDINT, F2XM1, FSIN, FCOS -> unary(operation);
      case FSCALE, FPREM, FPREM1 -> onFirst(operation);
      case FYL2X, FYL2XP1, FPATAN -> onSecond(operation);
      case FXTRACT, FPTAN, FSINCOS -> pair(operation);
      case FCMOVB -> move(Flags.CF, true);
      case FCMOVE -> move(Flags.ZF, true);
      case FCMOVBE -> move(Flags.CF | Flags.ZF, true);
      case FCMOVU -> move(Flags.PF, true);
      case FCMOVNB -> move(Flags.CF, false);
      case FCMOVNE -> move(Flags.ZF, false);
      case FCMOVNBE -> move(Flags.CF | Flags.ZF, false);
      case FCMOVNU -> move(Flags.PF, false);
      case FXCH -> exchange(source());
      case FFREE -> {
        stack.raise(0);
        stack.free(source());
      }
      case FFREEP -> {
        stack.raise(0);
        stack.free(source());
        stack.pop();
      }
      case FINCSTP -> {
        stack.raise(0);
        stack.top(stack.top() + 1);
      }
      case FDECSTP -> {
        stack.raise(0);
        stack.top(stack.top() - 1);
      }
      case FNOP -> {}
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

  /** Stack underflow whose masked response is the default NaN in ST({@code destination}). */
  private void underflow(int destination, int pops) {
    stack.raise(INVALID | STACK_FAULT);
    if ((stack.control() & INVALID) != 0) {
      stack.set(destination, Float80.DEFAULT_NAN_EXPONENT, Float80.DEFAULT_NAN);
      stack.pop(pops);
    }
  }

  /** Raises what the operation in {@link #f} raised and, if it is not undone, stores its result. */
  private boolean commit(int destination) {
    stack.raise(f.exceptions);
    if (f.unmasked(BEFORE)) {
      return false;
    }
    stack.set(destination, f.signExponent, f.significand);
    return true;
  }

  private void binary(int kind, boolean integer, int pops) {
    int destination = 0;
    int bse;
    long b;
    boolean narrow = false;
    if (instruction.hasMemory()) {
      memory.operand(context, instruction, integer, g);
      bse = g.signExponent;
      b = g.significand;
      narrow = g.exceptions != 0;
      if (stack.isEmpty(0)) {
        underflow(0, 0);
        return;
      }
    } else {
      int source = source();
      if (pops != 0 || instruction.reg0 != 0) {
        destination = source;
        source = 0;
      }
      if (stack.isEmpty(destination) || stack.isEmpty(source)) {
        underflow(destination, pops);
        return;
      }
      bse = stack.signExponent(source);
      b = stack.significand(source);
    }
    int ase = stack.signExponent(destination);
    long a = stack.significand(destination);
    f.begin(stack.control());
    f.narrowDenormal = narrow;
    switch (kind) {
      case ADD -> Arithmetic.add(f, ase, a, bse, b);
      case SUB -> Arithmetic.subtract(f, ase, a, bse, b);
      case SUBR -> Arithmetic.subtract(f, bse, b, ase, a);
      case MUL -> Arithmetic.multiply(f, ase, a, bse, b);
      case DIV -> Arithmetic.divide(f, ase, a, bse, b);
      default -> Arithmetic.divide(f, bse, b, ase, a);
    }
    if (commit(destination)) {
      stack.pop(pops);
    }
  }

  private void unary(Operation operation) {
    if (operation == Operation.FSIN || operation == Operation.FCOS) {
      stack.clearC2();
    }
    if (stack.isEmpty(0)) {
      underflow(0, 0);
      return;
    }
    int se = stack.signExponent(0);
    long value = stack.significand(0);
    f.begin(stack.control());
    switch (operation) {
      case FABS -> f.set(se & Float80.EXPONENT, value);
      case FCHS -> f.set(se ^ Float80.SIGN, value);
      case FSQRT -> Arithmetic.squareRoot(f, se, value);
      case FRNDINT -> Remainder.roundToInteger(f, se, value);
      case F2XM1 -> transcendental.exponential(f, se, value);
      default -> {
        if (outOfRange(se, value)) {
          return;
        }
        if (operation == Operation.FSIN) {
          transcendental.sine(f, se, value);
        } else {
          transcendental.cosine(f, se, value);
        }
      }
    }
    commit(0);
  }

  /** Sets C2 of a trigonometric operation where argument is finite but 2^63 or more. */
  private boolean outOfRange(int se, long value) {
    int exponent = se & Float80.EXPONENT;
    boolean out = exponent >= Float80.BIAS + 63 && exponent != Float80.EXPONENT && value < 0;
    stack.raise(0);
    if (out) {
      stack.status(stack.status() | C2);
    }
    return out;
  }

  /** ST(0) by ST(0) and ST(1). */
  private void onFirst(Operation operation) {
    if (operation != Operation.FSCALE) {
      stack.clearC2();
    }
    if (stack.isEmpty(0) || stack.isEmpty(1)) {
      underflow(0, 0);
      return;
    }
    f.begin(stack.control());
    int ase = stack.signExponent(0);
    long a = stack.significand(0);
    int bse = stack.signExponent(1);
    long b = stack.significand(1);
    if (operation == Operation.FSCALE) {
      Remainder.scale(f, ase, a, bse, b);
      commit(0);
      return;
    }
    int quotient = Remainder.remainder(f, ase, a, bse, b, operation == Operation.FPREM1);
    int bits = 0;
    if (quotient == Remainder.PARTIAL) {
      bits = C2;
    } else if (quotient != Remainder.NONE) {
      bits = (quotient & 4) << 6 | (quotient & 2) << 13 | (quotient & 1) << 9;
    }
    if (commit(0) && quotient != Remainder.NONE) {
      stack.conditions(bits);
    }
  }

  /** ST(1) by ST(0) and ST(1), then pop. */
  private void onSecond(Operation operation) {
    if (stack.isEmpty(0) || stack.isEmpty(1)) {
      underflow(1, 1);
      return;
    }
    f.begin(stack.control());
    int xse = stack.signExponent(0);
    long x = stack.significand(0);
    int yse = stack.signExponent(1);
    long y = stack.significand(1);
    switch (operation) {
      case FYL2X -> transcendental.logarithm(f, xse, x, yse, y);
      case FYL2XP1 -> transcendental.logarithmPlusOne(f, xse, x, yse, y);
      default -> transcendental.arctangent(f, xse, x, yse, y);
    }
    if (commit(1)) {
      stack.pop();
    }
  }

  /** Operations that replace ST(0) and push a second result. */
  private void pair(Operation operation) {
    if (operation != Operation.FXTRACT) {
      stack.clearC2();
    }
    if (stack.isEmpty(0) || !stack.isEmpty(7)) {
      int overflow = stack.isEmpty(0) ? 0 : C1;
      stack.raise(INVALID | STACK_FAULT | overflow);
      if ((stack.control() & INVALID) != 0) {
        stack.set(0, Float80.DEFAULT_NAN_EXPONENT, Float80.DEFAULT_NAN);
        stack.push(Float80.DEFAULT_NAN_EXPONENT, Float80.DEFAULT_NAN);
      }
      return;
    }
    int se = stack.signExponent(0);
    long value = stack.significand(0);
    f.begin(stack.control());
    g.begin(stack.control());
    if (operation == Operation.FXTRACT) {
      Remainder.extract(f, g, se, value);
      stack.raise(f.exceptions);
      if (!f.unmasked(BEFORE)) {
        stack.set(0, g.signExponent, g.significand);
        stack.push(f.signExponent, f.significand);
      }
      return;
    }
    if (outOfRange(se, value)) {
      return;
    }
    if (operation == Operation.FPTAN) {
      transcendental.tangent(f, se, value);
      boolean number = !Float80.isNan(f.signExponent, f.significand);
      g.set(number ? Float80.BIAS : f.signExponent, number ? Float80.INTEGER_BIT : f.significand);
    } else {
      transcendental.sine(f, se, value);
      transcendental.cosine(g, se, value);
      // C1 is the cosine's.
      f.exceptions = f.exceptions & ~C1 | g.exceptions;
    }
    stack.raise(f.exceptions);
    if (!f.unmasked(BEFORE)) {
      stack.set(0, f.signExponent, f.significand);
      stack.push(g.signExponent, g.significand);
    }
  }

  private void move(int flags, boolean wanted) {
    int source = source();
    if (stack.isEmpty(0) || stack.isEmpty(source)) {
      underflow(0, 0);
      return;
    }
    if (((Flags.get(context.state) & flags) != 0) == wanted) {
      stack.set(0, stack.signExponent(source), stack.significand(source));
    }
  }

  private void exchange(int source) {
    boolean fault = stack.isEmpty(0) || stack.isEmpty(source);
    stack.raise(fault ? INVALID | STACK_FAULT : 0);
    if (fault) {
      if ((stack.control() & INVALID) == 0) {
        return;
      }
      fillEmpty(0);
      fillEmpty(source);
    }
    int se = stack.signExponent(0);
    long value = stack.significand(0);
    stack.set(0, stack.signExponent(source), stack.significand(source));
    stack.set(source, se, value);
  }

  private void fillEmpty(int i) {
    if (stack.isEmpty(i)) {
      stack.set(i, Float80.DEFAULT_NAN_EXPONENT, Float80.DEFAULT_NAN);
    }
  }
}

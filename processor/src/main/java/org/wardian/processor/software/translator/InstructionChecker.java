package org.wardian.processor.software.translator;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * What one instruction without branch does to the registers that {@link HostVerifier} follows, and
 * whether its accesses are allowed. What it does not follow exactly becomes unknown.
 */
final class InstructionChecker {
  /** Status flags, which POPF may set: CF PF AF ZF SF OF. */
  private static final long STATUS = 0x8d5;

  final SymbolicValues values = new SymbolicValues();
  final HostRegisters registers = new HostRegisters(values);
  private final AddressChecker addresses;
  private final AccessChecker memory;
  private final DivisionFacts divisions = new DivisionFacts(values);
  final Comparisons comparisons;

  private BlockRules block;

  private boolean sameFlags;

  /** Whether the x87 registers are known to be live. */
  boolean live;

  InstructionChecker(StateRules rules) {
    this.addresses = new AddressChecker(rules, values);
    this.memory = new AccessChecker(rules, values, registers, addresses);
    this.comparisons = new Comparisons(values, registers, addresses, divisions);
  }

  /** Starts a block whose constants lie between two addresses. */
  void start(BlockRules block, long dataStart, long dataEnd) {
    this.block = block;
    values.clear();
    divisions.clear();
    memory.start(dataStart, dataEnd);
    addresses.tlb = block.tlbOffset();
    registers.forget(0);
    live = false;
  }

  /** Code is entered here from elsewhere with {@code depth} values on the stack. */
  void join(int depth) {
    registers.forget(depth);
    memory.forget();
    divisions.clear();
    values.forgetLimits();
  }

  /** Other code was called. */
  void called() {
    registers.forgetRegisters();
    memory.forget();
    divisions.clear();
    values.forgetLimits();
    live = false;
  }

  /** Whether a register holds a constant. */
  boolean isConstant(int register, long constant) {
    return registers.value(register) == SymbolicValues.ZERO
        && registers.offset(register) == constant;
  }

  /** The number that was stored for the way out, or -1. */
  int exit() {
    return memory.exit;
  }

  /** A number is stored for the way out. */
  void exit(int number) {
    memory.exit = number;
  }

  /**
   * Checks an instruction and follows it; the reason why it is forbidden, or null.
   *
   * @param next address of the instruction behind it
   */
  String check(Instruction in, long next) {
    memory.next(next);
    if (!HostOperations.isAllowed(in.form)) {
      return "operation not allowed";
    }
    Operation operation = in.form.operation();
    boolean string = operation == Operation.MOVS || operation == Operation.STOS;
    if (in.repne || in.rep && !string) {
      return "stray repetition prefix";
    }
    if (in.segmentOverride && in.segment < 6) {
      return "segment override";
    }
    if (!block.mayUseSse() && usesXmm(in)) {
      return "SSE where it may fault";
    }
    if (!live && HostOperations.usesX87(in)) {
      return "x87 registers that may not be live";
    }
    sameFlags = (in.form.flagsWritten() | in.form.flagsUndefined()) == 0;
    String violation = string ? memory.checkString(in, operation) : checkOther(in, operation);
    if (!sameFlags) {
      registers.flags = HostRegisters.FLAGS_UNKNOWN;
    }
    return violation;
  }

  /**
   * Follows a MOV or LEA of which only operands are known, if that is simple and allowed; if not,
   * {@link #check} is to be asked.
   */
  boolean followMove(Instruction in, boolean address) {
    int size = in.size0;
    if (in.kind0 == Instruction.MEMORY) {
      if (memory.isPlain(in, size, true)) {
        memory.storePlain();
        return true;
      }
      return memory.isProbed(in, size, true);
    }
    if (size < 4) {
      return false;
    }
    if (address) {
      memory.address(in);
    } else if (in.kind1 == Instruction.REGISTER) {
      registers.value = registers.value(in.reg1);
      registers.offset = registers.offset(in.reg1);
    } else if (in.kind1 == Instruction.IMMEDIATE) {
      registers.value = SymbolicValues.ZERO;
      registers.offset = size == 4 ? in.immediate & 0xffff_ffffL : in.immediate;
    } else if (memory.isPlain(in, size, false)) {
      registers.value = memory.loadPlain(in, size);
      registers.offset = 0;
    } else {
      return memory.isProbed(in, size, false)
          && registers.setUnknown(in.reg0, size == 4 ? 0xffff_ffffL : -1);
    }
    return set(in, registers.value, registers.offset);
  }

  private static boolean usesXmm(Instruction in) {
    return in.kind0 == Instruction.XMM
        || in.kind1 == Instruction.XMM
        || in.kind2 == Instruction.XMM;
  }

  private String checkOther(Instruction in, Operation operation) {
    if (in.hasMemory() && operation != Operation.LEA && operation != Operation.NOP) {
      if (in.addressSize != 8) {
        return "32-bit address";
      }
      String violation = memory.check(in, operation);
      if (violation != null) {
        return violation;
      }
    }
    return follow(in, operation) ? null : writeViolation(operation);
  }

  private String writeViolation(Operation operation) {
    return switch (operation) {
      case PUSH, PUSHF, POP, POPF -> "unbalanced or undeclared use of the stack";
      case DIV, IDIV -> "division that may fault";
      case NOP, PAUSE -> "hint that other processors may take for an instruction";
      default -> "write of rbp or rsp";
    };
  }

  /** Whether the second operand's value is known; then to value and offset. */
  private boolean source(Instruction in, int size) {
    switch (in.kind1) {
      case Instruction.REGISTER -> {
        registers.value = registers.value(in.reg1);
        registers.offset = registers.offset(in.reg1);
      }
      case Instruction.IMMEDIATE -> {
        registers.value = SymbolicValues.ZERO;
        registers.offset = size == 4 ? in.immediate & 0xffff_ffffL : in.immediate;
      }
      case Instruction.MEMORY -> memory.load(in, size);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Follows the registers; false if the instruction must not be there. */
  private boolean follow(Instruction in, Operation operation) {
    boolean whole = in.kind0 == Instruction.REGISTER && in.size0 >= 4;
    switch (operation) {
      case MOV -> {
        if (whole && source(in, in.size0)) {
          return set(in, registers.value, registers.offset);
        }
      }
      case LEA -> {
        if (in.size0 >= 4 && in.base < 17) {
          memory.address(in);
          return in.addressSize == 8
              ? set(in, registers.value, registers.offset)
              : registers.setLow32(in.reg0, registers.value, registers.offset);
        }
      }
      case ADD -> {
        if (whole && source(in, in.size0)) {
          registers.add(registers.value(in.reg0), registers.offset(in.reg0), 0);
          return set(in, registers.value, registers.offset);
        }
      }
      case SUB, INC, DEC -> {
        if (whole && in.kind1 != Instruction.REGISTER && in.kind1 != Instruction.MEMORY) {
          long change =
              operation == Operation.SUB ? -in.immediate : operation == Operation.INC ? 1 : -1;
          return set(in, registers.value(in.reg0), registers.offset(in.reg0) + change);
        }
      }
      case XOR -> {
        if (whole) {
          return followXor(in);
        }
      }
      case AND -> {
        if (whole && in.kind1 == Instruction.IMMEDIATE) {
          long mask = in.size0 == 4 ? in.immediate & 0xffff_ffffL : in.immediate;
          long possible = registers.bits(in.reg0) & mask;
          int value = registers.value(in.reg0);
          long offset = registers.offset(in.reg0);
          return registers.set(in.reg0, values.masked(value, offset, mask, possible), 0);
        }
      }
      case SHR, SHL, SAR -> {
        if (whole && in.kind1 != Instruction.REGISTER) {
          return followShift(in, operation);
        }
      }
      case MOVZX -> {
        if (whole) {
          long mask = in.size1 == 1 ? 0xff : 0xffff;
          if (in.kind1 == Instruction.REGISTER) {
            int value = registers.value(in.reg1);
            long offset = registers.offset(in.reg1);
            return registers.set(in.reg0, values.masked(value, offset, mask, mask), 0);
          }
          return registers.setUnknown(in.reg0, mask);
        }
      }
      case CMP -> {
        if (in.kind0 == Instruction.REGISTER && in.kind1 == Instruction.IMMEDIATE) {
          sameFlags = true;
          int kind = HostRegisters.FLAGS_COMPARE_CONSTANT;
          registers.flagsOfConstant(kind, in.size0, in.reg0, in.immediate);
        } else if (in.kind0 == Instruction.REGISTER && in.kind1 == Instruction.REGISTER) {
          sameFlags = true;
          registers.flagsOfCompare(in.size0, in.reg0, in.reg1);
        } else if (in.kind0 == Instruction.REGISTER && in.kind1 == Instruction.MEMORY) {
          sameFlags = memory.compare(in, in.reg0);
        } else if (in.kind0 == Instruction.MEMORY && in.kind1 == Instruction.REGISTER) {
          sameFlags = memory.compare(in, in.reg1);
        } else if (in.kind0 == Instruction.MEMORY && in.immediate == 0 && memory.isLiveness(in)) {
          sameFlags = true;
          registers.flags = HostRegisters.FLAGS_LIVENESS;
        } else if (in.kind0 == Instruction.MEMORY && in.kind1 == Instruction.IMMEDIATE) {
          sameFlags = memory.compareConstant(in, in.immediate);
        }
        return true;
      }
      case TEST -> {
        if (in.kind0 == Instruction.REGISTER && in.kind1 == Instruction.IMMEDIATE) {
          sameFlags = true;
          int kind = HostRegisters.FLAGS_TEST_CONSTANT;
          registers.flagsOfConstant(kind, in.size0, in.reg0, in.immediate);
        }
        return true;
      }
      case NOP -> {
        return HostOperations.isTrueNop(in.form);
      }
      case PAUSE -> {
        return in.length == 2;
      }
      case PUSH, PUSHF, POP, POPF -> {
        return followStack(in, operation);
      }
      default -> {
        return followImplicit(in, operation) && followDefault(in);
      }
    }
    return followDefault(in);
  }

  private boolean set(Instruction in, int value, long offset) {
    return in.size0 == 8
        ? registers.set(in.reg0, value, offset)
        : registers.setLow32(in.reg0, value, offset);
  }

  private boolean followXor(Instruction in) {
    if (in.kind1 == Instruction.REGISTER && in.reg0 == in.reg1) {
      return registers.set(in.reg0, SymbolicValues.ZERO, 0);
    }
    if (in.size0 == 8 && source(in, 8)) {
      if (registers.value == SymbolicValues.KEY && registers.offset == 0) {
        int value = registers.value(in.reg0);
        return registers.set(in.reg0, values.keyed(value, registers.offset(in.reg0)), 0);
      }
      if (registers.value(in.reg0) == SymbolicValues.KEY && registers.offset(in.reg0) == 0) {
        return registers.set(in.reg0, values.keyed(registers.value, registers.offset), 0);
      }
    }
    return followDefault(in);
  }

  private boolean followShift(Instruction in, Operation operation) {
    boolean narrow = in.size0 == 4;
    int count = (int) in.immediate & (narrow ? 31 : 63);
    int value = registers.value(in.reg0);
    long offset = registers.offset(in.reg0);
    if (operation == Operation.SAR) {
      return count == 8 * in.size0 - 1
          ? registers.set(in.reg0, values.sign(in.size0, value, offset), 0)
          : followDefault(in);
    }
    long bits = registers.bits(in.reg0) & (narrow ? 0xffff_ffffL : -1);
    if (operation == Operation.SHR) {
      if (narrow) {
        registers.setLow32(in.reg0, value, offset);
        value = registers.value(in.reg0);
        offset = registers.offset(in.reg0);
      }
      int shifted = values.shifted(value, offset, count, bits >>> count);
      return registers.set(in.reg0, shifted, 0);
    }
    boolean kept = offset == 0 && bits << count >>> count == bits;
    if (!kept || narrow && bits << count >>> 32 != 0) {
      return followDefault(in);
    }
    if (narrow && registers.bits(in.reg0) >>> 32 != 0) {
      return followDefault(in);
    }
    return registers.set(in.reg0, values.scaled(value, count, bits << count), 0);
  }

  /** RORX of 8 bytes between registers. */
  boolean followRotation(int destination, int source, int count) {
    int value = registers.value(source);
    long offset = registers.offset(source);
    return registers.set(destination, values.rotated(value, offset, count), 0);
  }

  private boolean followStack(Instruction in, Operation operation) {
    if (in.operandSize != 8) {
      return false;
    }
    if (operation == Operation.PUSH || operation == Operation.PUSHF) {
      if (registers.pushed >= block.maximumPushes()) {
        return false;
      }
      if (in.kind0 == Instruction.REGISTER) {
        registers.push(registers.value(in.reg0), registers.offset(in.reg0));
      } else {
        int value = values.unknown(-1);
        if (operation == Operation.PUSHF) {
          values.markFlagsImage(value);
        }
        registers.push(value, 0);
      }
      return true;
    }
    if (registers.pushed == 0) {
      return false;
    }
    registers.pop();
    if (operation == Operation.POP) {
      return in.kind0 != Instruction.REGISTER
          || registers.set(in.reg0, registers.value, registers.offset);
    }
    return registers.offset == 0 && values.isFlagsImage(registers.value)
        || (values.bits(registers.value, registers.offset) & ~STATUS) == 0;
  }

  /** Operands that the form does not list. */
  private boolean followImplicit(Instruction in, Operation operation) {
    int rax = HostRegister.RAX;
    int rdx = HostRegister.RDX;
    switch (operation) {
      case DIV, IDIV -> {
        if (in.kind0 != Instruction.REGISTER
            || !divisions.isSafe(registers, in.reg0, in.size0, operation == Operation.IDIV)) {
          return false;
        }
        registers.setUnknown(rax, -1);
        registers.setUnknown(rdx, -1);
      }
      case MUL, CMPXCHG8B, CMPXCHG16B -> {
        registers.setUnknown(rax, -1);
        registers.setUnknown(rdx, -1);
      }
      case IMUL -> {
        if (in.operands == 1) {
          registers.setUnknown(rax, -1);
          registers.setUnknown(rdx, -1);
        }
      }
      case CBW, LAHF, CMPXCHG -> registers.setUnknown(rax, -1);
      case CWD -> {
        int sign =
            in.operandSize == 2
                ? values.unknown(-1)
                : values.sign(in.operandSize, registers.value(rax), registers.offset(rax));
        registers.set(rdx, sign, 0);
      }
      case XCHG, XADD -> {
        return !isGeneral(in.kind1) || registers.setUnknown(in.reg1, -1);
      }
      case PCMPESTRI, PCMPISTRI -> registers.setUnknown(HostRegister.RCX, -1);
      default -> {
        // Nothing else.
      }
    }
    return true;
  }

  private static boolean isGeneral(int kind) {
    return kind == Instruction.REGISTER || kind == Instruction.HIGH_BYTE;
  }

  /** The first operand, if it is a general register and written, becomes unknown. */
  private boolean followDefault(Instruction in) {
    if (!isGeneral(in.kind0)
        || !HostOperations.writesFirst(in.operation)
        || in.form.operation() == Operation.IMUL && in.operands == 1) {
      return true;
    }
    return registers.setUnknown(in.reg0, in.size0 == 4 ? 0xffff_ffffL : -1);
  }

  /** Whether an indirect branch through the operand ends at verified code. */
  boolean isCode(Instruction in) {
    return memory.isCode(in);
  }

  /** What is known behind a conditional jump that was not taken. */
  void notTaken(int condition) {
    live |= comparisons.notTaken(condition);
  }
}

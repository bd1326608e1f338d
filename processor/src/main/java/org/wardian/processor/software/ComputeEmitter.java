package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.GUEST_RBP;
import static org.wardian.processor.software.HostState.GUEST_RSP;
import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;

import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.processor.software.translator.HostRegister;
import org.wardian.processor.software.translator.InstructionCopier;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/** Writes instructions that compute, and those of the stack that do not jump. */
final class ComputeEmitter {
  private static final int RAX = HostRegister.RAX;
  private static final int RDX = HostRegister.RDX;

  private final Emission e;
  private final HostAssembler a;
  private final MemoryEmitter memory;
  private final InstructionCopier copier;

  ComputeEmitter(Emission emission, MemoryEmitter memoryEmitter, InstructionCopier copier) {
    e = emission;
    a = emission.a;
    memory = memoryEmitter;
    this.copier = copier;
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  private static long register(int guest) {
    return HostMemory.at(STATE, StateLayout.GPR + 8 * guest);
  }

  private static int host(int guest) {
    return HostState.REGISTERS[guest];
  }

  void lea(int n, Instruction i) {
    int to = i.kind0 == Instruction.REGISTER ? host(i.reg0) : HostRegister.IN_MEMORY;
    boolean bothInMemory =
        i.base < StateLayout.REGISTER_ZERO
            && i.index < StateLayout.REGISTER_ZERO
            && host(i.base) < 0
            && host(i.index) < 0;
    if (to >= 0 && i.size0 >= 4 && MemoryEmitter.isSimple(i)) {
      memory.effective(n, i, to, Math.min(i.size0, i.addressSize));
      return;
    }
    if (bothInMemory) {
      a.movLoad(8, T0, register(i.base));
      a.movLoad(8, T1, register(i.index));
      a.lea(i.addressSize, T0, HostMemory.at(T0, T1, i.scale, (int) i.displacement));
    } else {
      memory.effective(n, i, T0);
    }
    if (to < 0) {
      if (i.size0 == 4) {
        a.mov(4, T0, T0);
      }
      a.movStore(i.size0 == 2 ? 2 : 8, register(i.reg0), T0);
    } else {
      a.mov(i.size0, to, T0);
    }
  }

  private static boolean onlyReads(Operation op) {
    return switch (op) {
      case CMP, TEST, BT -> true;
      default -> false;
    };
  }

  /** Whether the memory operand of {@code i} is written. */
  static boolean writes(Instruction i) {
    Operation op = GuestBlock.operation(i);
    if (X87Emitter.isX87(i)) {
      return X87Emitter.stores(i);
    }
    return switch (op) {
      case PUSH, CALL, JMP, DIV, IDIV, MUL -> false;
      case IMUL -> false;
      case XCHG, XADD, CMPXCHG -> true;
      default -> i.kind0 == Instruction.MEMORY && !onlyReads(op);
    };
  }

  /**
   * What the operand's address must be a multiple of. A locked access across cache lines holds up
   * all of the host, and Linux punishes it, so Java does those that could.
   */
  private static int alignment(Instruction i, int size) {
    boolean locked = i.lock || GuestBlock.operation(i) == Operation.XCHG;
    return locked ? size : i.form.alignment();
  }

  void compute(int n, Instruction i) {
    Operation op = GuestBlock.operation(i);
    boolean inMemory = i.hasMemory();
    if (Emittable.movesHighByte(i)) {
      moveHighByte(n, i);
      return;
    }
    long operand = 0;
    if (inMemory) {
      boolean write = writes(i);
      boolean destination = i.kind0 == Instruction.MEMORY;
      int size = destination ? i.size0 : i.kind1 == Instruction.MEMORY ? i.size1 : i.size2;
      operand = memory.probe(n, i, size, write, alignment(i, size));
    }
    if (e.block.reads[n] != 0) {
      e.restoreFlags();
    }
    Object description = e.flags.describe(n, i, operand);
    int first = place(i.kind0, i.reg0, T0);
    int second =
        place(
            i.kind1,
            i.reg1,
            first == T0 ? i.kind0 == Instruction.REGISTER && i.reg0 == i.reg1 ? T0 : T1 : T0);
    int third = place(i.kind2, i.reg2, T0);
    loadPlaced(i.kind0, i.reg0, first);
    if (second != first || i.kind0 != Instruction.REGISTER) {
      loadPlaced(i.kind1, i.reg1, second);
    }
    if (i.kind2 == Instruction.REGISTER) {
      loadPlaced(i.kind2, i.reg2, third);
    }
    copier.copy(i, first, second, third, operand);
    if (!onlyReads(op)) {
      storePlaced(i.kind0, i.reg0, first);
    }
    if (op == Operation.XCHG || op == Operation.XADD) {
      storePlaced(i.kind1, i.reg1, second);
    }
    e.flags.after(n, description);
  }

  /** Through RAX and back, where neither operand needs a prefix. */
  private void moveHighByte(int n, Instruction i) {
    boolean inMemory = i.hasMemory();
    long operand = inMemory ? memory.probe(n, i, 1, true, 1) : 0;
    if (inMemory && i.base == 0) {
      // RAX is another for a moment, and nobody follows it there and back.
      a.lea(8, T1, operand);
      operand = HostMemory.at(T1, 0);
    }
    a.mov(8, T0, RAX);
    a.movzx(4, RAX, 1, HostRegister.AH + i.reg1);
    a.xchg(8, RAX, T0);
    if (inMemory) {
      a.movStore(1, operand, T0);
    } else if (host(i.reg0) >= 0) {
      a.mov(i.size0, host(i.reg0), T0);
    } else {
      a.movStore(i.size0 == 4 ? 8 : i.size0, register(i.reg0), T0);
    }
  }

  /** The host register that operand is at while its instruction is executed. */
  private static int place(int kind, int register, int temporary) {
    return switch (kind) {
      case Instruction.REGISTER -> host(register) < 0 ? temporary : host(register);
      case Instruction.HIGH_BYTE -> register + HostRegister.AH;
      case Instruction.MEMORY -> HostRegister.IN_MEMORY;
      default -> register;
    };
  }

  private void loadPlaced(int kind, int register, int at) {
    if (kind == Instruction.REGISTER && host(register) < 0) {
      a.movLoad(8, at, register(register));
    }
  }

  private void storePlaced(int kind, int register, int at) {
    if (kind == Instruction.REGISTER && host(register) < 0) {
      a.movStore(8, register(register), at);
    }
  }

  /** DIV and IDIV where they cannot fault; the rest is interpreted. */
  void divide(int n, Instruction i, Operation op) {
    int size = i.size0;
    if (i.kind0 == Instruction.MEMORY) {
      long operand = memory.probe(n, i, size, false, 1);
      a.movLoad(size, T0, operand);
    } else if (host(i.reg0) < 0) {
      a.movLoad(size, T0, register(i.reg0));
    } else {
      a.mov(size, T0, host(i.reg0));
    }
    if (op == Operation.DIV) {
      a.alu(HostAssembler.CMP, size, RDX, T0);
      a.jcc(HostCondition.ABOVE_EQUAL, e.slowPath(n));
      a.unary(HostAssembler.DIV, size, T0);
    } else {
      // The usual dividend is sign-extended; then only 0 and -1 can fault.
      a.mov(size, T1, RAX);
      a.shift(HostAssembler.SAR, size, T1, 8 * size - 1);
      a.alu(HostAssembler.CMP, size, T1, RDX);
      a.jcc(HostCondition.NOT_EQUAL, e.slowPath(n));
      a.lea(size, T1, HostMemory.at(T0, 1));
      a.aluImmediate(HostAssembler.CMP, size, T1, 1);
      a.jcc(HostCondition.BELOW_EQUAL, e.slowPath(n));
      a.unary(HostAssembler.IDIV, size, T0);
    }
    e.flags.after(n, null);
  }

  void push(int n, Instruction i) {
    boolean inMemory = i.kind0 == Instruction.MEMORY;
    if (inMemory) {
      long operand = memory.probe(n, i, 8, false, 1);
      a.movLoad(8, T0, operand);
      a.movStore(8, state(HostState.HELD), T0);
    }
    memory.probePush(n);
    long slot = HostMemory.at(T1, GUEST_RSP, 0, -8);
    if (i.kind0 == Instruction.IMMEDIATE) {
      a.movStoreImmediate(8, slot, (int) i.immediate);
    } else if (inMemory) {
      a.movLoad(8, T0, state(HostState.HELD));
      a.movStore(8, slot, T0);
    } else if (host(i.reg0) < 0) {
      a.movLoad(8, T0, register(i.reg0));
      a.movStore(8, slot, T0);
    } else {
      a.movStore(8, slot, host(i.reg0));
    }
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RSP, -8));
  }

  void pop(int n, Instruction i) {
    memory.probeTop(n, GUEST_RSP);
    long top = HostMemory.at(T1, GUEST_RSP, 0, 0);
    int to = host(i.reg0);
    if (to == GUEST_RSP) {
      a.movLoad(8, GUEST_RSP, top);
      return;
    }
    if (to < 0) {
      a.movLoad(8, T0, top);
      a.movStore(8, register(i.reg0), T0);
    } else {
      a.movLoad(8, to, top);
    }
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RSP, 8));
  }

  void leaveFrame(int n) {
    memory.probeTop(n, GUEST_RBP);
    a.movLoad(8, T0, HostMemory.at(T1, GUEST_RBP, 0, 0));
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RBP, 8));
    a.mov(8, GUEST_RBP, T0);
  }
}

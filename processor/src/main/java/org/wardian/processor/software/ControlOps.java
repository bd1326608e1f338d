package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Control transfers and stack instructions on decoded operands. On entry RIP in the state block is
 * the next instruction's; a transfer replaces it.
 */
final class ControlOps {
  private static final Operation[] OPERATIONS = Operation.values();
  private static final int RCX = 1;
  private static final int RBP = 5;

  private final Cpu cpu;
  private final long s;
  private final Segmentation segmentation;
  private final FarTransfers far;
  private final Events events;

  ControlOps(Cpu cpu, Segmentation segmentation, FarTransfers far, Events events) {
    this.cpu = cpu;
    this.s = cpu.state;
    this.segmentation = segmentation;
    this.far = far;
    this.events = events;
  }

  /** A near target, checked against the code segment. */
  private long target(long rip, int size) {
    long t = cpu.code64 ? rip : rip & Cpu.mask(size);
    if (cpu.code64 ? t << 16 >> 16 != t : t > cpu.limit(StateLayout.CS)) {
      throw cpu.fault(Vector.GP, 0);
    }
    return t;
  }

  void execute(Instruction i) {
    Operation op = OPERATIONS[i.operation];
    int size = i.operandSize;
    switch (op) {
      case JCC -> {
        if (Flags.condition(s, i.condition)) {
          cpu.rip(target(cpu.rip() + i.immediate, size));
        }
      }
      case JCXZ -> {
        if ((cpu.gpr(RCX) & Cpu.mask(i.addressSize)) == 0) {
          cpu.rip(target(cpu.rip() + i.immediate, size));
        }
      }
      case LOOP, LOOPE, LOOPNE -> loop(op, i, size);
      case JMP -> cpu.rip(target(nearTarget(i), size));
      case CALL -> {
        long wanted = nearTarget(i);
        // A stack that cannot be written faults before a bad target.
        cpu.probeStore(StateLayout.SS, cpu.gpr(Cpu.RSP) - size & cpu.stackMask, size);
        long t = target(wanted, size);
        cpu.push(size, cpu.rip());
        cpu.rip(t);
      }
      case RET -> {
        long t = target(cpu.peek(0, size), size);
        cpu.drop(size + (i.operands > 0 ? (int) i.immediate & 0xffff : 0));
        cpu.rip(t);
      }
      case JMPF, CALLF -> farBranch(op, i);
      case RETF -> far.ret(size, i.operands > 0 ? (int) i.immediate & 0xffff : 0);
      case IRET -> {
        RawMemory.fullFence();
        far.interruptReturn(size);
      }
      case INT3 -> software(Vector.BP, Events.Source.SOFTWARE);
      case INT1 -> software(Vector.DB, Events.Source.PRIVILEGED_SOFTWARE);
      case INT -> {
        if (cpu.vm86 && (cpu.eflags() & Cpu.IOPL) != Cpu.IOPL) {
          throw cpu.fault(Vector.GP, 0);
        }
        software((int) i.immediate & 0xff, Events.Source.SOFTWARE);
      }
      case INTO -> {
        if ((Flags.get(s) & Flags.OF) != 0) {
          software(Vector.OF, Events.Source.SOFTWARE);
        }
      }
      case PUSH -> {
        int width =
            i.kind0 == Instruction.REGISTER || i.kind0 == Instruction.MEMORY ? i.size0 : size;
        cpu.push(width, cpu.read0(i));
      }
      case PUSH_SEG -> pushSegment(i, size);
      case POP -> pop(i);
      case POP_SEG -> {
        int selector = (int) cpu.peek(0, 2);
        segmentation.load(i.reg0, selector);
        if (i.reg0 == StateLayout.SS) {
          cpu.stackShadow();
        }
        cpu.drop(size);
      }
      case PUSHA -> pushAll(size);
      case POPA -> popAll(size);
      case PUSHF -> pushFlags(size);
      case POPF -> popFlags(size);
      case ENTER -> enter(i, size);
      case LEAVE -> {
        long rbp = cpu.gpr(RBP);
        long value = cpu.load(StateLayout.SS, rbp & cpu.stackMask, size);
        long rsp = cpu.gpr(Cpu.RSP);
        cpu.gpr(Cpu.RSP, rsp & ~cpu.stackMask | rbp + size & cpu.stackMask);
        cpu.gpr(RBP, size, value);
      }
      case BOUND -> {
        long at = cpu.address(i);
        int n = 64 - 8 * size;
        long low = cpu.load(i.segment, at, size) << n >> n;
        long high = cpu.load(i.segment, at + size & Cpu.mask(i.addressSize), size) << n >> n;
        long v = cpu.read0(i) << n >> n;
        if (v < low || v > high) {
          throw cpu.fault(Vector.BR, 0);
        }
      }
      default -> throw cpu.fault(Vector.UD, 0);
    }
  }

  private void software(int vector, Events.Source source) {
    events.deliver(vector, 0, source);
  }

  private long nearTarget(Instruction i) {
    return i.kind0 == Instruction.RELATIVE ? cpu.rip() + i.immediate : cpu.read0(i);
  }

  private void loop(Operation op, Instruction i, int size) {
    long mask = Cpu.mask(i.addressSize);
    long count = cpu.gpr(RCX) - 1 & mask;
    boolean again = count != 0;
    if (op != Operation.LOOP) {
      again &= Flags.condition(s, 4) == (op == Operation.LOOPE);
    }
    if (again) {
      cpu.rip(target(cpu.rip() + i.immediate, size));
    }
    cpu.gpr(RCX, i.addressSize, count);
  }

  private void farBranch(Operation op, Instruction i) {
    int selector;
    long offset;
    int size = i.operandSize;
    if (i.kind0 == Instruction.FAR_POINTER) {
      selector = (int) i.immediate2 & 0xffff;
      offset = i.immediate & Cpu.mask(size);
    } else {
      long at = cpu.address(i);
      offset = cpu.load(i.segment, at, size);
      selector = (int) cpu.load(i.segment, at + size & Cpu.mask(i.addressSize), 2);
    }
    if (op == Operation.JMPF) {
      far.jump(selector, offset, size);
    } else {
      far.call(selector, offset, size, cpu.rip());
    }
  }

  private void pushSegment(Instruction i, int size) {
    // With a 32-bit operand only the selector's two bytes are written.
    if (size == 4) {
      long rsp = cpu.gpr(Cpu.RSP);
      long sp = rsp - 4 & cpu.stackMask;
      cpu.store(StateLayout.SS, sp, 2, cpu.selector(i.reg0));
      cpu.gpr(Cpu.RSP, rsp & ~cpu.stackMask | sp);
    } else {
      cpu.push(size, cpu.selector(i.reg0));
    }
  }

  private void pop(Instruction i) {
    int size = i.size0;
    long value = cpu.peek(0, size);
    if (i.kind0 == Instruction.MEMORY) {
      // An address based on RSP uses its value after the pop.
      long rsp = cpu.gpr(Cpu.RSP);
      cpu.drop(size);
      try {
        cpu.write0(i, value);
      } catch (GuestFault f) {
        cpu.gpr(Cpu.RSP, rsp);
        throw f;
      }
    } else {
      cpu.drop(size);
      cpu.write0(i, value);
    }
  }

  private void pushAll(int size) {
    long rsp = cpu.gpr(Cpu.RSP);
    long mask = cpu.stackMask;
    cpu.probeStore(StateLayout.SS, rsp - 8L * size & mask, size);
    cpu.probeStore(StateLayout.SS, rsp - size & mask, size);
    for (int r = 0; r < 8; r++) {
      cpu.store(StateLayout.SS, rsp - (r + 1L) * size & mask, size, cpu.gpr(r));
    }
    cpu.gpr(Cpu.RSP, rsp & ~mask | rsp - 8L * size & mask);
  }

  private void popAll(int size) {
    long[] values = new long[8];
    for (int r = 0; r < 8; r++) {
      values[r] = cpu.peek((7 - r) * size, size);
    }
    for (int r = 0; r < 8; r++) {
      if (r != Cpu.RSP) {
        cpu.gpr(r, size, values[r]);
      }
    }
    cpu.drop(8 * size);
  }

  private void pushFlags(int size) {
    if (cpu.vm86 && (cpu.eflags() & Cpu.IOPL) != Cpu.IOPL) {
      throw cpu.fault(Vector.GP, 0);
    }
    cpu.push(size, cpu.rflags() & ~(Cpu.VM | Cpu.RF));
  }

  private void popFlags(int size) {
    int iopl = (int) (cpu.eflags() >>> 12) & 3;
    if (cpu.vm86 && iopl != 3) {
      throw cpu.fault(Vector.GP, 0);
    }
    long image = cpu.peek(0, size);
    long kept = Cpu.VM | Cpu.VIF | Cpu.VIP;
    if (cpu.cpl != 0) {
      kept |= Cpu.IOPL;
      if (cpu.cpl > iopl) {
        kept |= Cpu.IF;
      }
    }
    if (size == 2) {
      kept |= ~0xffffL;
    }
    cpu.drop(size);
    cpu.rflags((cpu.rflags() & kept | image & ~kept) & ~(size == 2 ? 0 : Cpu.RF));
  }

  private void enter(Instruction i, int size) {
    int bytes = (int) i.immediate & 0xffff;
    int level = (int) i.immediate2 & 31;
    long mask = cpu.stackMask;
    long rsp = cpu.gpr(Cpu.RSP);
    long rbp = cpu.gpr(RBP);
    long sp = rsp - size;
    cpu.store(StateLayout.SS, sp & mask, size, rbp);
    long frame = sp & mask;
    for (int n = 1; n < level; n++) {
      sp -= size;
      long v = cpu.load(StateLayout.SS, rbp - (long) n * size & mask, size);
      cpu.store(StateLayout.SS, sp & mask, size, v);
    }
    if (level > 0) {
      sp -= size;
      cpu.store(StateLayout.SS, sp & mask, size, rsp & ~mask | frame);
    }
    long end = sp - bytes & mask;
    // A push to the new top of the stack must be possible.
    cpu.probeStore(StateLayout.SS, end, size);
    cpu.gpr(RBP, size, rsp & ~mask | frame);
    cpu.gpr(Cpu.RSP, rsp & ~mask | end);
  }
}

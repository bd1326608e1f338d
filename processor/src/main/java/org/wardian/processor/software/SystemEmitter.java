package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.GUEST_RSP;
import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;

import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Writes host code for system instructions that need little more than the state block: interrupt
 * and direction flag, PUSHF, bases of segments, reads of control and segment registers. What calls
 * for more leaves to Java at its instruction, before anything has changed. Those that change the
 * privilege are {@link SystemRoutines}'.
 */
final class SystemEmitter {
  private static final int CR4_FSGSBASE = 1 << 16;
  private static final int INTERRUPTS = (int) Cpu.IF;

  private final Emission block;
  private final MemoryEmitter memory;
  private final HostAssembler a;

  SystemEmitter(Emission emission, MemoryEmitter memoryEmitter) {
    block = emission;
    a = emission.a;
    memory = memoryEmitter;
  }

  /**
   * Whether the emitter handles {@code i}.
   *
   * @param supervisor whether the code runs at privilege 0, otherwise 3
   */
  static boolean is(Instruction i, boolean supervisor) {
    if (Lockstep.ENABLED) {
      return false;
    }
    return switch (GuestBlock.operation(i)) {
      case CLI, STI, SWAPGS -> supervisor;
      case CLD, STD, RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE -> true;
      case PUSHF -> i.operandSize == 8;
      case MOV_CR -> supervisor && i.kind1 == Instruction.CONTROL && isKept(i);
      case MOV_SEG -> i.kind1 == Instruction.SEGMENT && i.kind0 == Instruction.REGISTER;
      default -> false;
    };
  }

  /** CR0, CR2, CR3 and CR4 are what the state block says. */
  private static boolean isKept(Instruction i) {
    return i.reg1 == 0 || i.reg1 >= 2 && i.reg1 <= 4;
  }

  /** Whether the host's flags are lost, or Java may look at the guest's. */
  static boolean exposes(Operation op) {
    return switch (op) {
      case CLI, STI, CLD, STD, PUSHF, RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE -> true;
      default -> false;
    };
  }

  /**
   * The routine for an instruction that Java executes where the routine does not, or 0.
   *
   * @param table of the TLB that the code uses
   */
  static long routine(Instruction i, int table, SystemRoutines routines) {
    if (Lockstep.ENABLED) {
      return 0;
    }
    boolean supervisor = table != Mmu.USER;
    Operation op = GuestBlock.operation(i);
    return switch (op) {
      case SYSCALL -> routines.systemCall;
      case SYSRET -> supervisor && i.operandSize == 8 ? routines.systemReturn : 0;
      case IRET -> table == Mmu.SUPERVISOR && i.operandSize == 8 ? routines.interruptReturn : 0;
      case STAC -> supervisor ? routines.setAccess : 0;
      case CLAC -> supervisor ? routines.clearAccess : 0;
      case RDTSC -> routines.clock.timestamp;
      case RDTSCP -> routines.clock.timestampAndProcessor;
      case BT, BTS, BTR, BTC -> isBitString(i) ? routines.bits.of(op, i.size0) : 0;
      case STOS -> i.rep && i.addressSize == 8 ? routines.strings.stos(i.size0) : 0;
      case MOVS ->
          i.rep && i.addressSize == 8 && i.segment != StateLayout.FS && i.segment != StateLayout.GS
              ? routines.strings.movs(i.size0)
              : 0;
      default -> 0;
    };
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  private static boolean isBitString(Instruction i) {
    return i.kind0 == Instruction.MEMORY
        && i.kind1 == Instruction.REGISTER
        && i.size0 >= 4
        && i.addressSize == 8;
  }

  /** Writes what the routine for instruction {@code n} has to be told apart from its exit. */
  void operands(int n, Instruction i) {
    if (i.kind0 != Instruction.MEMORY || i.kind1 != Instruction.REGISTER) {
      return;
    }
    int host = HostState.REGISTERS[i.reg1];
    if (host < 0) {
      a.movLoad(i.size0, T0, state(StateLayout.GPR + 8 * i.reg1));
      host = T0;
    }
    if (i.size0 == 4) {
      a.movsx(8, T0, 4, host);
      host = T0;
    }
    a.movStore(8, state(SystemWords.BIT_NUMBER), host);
    memory.address(n, i, T0);
    a.movStore(8, state(SystemWords.BIT_BASE), T0);
  }

  private static long base(int segment) {
    return state(StateLayout.segment(segment) + StateLayout.BASE);
  }

  /**
   * Writes instruction {@code n}.
   *
   * @param after RIP of the next one
   */
  void write(int n, Instruction i, long after) {
    Operation op = GuestBlock.operation(i);
    switch (op) {
      case CLI -> clear(INTERRUPTS);
      case STI -> enableInterrupts(n, after);
      case CLD -> clear((int) Cpu.DF);
      case STD -> {
        a.aluStoreImmediate(HostAssembler.OR, 4, state(StateLayout.EFLAGS), (int) Cpu.DF);
        block.flagsLost();
      }
      case SWAPGS -> {
        a.movLoad(8, T0, base(StateLayout.GS));
        a.movLoad(8, T1, state(StateLayout.KERNEL_GS_BASE));
        a.movStore(8, base(StateLayout.GS), T1);
        a.movStore(8, state(StateLayout.KERNEL_GS_BASE), T0);
      }
      case PUSHF -> pushFlags(n);
      case MOV_CR -> {
        int at = i.reg1 == 0 ? StateLayout.CR0 : StateLayout.CR2 + 8 * (i.reg1 - 2);
        a.movLoad(8, T0, state(at));
        store(i.reg0, 8);
      }
      case MOV_SEG -> {
        a.movzxLoad(4, T0, 2, state(StateLayout.segment(i.reg1) + StateLayout.SELECTOR));
        store(i.reg0, i.operandSize);
      }
      case RDFSBASE, RDGSBASE -> {
        checkBaseInstructions(n);
        a.movLoad(i.size0, T0, base(op == Operation.RDFSBASE ? StateLayout.FS : StateLayout.GS));
        store(i.reg0, i.size0);
      }
      default -> writeBase(n, i, op == Operation.WRFSBASE ? StateLayout.FS : StateLayout.GS);
    }
  }

  private void clear(int flag) {
    a.aluStoreImmediate(HostAssembler.AND, 4, state(StateLayout.EFLAGS), ~flag);
    block.flagsLost();
  }

  /** Writes the low bytes of T0 to a guest register as the architecture does. */
  private void store(int register, int size) {
    int host = HostState.REGISTERS[register];
    if (host >= 0) {
      a.mov(size, host, T0);
    } else {
      a.movStore(size == 4 ? 8 : size, state(StateLayout.GPR + 8 * register), T0);
    }
  }

  /**
   * STI where nothing can be pending: its shadow then only matters if something is when the next
   * instruction starts a block, and that is found out by its RIP.
   */
  private void enableInterrupts(int n, long after) {
    int done = a.newLabel();
    a.testStoreImmediate(4, state(StateLayout.EFLAGS), INTERRUPTS);
    a.jcc(HostCondition.NOT_EQUAL, done);
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(SystemWords.LINE), 0);
    a.jcc(HostCondition.NOT_EQUAL, block.slowPath(n));
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(StateLayout.PENDING), 0);
    a.jcc(HostCondition.NOT_EQUAL, block.slowPath(n));
    a.aluStoreImmediate(HostAssembler.OR, 4, state(StateLayout.EFLAGS), INTERRUPTS);
    a.movImmediate(8, T0, after);
    a.movStore(8, state(SystemWords.SHIELDED), T0);
    a.bind(done);
    block.flagsLost();
  }

  private void pushFlags(int n) {
    block.parkFlags();
    SystemRoutines.assembleFlags(a);
    a.aluImmediate(HostAssembler.AND, 8, T0, (int) ~(Cpu.VM | Cpu.RF));
    a.movStore(8, state(HostState.HELD), T0);
    memory.probePush(n);
    a.movLoad(8, T0, state(HostState.HELD));
    a.movStore(8, HostMemory.at(T1, GUEST_RSP, 0, -8), T0);
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RSP, -8));
    block.flagsLost();
  }

  private void checkBaseInstructions(int n) {
    a.testStoreImmediate(4, state(StateLayout.CR4), CR4_FSGSBASE);
    a.jcc(HostCondition.EQUAL, block.slowPath(n));
    block.flagsLost();
  }

  private void writeBase(int n, Instruction i, int segment) {
    checkBaseInstructions(n);
    int host = HostState.REGISTERS[i.reg0];
    if (host >= 0) {
      a.mov(i.size0, T0, host);
    } else {
      a.movLoad(i.size0, T0, state(StateLayout.GPR + 8 * i.reg0));
    }
    if (i.size0 == 8) {
      a.mov(8, T1, T0);
      a.shift(HostAssembler.SHL, 8, T1, 16);
      a.shift(HostAssembler.SAR, 8, T1, 16);
      a.alu(HostAssembler.CMP, 8, T1, T0);
      a.jcc(HostCondition.NOT_EQUAL, block.slowPath(n));
    }
    a.movStore(8, base(segment), T0);
  }
}

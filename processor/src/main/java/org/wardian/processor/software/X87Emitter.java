package org.wardian.processor.software;

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

/**
 * Writes x87 instructions as themselves, with the guest's registers and control word in the host's;
 * and what MMX instructions need, which have their registers there.
 *
 * <p>The host gets them when the first such instruction finds that it has not: {@link X87State}.
 * They then stay from block to block. FIP is written to the state block once for a run of
 * instructions, by the last of them, and on the ways out between them.
 */
final class X87Emitter {
  /** FNOP that waits, D9 D0; the others are left-overs that do nothing at all. */
  private static final int FNOP_MODRM = 0xd0;

  private final Emission emitter;
  private final MemoryEmitter memory;
  private final HostAssembler a;
  private final InstructionCopier copier;
  private GuestBlock block;

  /** Labels of the ways to Java that make the registers live, or -1. */
  private final int[] wake = new int[GuestBlock.LIMIT];

  /** RIP of the instruction before each one that FIP does not name yet, where {@link #late}. */
  private final long[] lateRip = new long[GuestBlock.LIMIT];

  private final boolean[] late = new boolean[GuestBlock.LIMIT];
  private boolean isLate;
  private long last;

  X87Emitter(Emission emission, MemoryEmitter memoryEmitter, InstructionCopier copier) {
    emitter = emission;
    a = emission.a;
    memory = memoryEmitter;
    this.copier = copier;
  }

  /** Whether {@code i} is an x87 instruction. */
  static boolean isX87(Instruction i) {
    return i.operation >= Operation.F2XM1.ordinal() && i.operation <= Operation.FYL2XP1.ordinal();
  }

  /**
   * Whether {@code i}, an x87 instruction, is emitted. Elementary functions are Java's, so that
   * they have the same last bit everywhere; so is what loads, stores or resets the whole state.
   */
  static boolean is(Instruction i) {
    return switch (GuestBlock.operation(i)) {
      case F2XM1, FSIN, FCOS, FSINCOS, FPTAN, FPATAN, FYL2X, FYL2XP1 -> false;
      case FLDENV, FNSTENV, FRSTOR, FNSAVE, FNINIT -> false;
      default -> InstructionCopier.isCopyable(i.form) || GuestBlock.operation(i) == Operation.FLDCW;
    };
  }

  /** Whether {@code i}, executed in Java, may change whether exceptions are masked. */
  static boolean unmasks(Instruction i) {
    return switch (GuestBlock.operation(i)) {
      case FLDCW, FLDENV, FRSTOR, FNSAVE, FNINIT, FNCLEX -> true;
      default -> false;
    };
  }

  /** Whether {@code i}, an x87 instruction, writes its memory operand. */
  static boolean stores(Instruction i) {
    return switch (GuestBlock.operation(i)) {
      case FST, FSTP, FIST, FISTP, FISTTP, FBSTP, FNSTCW, FNSTSW -> i.hasMemory();
      default -> false;
    };
  }

  /** Whether {@code i} is emitted with the x87 registers, as MMX registers too. */
  static boolean uses(Instruction i) {
    return isX87(i) ? !isNothing(i) : isMmx(i);
  }

  /** Whether {@code i} is an MMX instruction that may be emitted. */
  static boolean isMmx(Instruction i) {
    Operation op = GuestBlock.operation(i);
    boolean register = i.kind0 == Instruction.MMX || i.kind1 == Instruction.MMX;
    return op == Operation.EMMS || register && op != Operation.MASKMOVQ;
  }

  /** Whether {@code i} needs no registers: nothing waits where all exceptions are masked. */
  private static boolean isNothing(Instruction i) {
    Operation op = GuestBlock.operation(i);
    return op == Operation.FWAIT || op == Operation.FNOP && i.modrm != FNOP_MODRM;
  }

  /** Whether FIP names {@code i}, an x87 instruction, afterwards. */
  private static boolean isNamed(Instruction i) {
    return switch (GuestBlock.operation(i)) {
      case FNSTCW, FNSTSW, FLDCW, FNCLEX, FWAIT -> false;
      default -> !isNothing(i);
    };
  }

  void start(GuestBlock guest) {
    block = guest;
    isLate = false;
  }

  /** Before instruction {@code n}, of any kind. */
  void before(int n) {
    wake[n] = -1;
    late[n] = isLate;
    lateRip[n] = last;
  }

  /** Writes x87 instruction {@code n} at {@code rip}. */
  void write(int n, Instruction i, long rip) {
    if (isNothing(i)) {
      return;
    }
    wakeUp(n);
    long operand = 0;
    if (i.hasMemory()) {
      int size = i.kind0 == Instruction.MEMORY ? i.size0 : i.size1;
      operand = memory.probe(n, i, size, stores(i), 1);
    }
    if (GuestBlock.operation(i) == Operation.FLDCW) {
      loadControl(n, operand);
      return;
    }
    if (block.reads[n] != 0) {
      emitter.restoreFlags();
    }
    // The only general register is that of FNSTSW AX.
    int first = i.hasMemory() ? HostRegister.IN_MEMORY : HostRegister.RAX;
    copier.copy(i, first, HostRegister.IN_MEMORY, HostRegister.IN_MEMORY, operand);
    emitter.flagsAfter(n);
    if (isNamed(i)) {
      last = rip;
      isLate = namedLater(n);
      if (!isLate) {
        writeFip(rip);
      }
    }
  }

  /** Makes sure, where instruction {@code n} needs it, that the registers are live. */
  void wakeUp(int n) {
    if (block.wakes[n]) {
      wake[n] = a.newLabel();
      a.aluStoreImmediate(HostAssembler.CMP, 4, HostMemory.at(STATE, HostState.X87_LIVE), 0);
      a.jcc(HostCondition.EQUAL, wake[n]);
      emitter.flagsLost();
    }
  }

  /** Loads the control word, once it is known to mask all exceptions. */
  private void loadControl(int n, long operand) {
    a.movzxLoad(4, T0, 2, operand);
    a.mov(4, T1, T0);
    a.aluImmediate(HostAssembler.AND, 4, T1, X87State.MASKS);
    a.aluImmediate(HostAssembler.CMP, 4, T1, X87State.MASKS);
    a.jcc(HostCondition.NOT_EQUAL, emitter.slowPath(n));
    a.shift(HostAssembler.SHR, 4, T0, X87State.MODES_SHIFT);
    a.aluImmediate(HostAssembler.AND, 4, T0, X87State.MODES);
    a.fldcw(HostMemory.at(STATE, T0, 1, HostState.x87Image() + X87State.CONTROLS));
  }

  /** Whether another instruction behind {@code n} is named before Java executes one. */
  private boolean namedLater(int n) {
    for (int j = n + 1; j < block.count && block.units[j] == 0; j++) {
      Instruction i = block.instructions[j];
      if (GuestBlock.operation(i) == Operation.JCC) {
        // Where it leads nobody writes it.
        return false;
      }
      if (isX87(i) && isNamed(i)) {
        return true;
      }
    }
    return false;
  }

  private void writeFip(long rip) {
    a.movImmediate(8, T0, rip);
    a.movStore(8, HostMemory.at(STATE, StateLayout.FIP), T0);
  }

  /** On the way to Java at instruction {@code n}. */
  void leaving(int n) {
    if (late[n]) {
      writeFip(lateRip[n]);
    }
  }

  /** Label of the way out that makes the registers live for instruction {@code n}, or -1. */
  int wake(int n) {
    return wake[n];
  }
}

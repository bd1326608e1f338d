package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;

import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.processor.software.translator.InstructionCopier;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Writes host code for one {@link GuestBlock}.
 *
 * <p>Each access to guest memory is checked against the TLB before its instruction changes
 * anything; a miss leaves to Java at that instruction, which can then be entered again. Status
 * flags stay in the host's while nothing disturbs them; where somebody could see them later they
 * are written to the state block by the instruction that makes them, as {@link FlagRecipe} says.
 */
final class BlockEmitter {
  private final Emission e = new Emission();
  private final HostAssembler a = e.a;
  private final FlagKeeper flags = e.flags;
  private final InstructionCopier copier = new InstructionCopier(a);
  private final MemoryEmitter memory = new MemoryEmitter(e);
  private final ComputeEmitter computing = new ComputeEmitter(e, memory, copier);
  private final JumpEmitter jumps = new JumpEmitter(e, memory);
  private final Exits exits;
  private final X87Emitter x87 = new X87Emitter(e, memory, copier);
  private final SystemEmitter system = new SystemEmitter(e, memory);

  private GuestBlock block;

  /** Address of the common way out. */
  private long leave;

  /** Address of the routine that parks flags. */
  private long park;

  private SystemRoutines routines;

  /** Index of the TLB's table. */
  private int mode;

  /** Instructions that a routine executes: label of the cold code, exit, routine, and operand. */
  private final int[] calledLabel = new int[GuestBlock.LIMIT];

  private final int[] calledExit = new int[GuestBlock.LIMIT];
  private final long[] calledRoutine = new long[GuestBlock.LIMIT];
  private final long[] calledWith = new long[GuestBlock.LIMIT];
  private int called;

  /** Whether code counts its instructions. */
  boolean counted;

  /** Offset of the code behind what looks it up. */
  private int body;

  BlockEmitter(Exits exits) {
    this.exits = exits;
  }

  /** Offset in the code written last at which the block itself starts. */
  int body() {
    return body;
  }

  /** Offset in the code written last at which instruction {@code n} starts. */
  int entry(int n) {
    return e.entryOf(n);
  }

  HostAssembler assembler() {
    return a;
  }

  /**
   * Writes the code to {@code write}, to be executed at {@code run}; returns its length in bytes.
   *
   * @param rip linear address of the page that the block is in
   * @param tlbMode index of the TLB's table
   */
  int emit(
      GuestBlock guest,
      TranslatedBlock into,
      long rip,
      int tlbMode,
      long write,
      int capacity,
      long run,
      HostCode code) {
    block = guest;
    leave = code.leave();
    park = code.park();
    routines = code.routines();
    called = 0;
    a.start(write, capacity, run);
    e.start(guest, rip, tlbMode);
    e.counted = counted;
    jumps.start();
    if (into.tail != null) {
      jumps.lookUpItself(into.rip);
    }
    body = a.offset();
    if (counted) {
      a.aluStoreImmediate(HostAssembler.ADD, 8, state(HostState.COUNT), guest.count);
    }
    int poll = a.newLabel();
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(StateLayout.PENDING), 0);
    a.jcc(HostCondition.NOT_EQUAL, poll);
    boolean ended = false;
    int first = exits.next();
    x87.start(guest);
    for (int n = 0; n < guest.count; n++) {
      x87.before(n);
      e.entry(n);
      if (guest.units[n] != 0) {
        flags.settle();
        int from = n;
        while (n + 1 < guest.count
            && guest.units[n] < Ops.END
            && guest.units[n + 1] != 0
            && routine(n) == 0
            && routine(n + 1) == 0) {
          n++;
          x87.before(n);
          e.entry(n);
        }
        ended = units(from, n + 1);
      } else {
        flags.before(n);
        ended = instruction(n);
      }
    }
    if (!ended) {
      flags.end();
      jumps.finish();
    }
    int polled = exits.next();
    stub(poll, Exits.POLL, guest.offsets[0], 0);
    exits.left(polled, guest.count);
    for (int k = 0; k < flags.asks(); k++) {
      a.bind(flags.askLabel(k));
      long back = run + flags.askEntry(k);
      a.movStoreImmediate(4, state(HostState.EXIT), exits.add(null, Exits.PARK, e.pageRip, back));
      a.movImmediate(8, T0, back);
      a.jmpTo(park);
    }
    for (int k = 0; k < called; k++) {
      a.bind(calledLabel[k]);
      a.movStoreImmediate(4, state(HostState.EXIT), calledExit[k]);
      a.movImmediate(8, T0, calledWith[k]);
      a.movImmediate(4, T1, e.table);
      a.jmpTo(calledRoutine[k]);
    }
    for (int n = 0; n < guest.count; n++) {
      if (e.slowLabel(n) >= 0) {
        a.bind(e.slowLabel(n));
        x87.leaving(n);
        flags.leaving(n);
        long at = e.pageRip + guest.offsets[n];
        int id = exits.add(null, Exits.ACCESS, at, run + e.entryOf(n));
        exits.left(id, guest.count - n);
        exit(id);
      }
      if (x87.wake(n) >= 0) {
        stub(x87.wake(n), Exits.X87, guest.offsets[n], run + e.entryOf(n));
      }
    }
    jumps.writeSides();
    jumps.writeExits(into, exits, write, run, leave, routines.lookAgain);
    exits.own(first, into);
    return a.offset();
  }

  /** Has Java execute instructions; true where they end the block. */
  private boolean units(int from, int to) {
    int id = exits.add(null, Exits.UNITS, e.pageRip + block.offsets[from], 0);
    exits.left(id, block.count - from);
    long routine = routine(from);
    if (routine != 0) {
      system.operands(from, block.instructions[from]);
    }
    UnitRun unitRun = new UnitRun(block, from, to, e.pageRip);
    if (routine == 0) {
      exit(id);
    } else {
      calledLabel[called] = a.newLabel();
      calledExit[called] = id;
      calledRoutine[called] = routine;
      calledWith[called] = unitRun.ends ? e.pageRip + block.offsets[to] : a.address() + 5;
      a.jmp(calledLabel[called++]);
    }
    exits.run(id, unitRun, a.address());
    flags.elsewhere();
    return unitRun.ends;
  }

  /** The routine that executes instruction {@code n} where nothing is out of the ordinary, or 0. */
  private long routine(int n) {
    return SystemEmitter.routine(block.instructions[n], e.mode, routines);
  }

  private void stub(int label, int kind, int offset, long again) {
    a.bind(label);
    exit(exits.add(null, kind, e.pageRip + offset, again));
  }

  private void exit(int id) {
    a.movStoreImmediate(4, state(HostState.EXIT), id);
    a.jmpTo(leave);
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  // ---- one instruction --------------------------------------------------------------------------

  /** Writes instruction {@code n}; true where it ends the block. */
  private boolean instruction(int n) {
    Instruction i = block.instructions[n];
    Operation op = GuestBlock.operation(i);
    switch (op) {
      // Loads are in order as they are; stores that bypass the caches are not.
      case NOP, LFENCE -> {}
      case MFENCE -> a.mfence();
      case SFENCE -> a.sfence();
      case LEA -> computing.lea(n, i);
      case PUSH -> computing.push(n, i);
      case POP -> computing.pop(n, i);
      case LEAVE -> computing.leaveFrame(n);
      case JMP -> {
        flags.end();
        if (i.kind0 == Instruction.RELATIVE) {
          jumps.jump(e.target(n, i));
        } else {
          jumps.jumpIndirect(n, i);
        }
        return true;
      }
      case JCC -> {
        return jumps.conditional(n, i);
      }
      case CALL -> {
        flags.end();
        jumps.call(n, i);
        return true;
      }
      case RET -> {
        flags.end();
        jumps.ret(n, i);
        return true;
      }
      case DIV, IDIV -> computing.divide(n, i, op);
      case CLI,
          STI,
          CLD,
          STD,
          SWAPGS,
          PUSHF,
          MOV_CR,
          MOV_SEG,
          RDFSBASE,
          RDGSBASE,
          WRFSBASE,
          WRGSBASE -> {
        flags.settle();
        system.write(n, i, e.after(n));
      }
      default -> {
        if (X87Emitter.isX87(i)) {
          x87.write(n, i, e.pageRip + block.offsets[n]);
        } else {
          x87.wakeUp(n);
          computing.compute(n, i);
        }
      }
    }
    return false;
  }
}

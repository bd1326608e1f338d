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

/**
 * Writes host code for one {@link GuestBlock}.
 *
 * <p>Each access to guest memory is checked against the TLB before its instruction changes
 * anything; a miss leaves to Java at that instruction, which can then be entered again. Status
 * flags stay in the host's while nothing disturbs them; where somebody could see them later they
 * are written to the state block by the instruction that makes them, as {@link FlagRecipe} says.
 */
final class BlockEmitter {
  private static final int PAGE_MASK = -4096;
  private static final int RAX = HostRegister.RAX;
  private static final int RDX = HostRegister.RDX;

  private final HostAssembler a = new HostAssembler();
  private final InstructionCopier copier = new InstructionCopier(a);
  private final Exits exits;
  private final X87Emitter x87 = new X87Emitter(this, a, copier);
  private final SystemEmitter system = new SystemEmitter(this, a);

  private GuestBlock block;
  private long pageRip;
  private int table;

  /** Labels of the cold code of each instruction, or -1. */
  private final int[] slow = new int[GuestBlock.LIMIT];

  /** Offset at which each instruction can be entered again. */
  private final int[] entries = new int[GuestBlock.LIMIT];

  private final FlagKeeper flags = new FlagKeeper(a);

  /** The instruction that is being written. */
  private int current;

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

  // Jumps that are patched once their target is known: displacement offset, stub label, target.
  private final int[] linkAt = new int[2];
  private final int[] linkStub = new int[2];
  private final long[] linkTarget = new long[2];
  private int links;

  /** Lookups that fail: label and the target that they looked for. */
  private final int[] lookupLabel = new int[3];

  private final long[] lookupTarget = new long[3];
  private int lookups;

  /** Offset of the code behind what looks it up. */
  private int body;

  BlockEmitter(Exits exits) {
    this.exits = exits;
  }

  /** Offset in the code written last at which the block itself starts. */
  int body() {
    return body;
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
    pageRip = rip;
    table = StateLayout.ARCHITECTURAL_SIZE + (int) (tlbMode * Mmu.TABLE_SIZE);
    leave = code.leave();
    park = code.park();
    routines = code.routines();
    mode = tlbMode;
    called = 0;
    links = 0;
    lookups = 0;
    a.start(write, capacity, run);
    if (into.tail != null) {
      // The second page may be another one by now, unless the table says otherwise.
      lookupLabel[lookups] = a.newLabel();
      lookupTarget[lookups] = into.rip;
      a.movImmediate(8, T0, into.rip);
      lookUp(lookupLabel[lookups++]);
      a.jmpLoad(found());
    }
    body = a.offset();
    a.aluStoreImmediate(HostAssembler.ADD, 8, state(HostState.COUNT), guest.count);
    int poll = a.newLabel();
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(StateLayout.PENDING), 0);
    a.jcc(HostCondition.NOT_EQUAL, poll);
    boolean ended = false;
    int first = exits.next();
    flags.start(guest);
    x87.start(guest);
    for (int n = 0; n < guest.count; n++) {
      slow[n] = -1;
      x87.before(n);
      entries[n] = a.offset();
      if (guest.units[n] != 0) {
        flags.settle();
        int from = n;
        while (n + 1 < guest.count
            && guest.units[n] < Ops.END
            && guest.units[n + 1] != 0
            && routine(n) == 0
            && routine(n + 1) == 0) {
          n++;
          slow[n] = -1;
          x87.before(n);
        }
        ended = units(from, n + 1);
      } else {
        flags.before(n);
        ended = instruction(n);
      }
    }
    if (!ended) {
      flags.end();
      finish();
    }
    int polled = exits.next();
    stub(poll, Exits.POLL, guest.offsets[0], 0, null);
    exits.left(polled, guest.count);
    for (int k = 0; k < flags.asks(); k++) {
      a.bind(flags.askLabel(k));
      long back = run + flags.askEntry(k);
      a.movStoreImmediate(
          4, state(HostState.EXIT), exits.add(null, Exits.PARK, pageRip, back, null));
      a.movImmediate(8, T0, back);
      a.jmpTo(park);
    }
    for (int k = 0; k < called; k++) {
      a.bind(calledLabel[k]);
      a.movStoreImmediate(4, state(HostState.EXIT), calledExit[k]);
      a.movImmediate(8, T0, calledWith[k]);
      a.movImmediate(4, T1, table);
      a.jmpTo(calledRoutine[k]);
    }
    for (int n = 0; n < guest.count; n++) {
      if (slow[n] >= 0) {
        a.bind(slow[n]);
        x87.leaving(n);
        flags.leaving(n);
        long at = pageRip + guest.offsets[n];
        int id = exits.add(null, Exits.ACCESS, at, run + entries[n], guest.instructions[n]);
        exits.left(id, guest.count - n);
        exit(id);
      }
      if (x87.wake(n) >= 0) {
        stub(x87.wake(n), Exits.X87, guest.offsets[n], run + entries[n], null);
      }
    }
    for (int k = 0; k < links; k++) {
      int id = exits.add(into, Exits.LINK, linkTarget[k], run + linkAt[k], null);
      HostAssembler.patch(write + linkAt[k], run + linkAt[k], a.address());
      into.stub(k, write + linkAt[k], run + linkAt[k], a.address());
      exit(id);
    }
    for (int k = 0; k < lookups; k++) {
      a.bind(lookupLabel[k]);
      exit(exits.add(into, Exits.LOOKUP, lookupTarget[k], 0, null));
    }
    exits.own(first, into);
    return a.offset();
  }

  /** Has Java execute instructions; true where they end the block. */
  private boolean units(int from, int to) {
    int id = exits.add(null, Exits.UNITS, pageRip + block.offsets[from], 0, null);
    exits.left(id, block.count - from);
    long routine = routine(from);
    UnitRun unitRun = new UnitRun(block, from, to, pageRip);
    if (routine == 0) {
      exit(id);
    } else {
      calledLabel[called] = a.newLabel();
      calledExit[called] = id;
      calledRoutine[called] = routine;
      calledWith[called] = unitRun.ends ? pageRip + block.offsets[to] : a.address() + 5;
      a.jmp(calledLabel[called++]);
    }
    exits.run(id, unitRun, a.address());
    flags.elsewhere();
    return unitRun.ends;
  }

  /** The routine that executes instruction {@code n} where nothing is out of the ordinary, or 0. */
  private long routine(int n) {
    return SystemEmitter.routine(block.instructions[n], mode, routines);
  }

  private void stub(int label, int kind, int offset, long again, Instruction i) {
    a.bind(label);
    exit(exits.add(null, kind, pageRip + offset, again, i));
  }

  private void exit(int id) {
    a.movStoreImmediate(4, state(HostState.EXIT), id);
    a.jmpTo(leave);
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

  int slowPath(int n) {
    if (slow[n] < 0) {
      slow[n] = a.newLabel();
    }
    return slow[n];
  }

  // ---- one instruction --------------------------------------------------------------------------

  /** Writes instruction {@code n}; true where it ends the block. */
  private boolean instruction(int n) {
    Instruction i = block.instructions[n];
    Operation op = GuestBlock.operation(i);
    current = n;
    switch (op) {
      case NOP, PAUSE -> {}
      case LFENCE, SFENCE -> {}
      case MFENCE -> a.mfence();
      case LEA -> lea(i);
      case PUSH -> push(n, i);
      case POP -> pop(n, i);
      case LEAVE -> leaveFrame(n);
      case JMP -> {
        flags.end();
        if (i.kind0 == Instruction.RELATIVE) {
          jump(target(n, i));
        } else {
          jumpIndirect(n, i);
        }
        return true;
      }
      case JCC -> {
        conditional(n, i);
        return true;
      }
      case CALL -> {
        flags.end();
        call(n, i);
        return true;
      }
      case RET -> {
        flags.end();
        ret(n, i);
        return true;
      }
      case DIV, IDIV -> divide(n, i, op);
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
        system.write(n, i, after(n));
      }
      default -> {
        if (X87Emitter.isX87(i)) {
          x87.write(n, i, pageRip + block.offsets[n]);
        } else {
          x87.wakeUp(n);
          compute(n, i);
        }
      }
    }
    return false;
  }

  private long after(int n) {
    return pageRip + block.offsets[n] + block.instructions[n].length;
  }

  private long target(int n, Instruction i) {
    return after(n) + i.immediate;
  }

  // ---- addresses and probes ---------------------------------------------------------------------

  /** Writes the linear address of the memory operand to {@code to}; disturbs flags and no other. */
  private void address(int n, Instruction i, int to) {
    effective(n, i, to);
    if (i.segment == StateLayout.FS || i.segment == StateLayout.GS) {
      a.aluLoad(HostAssembler.ADD, 8, to, state(StateLayout.segment(i.segment) + StateLayout.BASE));
    }
  }

  /** Writes the offset of the memory operand; flags survive unless both registers are in memory. */
  private void effective(int n, Instruction i, int to) {
    int width = i.addressSize;
    if (i.base == StateLayout.REGISTER_CODE_PAGE) {
      long at = after(n) + i.displacement;
      a.movImmediate(8, to, width == 4 ? at & 0xffffffffL : at);
      return;
    }
    boolean based = i.base != StateLayout.REGISTER_ZERO;
    boolean indexed = i.index != StateLayout.REGISTER_ZERO;
    if (!based && !indexed) {
      a.movImmediate(8, to, width == 4 ? i.displacement & 0xffffffffL : i.displacement);
      return;
    }
    int displacement = (int) i.displacement;
    int base = based ? host(i.base) : HostRegister.IN_MEMORY;
    int index = indexed ? host(i.index) : HostRegister.IN_MEMORY;
    if (indexed && index < 0) {
      a.movLoad(8, to, register(i.index));
      if (!based) {
        a.lea(width, to, HostMemory.indexed(to, i.scale, displacement));
      } else if (base >= 0) {
        a.lea(width, to, HostMemory.at(base, to, i.scale, displacement));
      } else {
        if (i.scale != 0) {
          a.lea(8, to, HostMemory.indexed(to, i.scale, 0));
        }
        a.aluLoad(HostAssembler.ADD, 8, to, register(i.base));
        a.lea(width, to, HostMemory.at(to, displacement));
      }
      return;
    }
    if (based && base < 0) {
      a.movLoad(8, to, register(i.base));
      base = to;
    }
    long operand =
        !based
            ? HostMemory.indexed(index, i.scale, displacement)
            : indexed
                ? HostMemory.at(base, index, i.scale, displacement)
                : HostMemory.at(base, displacement);
    a.lea(width, to, operand);
  }

  /**
   * Checks that {@code size} bytes at the address in T0 can be accessed; T1 is then what to add to
   * the address for the host's. T0 and the flags are lost.
   */
  private void check(int n, int size, boolean write, int alignment) {
    if (alignment > 1) {
      a.testImmediate(4, T0, alignment - 1);
      a.jcc(HostCondition.NOT_EQUAL, slowPath(n));
    }
    a.mov(4, T1, T0);
    a.shift(HostAssembler.SHR, 4, T1, 7);
    a.aluImmediate(HostAssembler.AND, 4, T1, (int) Mmu.INDEX_MASK);
    if (size > 1) {
      a.aluImmediate(HostAssembler.ADD, 8, T0, size - 1);
    }
    a.aluImmediate(HostAssembler.AND, 8, T0, PAGE_MASK);
    a.aluLoad(HostAssembler.CMP, 8, T0, HostMemory.at(STATE, T1, 0, table + (write ? 8 : 0)));
    a.jcc(HostCondition.NOT_EQUAL, slowPath(n));
    a.movLoad(8, T1, HostMemory.at(STATE, T1, 0, table + 16));
    flags.lost();
  }

  /** Probes the memory operand; returns it as the host's, based on T1. T0 is free afterwards. */
  long probe(int n, Instruction i, int size, boolean write, int alignment) {
    address(n, i, T0);
    check(n, size, write, alignment);
    boolean plain =
        i.addressSize == 8
            && i.segment == StateLayout.NO_SEGMENT
            && i.index == StateLayout.REGISTER_ZERO
            && i.base < StateLayout.REGISTER_ZERO
            && host(i.base) >= 0;
    if (plain) {
      return HostMemory.at(T1, host(i.base), 0, (int) i.displacement);
    }
    address(n, i, T0);
    a.alu(HostAssembler.ADD, 8, T1, T0);
    return HostMemory.at(T1, 0);
  }

  // ---- flags ------------------------------------------------------------------------------------

  /** Brings the guest's flags into the host's. */
  void restoreFlags() {
    flags.restore(entries[current]);
  }

  /** Brings the guest's flags to where they are parked. */
  void parkFlags() {
    flags.parkWritten(entries[current]);
  }

  // ---- computing --------------------------------------------------------------------------------

  private void lea(Instruction i) {
    int n = indexOf(i);
    int to = i.kind0 == Instruction.REGISTER ? host(i.reg0) : HostRegister.IN_MEMORY;
    boolean bothInMemory =
        i.base < StateLayout.REGISTER_ZERO
            && i.index < StateLayout.REGISTER_ZERO
            && host(i.base) < 0
            && host(i.index) < 0;
    if (bothInMemory) {
      a.movLoad(8, T0, register(i.base));
      a.movLoad(8, T1, register(i.index));
      a.lea(i.addressSize, T0, HostMemory.at(T0, T1, i.scale, (int) i.displacement));
    } else {
      effective(n, i, T0);
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

  private int indexOf(Instruction i) {
    for (int n = 0; n < block.count; n++) {
      if (block.instructions[n] == i) {
        return n;
      }
    }
    throw new IllegalStateException("no instruction of this block");
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

  private void compute(int n, Instruction i) {
    Operation op = GuestBlock.operation(i);
    boolean memory = i.hasMemory();
    long operand = 0;
    if (memory) {
      boolean write = writes(i);
      boolean destination = i.kind0 == Instruction.MEMORY;
      int size = destination ? i.size0 : i.kind1 == Instruction.MEMORY ? i.size1 : i.size2;
      operand = probe(n, i, size, write, alignment(i, size));
    }
    if (block.reads[n] != 0) {
      restoreFlags();
    }
    Object description = flags.describe(n, i, operand);
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
    flags.after(n, description);
  }

  /** Instruction {@code n} has left its flags in the host's. */
  void flagsAfter(int n) {
    flags.after(n, null);
  }

  /** The host's flags are not the guest's any more. */
  void flagsLost() {
    flags.lost();
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
  private void divide(int n, Instruction i, Operation op) {
    int size = i.size0;
    if (i.kind0 == Instruction.MEMORY) {
      long operand = probe(n, i, size, false, 1);
      a.movLoad(size, T0, operand);
    } else if (host(i.reg0) < 0) {
      a.movLoad(size, T0, register(i.reg0));
    } else {
      a.mov(size, T0, host(i.reg0));
    }
    if (op == Operation.DIV) {
      a.alu(HostAssembler.CMP, size, RDX, T0);
      a.jcc(HostCondition.ABOVE_EQUAL, slowPath(n));
      a.unary(HostAssembler.DIV, size, T0);
    } else {
      // The usual dividend is sign-extended; then only 0 and -1 can fault.
      a.mov(size, T1, RAX);
      a.shift(HostAssembler.SAR, size, T1, 8 * size - 1);
      a.alu(HostAssembler.CMP, size, T1, RDX);
      a.jcc(HostCondition.NOT_EQUAL, slowPath(n));
      a.lea(size, T1, HostMemory.at(T0, 1));
      a.aluImmediate(HostAssembler.CMP, size, T1, 1);
      a.jcc(HostCondition.BELOW_EQUAL, slowPath(n));
      a.unary(HostAssembler.IDIV, size, T0);
    }
    flagsAfter(n);
  }

  // ---- stack ------------------------------------------------------------------------------------

  private void push(int n, Instruction i) {
    boolean memory = i.kind0 == Instruction.MEMORY;
    if (memory) {
      long operand = probe(n, i, 8, false, 1);
      a.movLoad(8, T0, operand);
      a.movStore(8, state(HostState.HELD), T0);
    }
    probePush(n);
    long slot = HostMemory.at(T1, GUEST_RSP, 0, -8);
    if (i.kind0 == Instruction.IMMEDIATE) {
      a.movStoreImmediate(8, slot, (int) i.immediate);
    } else if (memory) {
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

  void probePush(int n) {
    a.lea(8, T0, HostMemory.at(GUEST_RSP, -8));
    check(n, 8, true, 1);
  }

  private void probeTop(int n, int from) {
    a.mov(8, T0, from);
    check(n, 8, false, 1);
  }

  private void pop(int n, Instruction i) {
    probeTop(n, GUEST_RSP);
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

  private void leaveFrame(int n) {
    probeTop(n, GUEST_RBP);
    a.movLoad(8, T0, HostMemory.at(T1, GUEST_RBP, 0, 0));
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RBP, 8));
    a.mov(8, GUEST_RBP, T0);
  }

  // ---- control transfer -------------------------------------------------------------------------

  /** Goes to where the block's code runs on into something else. */
  private void finish() {
    jump(pageRip + block.offsets[block.count]);
  }

  private boolean samePage(long target) {
    return (target & PAGE_MASK) == pageRip;
  }

  /** A jump to a known address: patched within the page, looked up elsewhere. */
  private void jump(long target) {
    if (samePage(target)) {
      link(target, a.jmpPatchable(a.address()));
      return;
    }
    int missing = a.newLabel();
    lookupLabel[lookups] = missing;
    lookupTarget[lookups] = target;
    lookups++;
    a.movImmediate(8, T0, target);
    lookUp(missing);
    a.jmpLoad(found());
  }

  private void link(long target, int at) {
    linkAt[links] = at;
    linkTarget[links] = target;
    links++;
  }

  /** Finds the host address of the target in T0; T1 is then the entry's offset. */
  private void lookUp(int missing) {
    a.movzx(4, T1, 2, T0);
    a.shift(HostAssembler.SHL, 4, T1, 4);
    a.aluLoad(HostAssembler.XOR, 8, T0, state(HostState.JUMP_KEY));
    a.aluLoad(HostAssembler.CMP, 8, T0, HostMemory.at(STATE, T1, 0, HostState.jumpTable()));
    a.jcc(HostCondition.NOT_EQUAL, missing);
    flags.lost();
  }

  private static long found() {
    return HostMemory.at(STATE, T1, 0, HostState.jumpTable() + 8);
  }

  private void conditional(int n, Instruction i) {
    restoreFlags();
    flags.end();
    long target = target(n, i);
    if (samePage(target)) {
      link(target, a.jccPatchable(i.condition, a.address()));
      jump(after(n));
      return;
    }
    // Over the taken way, which needs more than a jump.
    int on = a.newLabel();
    a.jcc(HostCondition.negate(i.condition), on);
    jump(target);
    a.bind(on);
    jump(after(n));
  }

  private void jumpIndirect(int n, Instruction i) {
    loadTarget(n, i);
    lookUp(slowPath(n));
    a.jmpLoad(found());
  }

  /** Writes the target of an indirect jump or call to T0. */
  private void loadTarget(int n, Instruction i) {
    if (i.kind0 == Instruction.MEMORY) {
      long operand = probe(n, i, 8, false, 1);
      a.movLoad(8, T0, operand);
    } else if (host(i.reg0) < 0) {
      a.movLoad(8, T0, register(i.reg0));
    } else {
      a.mov(8, T0, host(i.reg0));
    }
  }

  private void call(int n, Instruction i) {
    boolean direct = i.kind0 == Instruction.RELATIVE;
    if (!direct) {
      loadTarget(n, i);
      lookUp(slowPath(n));
      a.movLoad(8, T0, found());
      a.movStore(8, state(HostState.HELD_TARGET), T0);
    }
    probePush(n);
    long slot = HostMemory.at(T1, GUEST_RSP, 0, -8);
    long back = after(n);
    if (back == (int) back) {
      a.movStoreImmediate(8, slot, (int) back);
    } else {
      a.movImmediate(8, T0, back);
      a.movStore(8, slot, T0);
    }
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RSP, -8));
    if (direct) {
      jump(target(n, i));
    } else {
      a.jmpLoad(state(HostState.HELD_TARGET));
    }
  }

  private void ret(int n, Instruction i) {
    probeTop(n, GUEST_RSP);
    a.movLoad(8, T0, HostMemory.at(T1, GUEST_RSP, 0, 0));
    lookUp(slowPath(n));
    int popped = 8 + (i.operands > 0 && i.kind0 == Instruction.IMMEDIATE ? (int) i.immediate : 0);
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RSP, popped));
    a.jmpLoad(found());
  }
}

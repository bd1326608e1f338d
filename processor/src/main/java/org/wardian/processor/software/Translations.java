package org.wardian.processor.software;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Translated code of one vCPU: what is translated, where from, and how emitted code that leaves
 * goes on.
 */
final class Translations implements AutoCloseable {
  /** No page with a generation: an address that is not canonical. */
  private static final long NOWHERE = 1L << 62;

  /**
   * The most blocks: those that cannot be translated take no room of host code, and a guest has
   * them at as many addresses as it likes.
   */
  private static final int MOST = 1 << 19;

  /** The most bytes of host code of one block. */
  private static final int LARGEST = 64 * 1024;

  /** Bytes that an instruction can have. */
  private static final int LONGEST = 15;

  /** {@link StateLayout#MXCSR}: all exceptions masked. */
  private static final int MASKS = 0x1f80;

  private static final long CR0_EM = 4;
  private static final long CR0_TS = 8;
  private static final long CR4_OSFXSR = 1 << 9;

  /** Mode: SSE instructions may be executed as themselves. */
  static final int SSE = 8;

  /** Mode: x87 instructions may. */
  static final int X87 = 16;

  /** So many linear pages of code are known without a walk. */
  private static final int KNOWN = 1024;

  /** Mode: the TLB's table, of user code or of the system's. */
  private static final int TABLE = 3;

  /** Blocks at addresses that could not be translated, to be interpreted. */
  private static final TranslatedBlock NONE = new TranslatedBlock(0, -1, -1, 0, 0);

  private final SoftwareVcpu cpu;
  private final GuestMemory memory;
  private final long state;
  private final HostCode code = new HostCode();
  private final Exits exits = new Exits();
  private final SystemConditions system;
  private final BlockEmitter emitter = new BlockEmitter(exits);
  private final VerifiedTranslation verified = new VerifiedTranslation(exits, code);
  private final BlockDump dump = BlockDump.wanted();

  /** Compares with the interpreter, or null. */
  private final Lockstep lockstep;

  private final Decoder decoder;
  private final GuestBlock guest;

  /** The page of the block that is translated, and the start of the next one. */
  private final byte[] page = new byte[GuestMemory.PAGE + LONGEST];

  /** By guest-physical page: the blocks there. */
  private final Map<Long, TranslatedBlock> pages = new HashMap<>();

  /** All blocks by linear address and mode. */
  private final BlockTable table = new BlockTable();

  /** Linear pages with blocks by their low bits, with the generation: where they are. */
  private final long[] knownTags = new long[KNOWN];

  private final long[] knownPages = new long[KNOWN];

  /** Linear pages with blocks. */
  private final java.util.HashSet<Long> linearPages = new java.util.HashSet<>();

  /** Generations of the mapping as user code and as the system sees it, for the jump table. */
  private int userGeneration;

  private int newestUser;

  private int systemGeneration;

  /** Whether a block of the system's lies in a page that a write to CR3 can take away. */
  private boolean systemLocal;

  private long key;
  private int mode;

  /** Hears of each block, or null. */
  private BlockListener listener;

  /** How many there are, those counted that were ended by writes. */
  private int blocks;

  // Figures.
  final TierCounts counts;
  long polls;
  long parks;
  long x87Loads;
  long jumpMisses;
  long translated;
  long invalidated;
  long flushes;
  long entries;
  long accesses;
  long links;
  long lookups;
  long units;
  long interpreted;

  Translations(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.memory = cpu.memory;
    this.state = cpu.state;
    this.counts = new TierCounts(cpu.state);
    this.decoder = new Decoder(cpu.model);
    this.guest = new GuestBlock(decoder);
    this.system = new SystemConditions(cpu);
    Arrays.fill(knownTags, NOWHERE);
    this.lockstep = Lockstep.ENABLED ? new Lockstep(cpu, exits) : null;
    clearJumps();
    X87State.initialise(state);
  }

  /**
   * Empties the table of jump targets. An entry's key is RIP exclusive-or {@link #key}, and the
   * table's index are RIP's low 16 bits, with which the key of another mode or generation cannot
   * become this one's, whatever RIP a guest makes up. A key in use has bit 2 set, so that nothing
   * matches the number of the slot itself.
   */
  private void clearJumps() {
    long table = state + HostState.jumpTable();
    for (int slot = 0; slot < HostState.JUMPS; slot++) {
      RawMemory.putLong(table + slot * 16L, slot);
    }
  }

  /** The mapping of linear addresses changed. */
  void flush() {
    systemGeneration = advance(systemGeneration);
    systemLocal = false;
    flushUser();
  }

  private void flushUser() {
    newestUser = advance(newestUser);
    userGeneration = newestUser;
  }

  private int advance(int generation) {
    int next = generation + 1 & 0x7ff;
    if (next == 0) {
      clearJumps();
      Arrays.fill(knownTags, NOWHERE);
      cpu.spaces.clear();
    }
    return next;
  }

  /** Names the mapping as user code sees it, for {@link #switchSpace}. */
  int generation() {
    return userGeneration;
  }

  /**
   * The mapping of pages that are not global changed: a write to CR3.
   *
   * @param generation of the mapping of user code, where it is one from before; else -1
   */
  void switchSpace(int generation) {
    if (systemLocal) {
      systemGeneration = advance(systemGeneration);
      systemLocal = false;
    }
    if (generation < 0) {
      flushUser();
    } else {
      userGeneration = generation;
    }
  }

  /** The mapping of one page changed. */
  void flushPage(long linear) {
    if (linearPages.contains(linear & Mmu.PAGE_MASK)) {
      flush();
    }
  }

  /** Whether the vCPU is in a mode that is translated. */
  private boolean enterMode() {
    boolean between = cpu.cpl == 1 || cpu.cpl == 2;
    if (!cpu.code64 || between || cpu.tlb == cpu.table(Mmu.ALWAYS_MISS)) {
      return false;
    }
    long cr0 = cpu.cr(0);
    boolean sse =
        (cr0 & (CR0_EM | CR0_TS)) == 0
            && (cpu.cr(4) & CR4_OSFXSR) != 0
            && (RawMemory.getInt(state + StateLayout.MXCSR) & MASKS) == MASKS;
    boolean x87 = (cr0 & (CR0_EM | CR0_TS)) == 0 && X87State.permitted(state);
    mode = cpu.mmuMode | (sse ? SSE : 0) | (x87 ? X87 : 0);
    int any = mode & ~TABLE | 1 << 2;
    system.update(userGeneration << 5 | any, systemGeneration << 5 | any);
    key = RawMemory.getLong(state + SystemWords.key(cpu.mmuMode));
    RawMemory.putLong(state + HostState.JUMP_KEY, key);
    return true;
  }

  /** Follows a change of privilege that emitted code made. */
  private void privilegeChanged(long now) {
    key = now;
    cpu.privilegeChanged();
    mode = mode & ~TABLE | cpu.mmuMode;
  }

  private static int jump(long rip) {
    return HostState.jumpTable() + ((int) rip & HostState.JUMPS - 1) * 16;
  }

  /**
   * Runs translated code from RIP on, until something is pending or must be interpreted; RIP and
   * the flags are then in the state block.
   *
   * @return false where the instruction at RIP must be interpreted
   */
  boolean run() {
    try {
      return runCode();
    } finally {
      X87State.settle(state);
    }
  }

  private boolean runCode() {
    if (!enterMode()) {
      return false;
    }
    long rip = cpu.rip();
    long target = find(rip);
    if (target == 0) {
      return false;
    }
    while (true) {
      RawMemory.putLong(state + HostState.TARGET, target);
      entries++;
      if (lockstep == null) {
        code.run(state);
      } else {
        boolean atStart = found != null && found.enter == target;
        int last = RawMemory.getInt(state + HostState.EXIT);
        lockstep.run(code, atStart ? found : exits.block(last), rip);
      }
      long now = RawMemory.getLong(state + HostState.JUMP_KEY);
      if (now != key) {
        privilegeChanged(now);
      }
      int id = RawMemory.getInt(state + HostState.EXIT);
      rip = exits.rip(id);
      switch (exits.kind(id)) {
        case Exits.POLL -> {
          polls++;
          counts.abandoned(exits.left(id));
          leave(rip);
          settleFlags(exits.block(id));
          return true;
        }
        case Exits.PARK -> {
          parks++;
          FlagRecipe.park(state);
          target = exits.again(id);
          continue;
        }
        case Exits.UNITS -> {
          units++;
          FlagRecipe.settle(state);
          TranslatedBlock from = exits.block(id);
          RawMemory.putLong(state + StateLayout.CODE_PAGE, rip & Mmu.PAGE_MASK);
          // They may bring about that all translations are forgotten, their own too.
          UnitRun run = exits.run(id);
          int left = exits.left(id);
          boolean reload = run.x87 && X87State.live(state);
          if (reload) {
            X87State.settle(state);
          }
          boolean on = false;
          try {
            on = run.execute(cpu, cpu.units(), from);
          } finally {
            counts.inRun(run.executed, on ? 0 : left);
          }
          rip = cpu.rip();
          if (on) {
            target = exits.again(id);
            if (reload && X87State.permitted(state)) {
              X87State.load(state);
            }
          } else {
            if (cpu.pending() != 0) {
              return true;
            }
            if (!enterMode()) {
              return false;
            }
            rip = cpu.rip();
            target = find(rip);
          }
        }
        case Exits.ACCESS -> {
          leave(rip);
          Instruction i = instruction(id);
          if (i == null) {
            counts.abandoned(exits.left(id));
            target = find(rip);
            break;
          }
          int outcome = fill(i);
          if (outcome == Mmu.FILLED && !exits.block(id).dead) {
            target = exits.again(id);
          } else if (outcome == Mmu.FAULTED) {
            counts.abandoned(exits.left(id));
            if (!cpu.deliverFault() || cpu.pending() != 0) {
              return true;
            }
            if (!enterMode()) {
              return false;
            }
            rip = cpu.rip();
            target = find(rip);
          } else {
            interpreted++;
            if (GuestBlock.ends(i)) {
              jumpMisses++;
            }
            counts.abandoned(exits.left(id));
            alone(i, rip);
            int pending = cpu.pending();
            if (pending != 0) {
              // What it asks of itself comes as the interpreter has it, at the end of the straight
              // line: a guest counts on reaching the HLT behind.
              return (pending & ~(Cpu.PENDING_INTERRUPT | Cpu.PENDING_NMI)) != 0;
            }
            if (!enterMode()) {
              return false;
            }
            rip = cpu.rip();
            target = find(rip);
          }
        }
        case Exits.X87 -> {
          x87Loads++;
          X87State.load(state);
          target = exits.again(id);
          continue;
        }
        case Exits.LINK -> {
          links++;
          TranslatedBlock from = exits.block(id);
          long where = exits.again(id);
          leave(rip);
          // What runs is mapped. So nothing faults here, where the flags may be wrong; what is
          // pending waits for the target's own look.
          target = locate(rip, from.physical);
          if (target != 0) {
            if (!from.dead) {
              from.link(where, found);
            }
            continue;
          }
        }
        default -> {
          lookups++;
          leave(rip);
          target = find(rip);
        }
      }
      if (target == 0) {
        return false;
      }
      if (cpu.pending() != 0) {
        leave(rip);
        return true;
      }
    }
  }

  /**
   * At the start of {@code block}, where what led there may have left no flags: executes what
   * writes them, which neither faults nor jumps, so that an interrupt shows the right ones.
   */
  private void settleFlags(TranslatedBlock block) {
    byte[] bytes = block.settling;
    if (bytes == null) {
      return;
    }
    Instruction i = new Instruction();
    for (int at = 0; at < bytes.length; at += i.length) {
      i = new Instruction();
      decoder.decode(bytes, at, bytes.length - at, 8, i);
      alone(i, block.rip + at);
    }
  }

  /**
   * The instruction at an exit, decoded anew: few exits are ever taken, and to keep the
   * instructions of all would be most of the memory that translation needs.
   *
   * @return null where the code has changed
   */
  private Instruction instruction(int id) {
    Instruction i = exits.instruction(id);
    if (i == null) {
      TranslatedBlock block = exits.block(id);
      if (block.dead) {
        return null;
      }
      int offset = (int) exits.rip(id) & 0xfff;
      int here = Math.min(LONGEST, GuestMemory.PAGE - offset);
      long host = memory.hostAddress(block.physical);
      long second = block.tail == null ? host : memory.hostAddress(block.tail.physical);
      if (host == 0 || second == 0) {
        // Another thread has taken the memory away, and is about to say so.
        return null;
      }
      RawMemory.copy(host + offset, page, 0, here);
      int length = here;
      if (block.tail != null) {
        RawMemory.copy(second, page, here, LONGEST - here);
        length = LONGEST;
      }
      i = new Instruction();
      if (decoder.decode(page, 0, length, 8, i) != Decoder.OK) {
        return null;
      }
      exits.instruction(id, i);
    }
    return i;
  }

  /** Executes one instruction in Java. */
  private void alone(Instruction i, long rip) {
    X87State.settle(state);
    cpu.instructionRip = rip;
    cpu.nextRip = rip + i.length;
    // RIP-relative operands count from the next instruction here.
    RawMemory.putLong(state + StateLayout.CODE_PAGE, rip + i.length);
    int unit = Lowering.unitOf(i);
    try {
      if (unit < Ops.END) {
        if (cpu.units().execute(unit, 0, i)) {
          cpu.rip(cpu.nextRip);
        }
      } else {
        cpu.rip(cpu.nextRip);
        cpu.units().executeLast(unit, 0, 0, i);
      }
      counts.alone();
    } catch (GuestFault f) {
      if (!cpu.taskSwitched) {
        cpu.rip(rip);
      }
      throw f;
    }
  }

  private void leave(long rip) {
    cpu.rip(rip);
    FlagRecipe.settle(state);
  }

  /** The block that {@link #find} found, or null. */
  private TranslatedBlock found;

  /**
   * Host address of the code for {@code rip}, translating it if need be, or 0 where it must be
   * interpreted.
   *
   * @throws GuestFault of the instruction fetch; RIP is set
   */
  private long find(long rip) {
    long at = state + jump(rip);
    found = null;
    if (RawMemory.getLong(at) == (rip ^ key) && lockstep == null) {
      return RawMemory.getLong(at + 8);
    }
    return findBlock(rip);
  }

  /** As {@link #find}, with the block in {@link #found}. */
  private long findBlock(long rip) {
    found = null;
    if (rip << 16 >> 16 != rip) {
      return 0;
    }
    cpu.rip(rip);
    boolean user = cpu.cpl == 3;
    long tag = rip & Mmu.PAGE_MASK | (user ? userGeneration << 1 | 1 : systemGeneration << 1);
    int slot = (int) (rip >>> 12) & KNOWN - 1;
    if (knownTags[slot] == tag) {
      return locate(rip, knownPages[slot]);
    }
    long physical =
        cpu.walker.translate(rip, Mmu.EXECUTE, user ? Mmu.USER : Mmu.SUPERVISOR) & Mmu.PAGE_MASK;
    systemLocal |= !user && !cpu.walker.pageGlobal;
    long target = locate(rip, physical);
    if (target != 0) {
      knownTags[slot] = tag;
      knownPages[slot] = physical;
    }
    return target;
  }

  /** The same where the code's guest-physical page is known. */
  private long locate(long rip, long physical) {
    long at = state + jump(rip);
    found = null;
    TranslatedBlock block = table.find(rip, mode, physical);
    if (block != null && block.tail != null && secondPage(rip) != block.tail.physical) {
      kill(block);
      block = null;
    }
    if (block == null) {
      block = translate(rip, physical);
    }
    if (block.host == 0) {
      return 0;
    }
    found = block;
    RawMemory.putLong(at, rip ^ key);
    RawMemory.putLong(at + 8, block.host);
    return block.enter;
  }

  private TranslatedBlock translate(long rip, long physical) {
    long host = memory.hostAddress(physical);
    if (host == 0) {
      return NONE;
    }
    if (code.room() < LARGEST || blocks == MOST) {
      clear();
    }
    blocks++;
    watch(physical);
    RawMemory.copy(host, page, 0, GuestMemory.PAGE);
    int offset = (int) rip & 0xfff;
    guest.supervisor = (mode & TABLE) != Mmu.USER;
    boolean sse = (mode & SSE) != 0;
    boolean x87 = (mode & X87) != 0;
    guest.find(page, offset, GuestMemory.PAGE, GuestBlock.LIMIT, sse, x87);
    long second = 0;
    if (guest.count == 0 && guest.truncated && inNextPage(rip)) {
      second = secondPage(rip);
      host = memory.hostAddress(second);
      if (host == 0) {
        return NONE;
      }
      watch(second);
      RawMemory.copy(host, page, GuestMemory.PAGE, LONGEST);
      guest.find(page, offset, page.length, 1, sse, x87);
    }
    int end =
        guest.count == 0
            ? Math.min(GuestMemory.PAGE, offset + LONGEST)
            : guest.offsets[guest.count];
    TranslatedBlock block =
        new TranslatedBlock(rip, physical, mode, offset, Math.min(end, GuestMemory.PAGE));
    if (end > GuestMemory.PAGE) {
      block.tail = new TranslatedBlock(rip, second, mode, 0, end - GuestMemory.PAGE);
      block.tail.head = block;
      block.tail.nextOfPage = pages.put(second, block.tail);
      linearPages.add((rip & Mmu.PAGE_MASK) + GuestMemory.PAGE);
    }
    if (guest.count > 0) {
      block.countsOn(guest);
      if (guest.settles > 0) {
        block.settling = Arrays.copyOfRange(page, offset, offset + guest.settles);
      }
      long at = code.next();
      int first = exits.next();
      int length = emitter.emit(guest, block, rip & Mmu.PAGE_MASK, mode & 3, at, LARGEST, at, code);
      boolean accepted = verified.accepts(block, at, length, emitter.body(), first);
      if (dump != null && dump.wants(rip, guest.offsets[guest.count] - offset)) {
        String note = accepted ? "in use" : "refused";
        dump.append(BlockDump.text(block, guest, page, emitter, at, length, note, state));
      }
      if (accepted) {
        code.take(length);
        block.entry = at;
        block.host = at + emitter.body();
        block.enter = block.host;
        if (lockstep != null) {
          block.host = leaveAt(block);
          block.entry = block.host;
        }
        if (listener != null) {
          listener.translated(rip, at, length, RawMemory.getLong(state + StateLayout.LSTAR));
        }
      }
      translated++;
    }
    block.nextOfPage = pages.put(physical, block);
    table.add(block);
    linearPages.add(rip & Mmu.PAGE_MASK);
    return block;
  }

  /** Writes code that leaves to Java for {@code block}, to be jumped to in its place. */
  private long leaveAt(TranslatedBlock block) {
    long at = code.next();
    HostAssembler a = new HostAssembler();
    a.start(at, LARGEST, at);
    int id = exits.add(block, Exits.LOOKUP, block.rip, 0);
    a.movStoreImmediate(4, HostMemory.at(HostState.STATE, HostState.EXIT), id);
    a.jmpTo(code.leave());
    code.take(a.offset());
    return at;
  }

  /** Has writes to a guest-physical page told from now on. */
  private void watch(long physical) {
    if (!pages.containsKey(physical)) {
      memory.markCode(physical);
      cpu.flushWrites(physical);
    }
  }

  /** Whether code may go on behind the page of {@code rip}: not at the end of canonical space. */
  private static boolean inNextPage(long rip) {
    long next = (rip & Mmu.PAGE_MASK) + GuestMemory.PAGE;
    return next << 16 >> 16 == next;
  }

  /**
   * The guest-physical page behind that of {@code rip}.
   *
   * @throws GuestFault of the instruction fetch there
   */
  private long secondPage(long rip) {
    long next = (rip & Mmu.PAGE_MASK) + GuestMemory.PAGE;
    long physical =
        cpu.walker.translate(next, Mmu.EXECUTE, cpu.cpl == 3 ? Mmu.USER : Mmu.SUPERVISOR)
            & Mmu.PAGE_MASK;
    systemLocal |= cpu.cpl != 3 && !cpu.walker.pageGlobal;
    return physical;
  }

  /**
   * Makes the translations for an instruction's accesses present: {@link Mmu#FILLED} where it can
   * be entered again, {@link Mmu#FAULTED} where it faults, otherwise Java executes it.
   */
  private int fill(Instruction i) {
    accesses++;
    int operand = Mmu.HIT;
    if (i.hasMemory()) {
      boolean destination = i.kind0 == Instruction.MEMORY;
      int size = destination ? i.size0 : i.kind1 == Instruction.MEMORY ? i.size1 : i.size2;
      long base =
          i.segment == StateLayout.FS || i.segment == StateLayout.GS ? cpu.base(i.segment) : 0;
      long at = address(i) + base;
      if ((at & i.form.alignment() - 1) != 0) {
        return Mmu.SPECIAL;
      }
      operand = cpu.present(at, size, ComputeEmitter.writes(i) ? Mmu.WRITE : Mmu.READ);
    }
    if (!usesStack(i)) {
      return operand;
    }
    if (operand == Mmu.SPECIAL || operand == Mmu.FAULTED) {
      // The interpreter meets it again, and what the stack's access does.
      return Mmu.SPECIAL;
    }
    long rsp = cpu.gpr(Cpu.RSP);
    int stack =
        switch (GuestBlock.operation(i)) {
          case PUSH, PUSHF, CALL -> cpu.present(rsp - 8, 8, Mmu.WRITE);
          case LEAVE -> cpu.present(cpu.gpr(5), 8, Mmu.READ);
          default -> cpu.present(rsp, 8, Mmu.READ);
        };
    if (i.hasMemory() && stack != Mmu.HIT) {
      // It may have taken the operand's place in the TLB, and the operand would take it back.
      return Mmu.SPECIAL;
    }
    return stack == Mmu.HIT ? operand : stack;
  }

  private static boolean usesStack(Instruction i) {
    return switch (GuestBlock.operation(i)) {
      case PUSH, PUSHF, CALL, POP, RET, LEAVE -> true;
      default -> false;
    };
  }

  private long address(Instruction i) {
    return i.base == StateLayout.REGISTER_CODE_PAGE
        ? cpu.rip() + i.length + i.displacement
        : cpu.address(i);
  }

  /** Whether a guest-physical page holds code that was translated. */
  boolean holds(long physical) {
    return pages.containsKey(physical & Mmu.PAGE_MASK);
  }

  /** Forgets the code that overlaps {@code length} bytes at guest-physical {@code address}. */
  void written(long address, int length) {
    long physical = address & Mmu.PAGE_MASK;
    TranslatedBlock block = pages.get(physical);
    if (block == null) {
      return;
    }
    int from = (int) address & 0xfff;
    TranslatedBlock left = null;
    while (block != null) {
      TranslatedBlock next = block.nextOfPage;
      if (block.counts(from, from + length)
          || block.dead
          || block.head != null && block.head.dead) {
        kill(block.head != null ? block.head : block);
      } else {
        block.nextOfPage = left;
        left = block;
      }
      block = next;
    }
    if (left == null) {
      pages.remove(physical);
    } else {
      pages.put(physical, left);
    }
  }

  private void kill(TranslatedBlock block) {
    if (block.dead) {
      return;
    }
    invalidated++;
    table.remove(block);
    if (block.host == 0) {
      return;
    }
    block.die();
    long at = state + jump(block.rip);
    if (RawMemory.getLong(at + 8) == block.host) {
      RawMemory.putLong(at, block.rip & HostState.JUMPS - 1);
    }
  }

  /** Forgets the code of a run of frames. */
  void forget() {
    clear();
  }

  private void clear() {
    flushes++;
    for (Map.Entry<Long, TranslatedBlock> entry : pages.entrySet()) {
      for (TranslatedBlock b = entry.getValue(); b != null; b = b.nextOfPage) {
        b.dead = true;
      }
      cpu.cache.unmark(entry.getKey());
    }
    blocks = 0;
    pages.clear();
    table.clear();
    linearPages.clear();
    exits.clear();
    code.clear();
    clearJumps();
    Arrays.fill(knownTags, NOWHERE);
  }

  /** Begins to observe; before anything is translated. */
  void observe(Observation observation) {
    emitter.counted = observation.counted();
    listener = observation.blocks().orElse(null);
  }

  /** Instructions that blocks executed, or -1 where they are not counted. */
  long instructions() {
    return emitter.counted ? counts.all() : -1;
  }

  /** Adds the figures by name, in the order in which a user reads them. */
  void count(Map<String, Long> counters) {
    if (emitter.counted) {
      counters.put("instructions-translated", counts.emitted());
    }
    counters.put("instructions-for-translated", counts.inJava());
    counters.put("blocks-translated", translated);
    counters.put("blocks-invalidated", invalidated);
    counters.put("blocks-refused", verified.refused);
    counters.put("code-cache-flushes", flushes);
    counters.put("code-cache-bytes", code.used());
    if (lockstep != null) {
      counters.put("lockstep-checked", lockstep.checked);
      counters.put("lockstep-differences", lockstep.differences);
    }
    counters.put("entries", entries);
    counters.put("exits-poll", polls);
    counters.put("exits-park", parks);
    counters.put("exits-access", accesses);
    counters.put("exits-link", links);
    counters.put("exits-lookup", lookups);
    counters.put("exits-units", units);
    counters.put("exits-x87", x87Loads);
    counters.put("access-interpreted", interpreted);
    counters.put("jump-table-misses", lookups + jumpMisses);
  }

  @Override
  public void close() {
    code.close();
  }
}

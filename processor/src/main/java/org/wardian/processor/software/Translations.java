package org.wardian.processor.software;

import java.util.Map;
import org.wardian.memory.RawMemory;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/** Runs the translated code of one vCPU: which mode it is for, and how what leaves goes on. */
final class Translations implements AutoCloseable {
  /** {@link StateLayout#MXCSR}: all exceptions masked. */
  private static final int MASKS = 0x1f80;

  private static final long CR0_EM = 4;
  private static final long CR0_TS = 8;
  private static final long CR4_OSFXSR = 1 << 9;

  /** Mode: SSE instructions may be executed as themselves. */
  static final int SSE = 8;

  /** Mode: x87 instructions may. */
  static final int X87 = 16;

  /** Mode: the TLB's table, of user code or of the system's. */
  static final int TABLE = 3;

  private final SoftwareVcpu cpu;
  private final long state;
  private final HostCode code;
  private final Exits exits = new Exits();
  private final SystemConditions system;

  private final BlockStore store;
  private final ExitInstructions instructions;

  /** Compares with the interpreter, or null. */
  private final Lockstep lockstep;

  /** Generations of the mapping as user code and as the system sees it, for the jump table. */
  private int userGeneration;

  private int newestUser;

  private int systemGeneration;

  private long key;
  private int mode;

  // Figures.
  final TierCounts counts;
  long polls;
  long parks;
  long x87Loads;
  long jumpMisses;
  long entries;
  long accesses;
  long links;
  long lookups;
  long units;
  long interpreted;

  Translations(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state;
    this.code = new HostCode(cpu.group().capacity());
    this.counts = new TierCounts(cpu.state);
    this.system = new SystemConditions(cpu);
    this.lockstep = Lockstep.ENABLED ? new Lockstep(cpu, exits) : null;
    Decoder decoder = new Decoder(cpu.model);
    this.store = new BlockStore(cpu, code, exits, decoder, lockstep);
    this.instructions = new ExitInstructions(cpu, exits, decoder, counts);
    X87State.initialise(state);
  }

  /** The mapping of linear addresses changed. */
  void flush() {
    systemGeneration = advance(systemGeneration);
    store.systemLocal = false;
    flushUser();
  }

  private void flushUser() {
    newestUser = advance(newestUser);
    userGeneration = newestUser;
  }

  private int advance(int generation) {
    int next = generation + 1 & 0x7ff;
    if (next == 0) {
      store.clearJumps();
      store.forgetPages();
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
    if (store.systemLocal) {
      systemGeneration = advance(systemGeneration);
      store.systemLocal = false;
    }
    if (generation < 0) {
      flushUser();
    } else {
      userGeneration = generation;
    }
  }

  /** The mapping of one page changed. */
  void flushPage(long linear) {
    if (store.holdsLinear(linear)) {
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
          instructions.settleFlags(exits.block(id));
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
          Instruction i = instructions.decoded(id);
          if (i == null) {
            counts.abandoned(exits.left(id));
            target = find(rip);
            break;
          }
          accesses++;
          int outcome = instructions.fill(i);
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
            instructions.execute(i, rip);
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
    found = null;
    long target = lockstep == null ? store.jumpTarget(rip, key) : 0;
    return target == 0 ? findBlock(rip) : target;
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
    long known = store.knownPage(rip, tag);
    if (known >= 0) {
      return locate(rip, known);
    }
    long physical =
        cpu.walker.translate(rip, Mmu.EXECUTE, user ? Mmu.USER : Mmu.SUPERVISOR) & Mmu.PAGE_MASK;
    store.systemLocal |= !user && !cpu.walker.pageGlobal;
    long target = locate(rip, physical);
    if (target != 0) {
      store.know(rip, tag, physical);
    }
    return target;
  }

  /** The same where the code's guest-physical page is known. */
  private long locate(long rip, long physical) {
    found = null;
    TranslatedBlock block = store.block(rip, physical, mode);
    if (block.host == 0) {
      return 0;
    }
    found = block;
    store.enterJump(rip, key, block);
    return block.enter;
  }

  /** The blocks. */
  BlockStore store() {
    return store;
  }

  /** Begins to observe; before anything is translated. */
  void observe(Observation observation) {
    store.observe(observation);
  }

  /** Instructions that blocks executed, or -1 where they are not counted. */
  long instructions() {
    return store.counted() ? counts.all() : -1;
  }

  /** Adds the figures by name, in the order in which a user reads them. */
  void count(Map<String, Long> counters) {
    if (store.counted()) {
      counters.put("instructions-translated", counts.emitted());
    }
    counters.put("instructions-for-translated", counts.inJava());
    store.count(counters);
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

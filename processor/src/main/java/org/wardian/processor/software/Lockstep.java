package org.wardian.processor.software;

import static java.lang.System.Logger.Level.WARNING;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.Decoder;
import org.wardian.x86.Disassembler;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * A tool to find out where emitted code goes wrong: what it is about to execute is executed by the
 * interpreter's units first, whose stores are written down and undone; then registers, flags and
 * stored bytes must be the same after both. Differences are logged, and the guest goes on with what
 * emitted code made.
 *
 * <p>On with the system property {@code wardian.translator=lockstep}. Jumps then lead to Java each
 * time, and system instructions, whose effects reach beyond the state block, are left to it. {@code
 * wardian.translator.lockstep.every} N checks the first 64 passes through each place and one in N
 * of the others; the default is 256.
 *
 * <p>Not seen: stores of emitted code to a place that the interpreter does not store to, and what
 * another thread stores meanwhile, which is reported although nothing is wrong.
 */
final class Lockstep {
  /** Whether processors that are made from now on work this way. */
  static final boolean ENABLED = "lockstep".equals(System.getProperty("wardian.translator"));

  private static final int EVERY =
      Math.max(1, Integer.getInteger("wardian.translator.lockstep.every", 256));
  private static final int FIRST_PASSES = 64;
  private static final int REPORTS = 20;
  private static final int STATE = StateLayout.ARCHITECTURAL_SIZE;
  private static final int LONGEST = 15;
  private static final int RBP = 5;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final String[] REGISTERS = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
  };

  private final SoftwareVcpu cpu;
  private final long state;
  private final long image;
  private final Exits exits;
  private final Decoder decoder;
  private final byte[] bytes = new byte[LONGEST];
  private final byte[] page = new byte[GuestMemory.PAGE];
  private final GuestBlock successor;

  /** State block before, after, and its settled form after each instruction of the interpreter. */
  private final byte[] before = new byte[STATE];

  private final byte[] after = new byte[STATE];
  private final byte[][] steps = new byte[GuestBlock.LIMIT + 1][STATE];
  private final byte[] imageBefore = new byte[X87State.SIZE];
  private final byte[] imageAfter = new byte[X87State.SIZE];
  private final int[] undefined = new int[GuestBlock.LIMIT + 1];
  private final Instruction[] executed = new Instruction[GuestBlock.LIMIT];
  private int count;

  private final StoreJournal stores = new StoreJournal();
  private final Map<Long, int[]> passes = new HashMap<>();

  /** Runs of emitted code that were checked, and those that differed. */
  long checked;

  long differences;

  Lockstep(SoftwareVcpu cpu, Exits exits) {
    this.cpu = cpu;
    this.state = cpu.state;
    this.image = state + HostState.x87Image();
    this.exits = exits;
    this.decoder = new Decoder(cpu.model);
    this.successor = new GuestBlock(decoder);
    for (int n = 0; n < executed.length; n++) {
      executed[n] = new Instruction();
    }
  }

  /** Runs emitted code until it leaves for anything but its own flags and x87 registers. */
  void run(HostCode code, TranslatedBlock block, long rip) {
    long target = RawMemory.getLong(state + HostState.TARGET);
    int[] pass = passes.computeIfAbsent(target, t -> new int[1]);
    pass[0]++;
    boolean checks = block != null && (pass[0] <= FIRST_PASSES || pass[0] % EVERY == 0);
    if (checks) {
      interpret(block, rip);
    }
    boolean again;
    int id;
    do {
      code.run(state);
      id = RawMemory.getInt(state + HostState.EXIT);
      int kind = exits.kind(id);
      if (kind == Exits.PARK) {
        FlagRecipe.park(state);
      } else if (kind == Exits.X87) {
        X87State.load(state);
      }
      again = kind == Exits.PARK || kind == Exits.X87;
      if (again) {
        RawMemory.putLong(state + HostState.TARGET, exits.again(id));
      }
    } while (again);
    if (checks) {
      checked++;
      compare(block, rip, id);
    }
  }

  // ---- the interpreter's way -------------------------------------------------------------------

  private void save(byte[] to) {
    RawMemory.copy(state, to, 0, STATE);
  }

  private void restore(byte[] from) {
    int pending = RawMemory.getInt(state + StateLayout.PENDING);
    RawMemory.copy(from, 0, state, STATE);
    // Others write it at any time.
    RawMemory.putInt(state + StateLayout.PENDING, pending);
  }

  /** Executes what it can of the block from {@code rip} on, and undoes it. */
  private void interpret(TranslatedBlock block, long rip) {
    save(before);
    RawMemory.copy(image, imageBefore, 0, imageBefore.length);
    X87State.settle(state);
    FlagRecipe.settle(state);
    cpu.rip(rip);
    count = 0;
    stores.clear();
    undefined[0] = 0;
    save(steps[0]);
    try {
      while (count < GuestBlock.LIMIT && step(block)) {
        save(steps[count]);
      }
    } catch (GuestFault f) {
      // Emitted code leaves before it; what was stored is to be undone all the same.
      stores.drop(count);
    }
    stores.undo();
    restore(before);
    RawMemory.copy(imageBefore, 0, image, imageBefore.length);
  }

  /** Executes one instruction; false where emitted code does not go on behind it, or leaves. */
  private boolean step(TranslatedBlock block) {
    long rip = cpu.rip();
    Instruction i = executed[count];
    int offset = (int) (rip - block.rip) + block.from;
    if (!fetch(block, rip, offset, i)
        || !Emittable.is(
            i, (block.mode & Translations.SSE) != 0, (block.mode & Translations.X87) != 0)
        || !accesses(i, rip)) {
      return false;
    }
    cpu.instructionRip = rip;
    cpu.nextRip = rip + i.length;
    RawMemory.putLong(state + StateLayout.CODE_PAGE, rip + i.length);
    int unit = Lowering.unitOf(i);
    if (unit < Ops.END) {
      if (cpu.units().execute(unit, 0, i)) {
        cpu.rip(cpu.nextRip);
      }
    } else {
      cpu.rip(cpu.nextRip);
      cpu.units().executeLast(unit, 0, 0, i);
    }
    undefined[count + 1] =
        undefined[count] & ~(i.form.flagsWritten() & Flags.STATUS) | undefinedBy(i);
    count++;
    if (cpu.rip() == rip + i.length) {
      return true;
    }
    save(steps[count]);
    return false;
  }

  /** Status flags that depend on the processor afterwards. */
  private static int undefinedBy(Instruction i) {
    return i.form.flagsUndefined() & Flags.STATUS
        | switch (GuestBlock.operation(i)) {
          case SHL, SHR, SAR, SHLD, SHRD -> Flags.OF | Flags.AF;
          case ROL, ROR, RCL, RCR -> Flags.OF;
          default -> 0;
        };
  }

  private boolean fetch(TranslatedBlock block, long rip, int offset, Instruction i) {
    boolean inside = offset >= block.from && offset < block.to;
    if (!inside) {
      return false;
    }
    int here = Math.min(LONGEST, GuestMemory.PAGE - offset);
    RawMemory.copy(cpu.memory.hostAddress(block.physical) + offset, bytes, 0, here);
    int length = here;
    if (block.tail != null && here < LONGEST) {
      RawMemory.copy(cpu.memory.hostAddress(block.tail.physical), bytes, here, LONGEST - here);
      length = LONGEST;
    }
    return decoder.decode(bytes, 0, length, 8, i) == Decoder.OK;
  }

  /** Whether all memory that {@code i} accesses is in the TLB; notes what it will store to. */
  private boolean accesses(Instruction i, long rip) {
    if (i.hasMemory() && !isAddress(i)) {
      boolean destination = i.kind0 == Instruction.MEMORY;
      int size = destination ? i.size0 : i.kind1 == Instruction.MEMORY ? i.size1 : i.size2;
      long base =
          i.segment == StateLayout.FS || i.segment == StateLayout.GS ? cpu.base(i.segment) : 0;
      long at =
          i.base == StateLayout.REGISTER_CODE_PAGE
              ? rip + i.length + i.displacement
              : cpu.address(i);
      boolean write = ComputeEmitter.writes(i);
      if (!access(at + base, size, write)) {
        return false;
      }
    }
    long rsp = cpu.gpr(Cpu.RSP);
    return switch (GuestBlock.operation(i)) {
      case PUSH, CALL -> access(rsp - 8, 8, true);
      case POP, RET -> access(rsp, 8, false);
      case LEAVE -> access(cpu.gpr(RBP), 8, false);
      default -> true;
    };
  }

  private static boolean isAddress(Instruction i) {
    return switch (GuestBlock.operation(i)) {
      case LEA, NOP -> true;
      default -> false;
    };
  }

  private boolean access(long at, int size, boolean write) {
    long entry = cpu.table(cpu.mmuMode) + (at >>> 7 & Mmu.INDEX_MASK);
    long tag = RawMemory.getLong(entry + (write ? 8 : 0));
    if (tag != (at & Mmu.PAGE_MASK) || (at + size - 1 & Mmu.PAGE_MASK) != tag) {
      return false;
    }
    if (write) {
      stores.note(at + RawMemory.getLong(entry + 16), size, count);
    }
    return true;
  }

  // ---- comparison -------------------------------------------------------------------------------

  private void compare(TranslatedBlock block, long rip, int id) {
    save(after);
    RawMemory.copy(image, imageAfter, 0, imageAfter.length);
    X87State.settle(state);
    FlagRecipe.settle(state);
    StringBuilder report = new StringBuilder();
    long left = exits.rip(id);
    int n = reached(exits.kind(id), left);
    if (n < 0) {
      note(report, "RIP", get(steps[count], StateLayout.RIP), left);
    } else {
      boolean unseen = jumped(exits.kind(id)) && flagsUnseen(block, left);
      compareState(report, steps[n], unseen ? Flags.STATUS : undefined[n]);
      stores.compare(report, n);
    }
    restore(after);
    RawMemory.copy(imageAfter, 0, image, imageAfter.length);
    if (!report.isEmpty() && ++differences <= REPORTS) {
      System.getLogger(Lockstep.class.getName())
          .log(WARNING, text(block, rip, id, Math.max(n, 0), report));
    }
  }

  /** How many instructions emitted code executed, or -1 where it cannot have. */
  private int reached(int kind, long left) {
    if (kind == Exits.POLL) {
      return 0;
    }
    for (int n = jumped(kind) ? count : 0; n <= count; n++) {
      if (get(steps[n], StateLayout.RIP) == left) {
        return n;
      }
    }
    return -1;
  }

  private static boolean jumped(int kind) {
    return kind == Exits.LINK || kind == Exits.LOOKUP;
  }

  /** Whether code at {@code rip} writes all status flags, so that emitted code may leave none. */
  private boolean flagsUnseen(TranslatedBlock block, long rip) {
    if (((rip ^ block.rip) & Mmu.PAGE_MASK) != 0) {
      return false;
    }
    RawMemory.copy(cpu.memory.hostAddress(block.physical), page, 0, page.length);
    return successor.overwritesFlags(page, (int) rip & 0xfff, (block.mode & Translations.SSE) != 0);
  }

  private static long get(byte[] from, int offset) {
    return (long) LONG.get(from, offset);
  }

  private static void note(StringBuilder report, String name, long interpreted, long translated) {
    report.append("  %-8s %016x  %016x%n".formatted(name, interpreted, translated));
  }

  private void compareState(StringBuilder report, byte[] expected, int ignored) {
    for (int r = 0; r < 16; r++) {
      check(report, REGISTERS[r], expected, StateLayout.GPR + 8 * r, -1);
      int vector = StateLayout.VECTOR + r * StateLayout.VECTOR_STRIDE;
      check(report, "xmm" + r, expected, vector, -1);
      check(report, "xmm" + r + "h", expected, vector + 8, -1);
    }
    for (int r = 0; r < 8; r++) {
      check(report, "r" + r, expected, StateLayout.ST + r * StateLayout.ST_STRIDE, -1);
      check(
          report, "r" + r + "e", expected, StateLayout.ST + r * StateLayout.ST_STRIDE + 8, 0xffff);
    }
    check(report, "fpu", expected, StateLayout.FCW, 0xff_ffff_ffffL);
    check(report, "mxcsr", expected, StateLayout.MXCSR, 0xffff_ffffL);
    check(report, "eflags", expected, StateLayout.EFLAGS, -1);
    byte[] now = new byte[STATE];
    save(now);
    RawMemory.copy(expected, 0, state, STATE);
    int flags = Flags.get(state);
    RawMemory.copy(now, 0, state, STATE);
    if (((flags ^ Flags.get(state)) & Flags.STATUS & ~ignored) != 0) {
      note(report, "flags", flags & ~ignored, Flags.get(state) & ~ignored);
    }
  }

  private void check(StringBuilder report, String name, byte[] expected, int offset, long mask) {
    long value = RawMemory.getLong(state + offset);
    if (((value ^ get(expected, offset)) & mask) != 0) {
      note(report, name, get(expected, offset) & mask, value & mask);
    }
  }

  private String text(
      TranslatedBlock block, long rip, int id, int reached, StringBuilder difference) {
    StringBuilder out = new StringBuilder();
    out.append(
        "lockstep: block %016x from %016x, exit %d at %016x, %d of %d instructions%n"
            .formatted(block.rip, rip, exits.kind(id), exits.rip(id), reached, count));
    long at = rip;
    for (int n = 0; n < count; n++) {
      out.append(n == reached ? "  left here\n" : "");
      out.append("  %016x  %s%n".formatted(at, Disassembler.text(executed[n], at)));
      at += executed[n].length;
    }
    out.append("  interpreted, translated:\n").append(difference);
    byte[] now = new byte[STATE];
    save(now);
    RawMemory.copy(steps[0], 0, state, STATE);
    int length = (int) Math.min(at - rip, GuestMemory.PAGE - (rip & 0xfff));
    long host = cpu.memory.hostAddress(block.physical) + (rip & 0xfff);
    String code =
        java.util.HexFormat.of().formatHex(StoreJournal.bytesAt(host, Math.max(0, length)));
    BlockDump.reproducer(out, block, code, state);
    RawMemory.copy(now, 0, state, STATE);
    return out.toString();
  }
}

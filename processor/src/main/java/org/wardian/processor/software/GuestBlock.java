package org.wardian.processor.software;

import org.wardian.processor.Flags;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * A run of 64-bit guest instructions within one page, and which of their status flags anybody can
 * see: the front end of translation.
 */
final class GuestBlock {
  /** The most instructions in a block. */
  static final int LIMIT = 48;

  /** The most conditional jumps in the middle of a block. */
  static final int SIDES = 6;

  private static final int PAGE = 4096;
  private static final Operation[] OPERATIONS = Operation.values();

  /** How many instructions of a successor are looked at for what they do with the flags. */
  private static final int PEEK = 6;

  final Instruction[] instructions = new Instruction[LIMIT];

  /** Offset in the page of each instruction, and of what follows the last. */
  final int[] offsets = new int[LIMIT + 1];

  /** Status flags that each instruction reads, those that it leaves as they were included. */
  final int[] reads = new int[LIMIT];

  /** Status flags that each instruction defines, or leaves undefined. */
  final int[] writes = new int[LIMIT];

  /** Whether the host's flags are lost, and the guest's can be seen by a fault, before it acts. */
  final boolean[] exposes = new boolean[LIMIT];

  /** Whether the flags that it leaves must be in the state block. */
  final boolean[] kept = new boolean[LIMIT];

  /** Whether they must be there as a copy of the host's flags: somebody reads them again. */
  final boolean[] parked = new boolean[LIMIT];

  /** Whether the flags that it leaves are those at the end of the block, and can be seen there. */
  final boolean[] reaches = new boolean[LIMIT];

  /** The last instruction at whose start a fault can show the flags that this one leaves. */
  final int[] until = new int[LIMIT];

  /** Whether it is the first x87 instruction that is emitted since Java may have had them. */
  final boolean[] wakes = new boolean[LIMIT];

  /** The unit that executes an instruction in Java, or 0 where it is emitted: {@link Ops}. */
  final int[] units = new int[LIMIT];

  /** Number of instructions; 0 where the first one cannot be translated. */
  int count;

  /** Bytes at its start that write all status flags before anybody can see them; else 0. */
  int settles;

  /**
   * Bytes of other code in the page that it counts on, as offsets from and to: successors that
   * write all status flags, so that this block leaves none.
   */
  final int[] looked = new int[2 * (SIDES + 2)];

  /** How many numbers in {@link #looked} count. */
  int lookedCount;

  /** What happens to the flags where the conditional jump {@code n} leads: {@link #DEAD} etc. */
  final int[] side = new int[LIMIT];

  private int sides;

  private int peekedTo;

  /** Whether the x87 registers are live behind the instructions described so far. */
  private boolean awake;

  /** Whether the code runs at privilege 0, otherwise at 3. */
  boolean supervisor;

  /** Whether SSE instructions are emitted; else they can fault. */
  private boolean emitsSse;

  private final Decoder decoder;
  private final Instruction peeked = new Instruction();

  GuestBlock(Decoder decoder) {
    this.decoder = decoder;
    for (int i = 0; i < LIMIT; i++) {
      instructions[i] = new Instruction();
    }
  }

  /** Whether the block ended where the bytes did, within an instruction. */
  boolean truncated;

  /**
   * Finds the block at {@code offset} of a page.
   *
   * @param page its bytes, and some of the next page
   * @param end how many of these bytes may be looked at
   * @param limit the most instructions
   * @param sse whether SSE instructions may be executed as themselves
   * @param x87 whether x87 instructions may
   */
  void find(byte[] page, int offset, int end, int limit, boolean sse, boolean x87) {
    count = 0;
    truncated = false;
    awake = false;
    sides = 0;
    emitsSse = sse;
    int at = offset;
    while (count < limit) {
      Instruction i = instructions[count];
      if (at >= end) {
        break;
      }
      int status = decoder.decode(page, at, end - at, 8, i);
      if (status != Decoder.OK) {
        truncated = status == Decoder.TRUNCATED;
        break;
      }
      boolean emitted = Emittable.is(i, sse, x87) || SystemEmitter.is(i, supervisor);
      units[count] = emitted ? 0 : Lowering.unitOf(i);
      offsets[count] = at;
      at += i.length;
      describe(count);
      count++;
      if (endsAt(count - 1) && !goesOn(count - 1)) {
        break;
      }
    }
    offsets[count] = at;
    if (count > 0) {
      analyse(page);
    }
  }

  /**
   * Whether the block goes on behind the jump {@code n}: one that is conditional and leads forward.
   * Most of these are not taken; those that lead back are the ends of loops.
   */
  private boolean goesOn(int n) {
    boolean on = isConditional(n) && instructions[n].immediate > 0 && sides < SIDES;
    sides += on ? 1 : 0;
    return on;
  }

  private boolean isConditional(int n) {
    return units[n] == 0 && operation(instructions[n]) == Operation.JCC;
  }

  static Operation operation(Instruction i) {
    return OPERATIONS[i.operation];
  }

  static boolean ends(Instruction i) {
    return switch (operation(i)) {
      case JMP, JCC, CALL, RET -> true;
      default -> false;
    };
  }

  /** Whether instruction {@code n} is the last that its block can have. */
  boolean endsAt(int n) {
    Instruction i = instructions[n];
    if (units[n] == 0) {
      return ends(i);
    }
    // What unmasks SSE exceptions decides whether SSE instructions may be emitted.
    return operation(i) == Operation.LDMXCSR
        || X87Emitter.unmasks(i)
        || !keepsMode(operation(i))
            && units[n] >= Ops.END
            && units[n] != Ops.END_STRING
            && units[n] != Ops.END_INTEGER;
  }

  /** Whether the code that follows runs in the same mode and mapping, and straight on. */
  private static boolean keepsMode(Operation op) {
    return switch (op) {
      case STI, CLI, SWAPGS, RDMSR, RDTSC, RDTSCP, CPUID, IN, OUT, PUSHF, XGETBV, RDRAND -> true;
      default -> false;
    };
  }

  private void describe(int n) {
    Instruction i = instructions[n];
    kept[n] = false;
    parked[n] = false;
    reaches[n] = false;
    until[n] = 0;
    wakes[n] = false;
    if (units[n] != 0) {
      awake = false;
      // Java finds the flags in the state block, and leaves them there.
      reads[n] = 0;
      writes[n] = Flags.STATUS;
      exposes[n] = true;
      return;
    }
    reads[n] = reads(i);
    writes[n] = writes(i);
    exposes[n] = exposes(i);
    if (X87Emitter.uses(i)) {
      wakes[n] = !awake;
      exposes[n] |= wakes[n];
      awake = true;
    }
  }

  private static boolean shifts(Operation op) {
    return switch (op) {
      case SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD -> true;
      default -> false;
    };
  }

  /** Flags read as such; what is merely left alone is added where it matters. */
  static int reads(Instruction i) {
    Operation op = operation(i);
    return switch (op) {
      case JCC, SETCC, CMOVCC -> condition(i.condition);
      default -> {
        int read = i.form.flagsRead() & Flags.STATUS;
        boolean byRegister = shifts(op) && countKind(i) == Instruction.REGISTER;
        // A count of 0 leaves all flags as they were.
        yield byRegister ? Flags.STATUS : read;
      }
    };
  }

  private static int countKind(Instruction i) {
    return i.operands == 3 ? i.kind2 : i.kind1;
  }

  static int writes(Instruction i) {
    if (shifts(operation(i)) && countKind(i) != Instruction.REGISTER) {
      int mask = i.operandSize == 8 && i.size0 == 8 ? 63 : 31;
      if ((i.immediate & mask) == 0) {
        return 0;
      }
    }
    if (operation(i) == Operation.MOV_CR) {
      // Undefined, but no processor changes them.
      return 0;
    }
    return (i.form.flagsWritten() | i.form.flagsUndefined()) & Flags.STATUS;
  }

  private static int condition(int condition) {
    return switch (condition >> 1) {
      case 0 -> Flags.OF;
      case 1 -> Flags.CF;
      case 2 -> Flags.ZF;
      case 3 -> Flags.CF | Flags.ZF;
      case 4 -> Flags.SF;
      case 5 -> Flags.PF;
      case 6 -> Flags.SF | Flags.OF;
      default -> Flags.SF | Flags.OF | Flags.ZF;
    };
  }

  static boolean exposes(Instruction i) {
    return switch (operation(i)) {
      case PUSH, POP, CALL, RET, LEAVE, DIV, IDIV -> true;
      case LEA, NOP -> false;
      case JMP -> i.kind0 != Instruction.RELATIVE;
      default -> i.hasMemory() || SystemEmitter.exposes(operation(i));
    };
  }

  private void analyse(byte[] page) {
    Instruction last = instructions[count - 1];
    int outcome = NEEDED;
    int after = offsets[count];
    settles = peek(page, offsets[0]) == DEAD ? peekedTo - offsets[0] : 0;
    lookedCount = 0;
    if (units[count - 1] != 0) {
      outcome = NEEDED;
    } else if (operation(last) == Operation.JCC) {
      outcome = look(page, after);
    } else if (!endsAt(count - 1)) {
      outcome = count == LIMIT ? look(page, after) : NEEDED;
    } else if (operation(last) == Operation.JMP && last.kind0 == Instruction.RELATIVE) {
      outcome = look(page, after + (int) last.immediate);
    }
    for (int n = 0; n < count; n++) {
      if (isConditional(n)) {
        Instruction i = instructions[n];
        side[n] = look(page, offsets[n] + i.length + (int) i.immediate);
      }
    }
    for (int n = 0; n < count; n++) {
      if (writes[n] != 0 && writes[n] != Flags.STATUS && leavesNeeded(n, outcome)) {
        reads[n] |= Flags.STATUS & ~writes[n];
      }
      if (writes[n] != 0 && units[n] == 0) {
        keep(n, outcome);
      }
    }
  }

  /** Whether flags that instruction {@code n} leaves as they were are seen afterwards. */
  private boolean leavesNeeded(int n, int outcome) {
    int live = Flags.STATUS & ~writes[n];
    for (int j = n + 1; j < count; j++) {
      if (exposes[j] || (reads[j] & live) != 0 || isConditional(j) && side[j] != DEAD) {
        return true;
      }
      live &= ~writes[j];
      if (live == 0) {
        return false;
      }
    }
    return outcome != DEAD;
  }

  /** Decides how the flags of instruction {@code n} are kept until another one writes flags. */
  private void keep(int n, int outcome) {
    boolean lost = false;
    int live = Flags.STATUS;
    for (int j = n + 1; j < count; j++) {
      if (exposes[j]) {
        kept[n] = true;
        until[n] = j;
        lost = true;
      }
      int read = reads[j];
      if (writes[j] != 0 && writes[j] != Flags.STATUS && leavesNeeded(j, outcome)) {
        read |= Flags.STATUS & ~writes[j];
      }
      if (lost && (read & live) != 0) {
        parked[n] = true;
      }
      if (writes[j] != 0) {
        return;
      }
    }
    if (outcome != DEAD) {
      kept[n] = true;
      reaches[n] = true;
    }
    if (outcome == RAW) {
      parked[n] = true;
    }
  }

  static final int DEAD = 0;
  private static final int NEEDED = 1;
  private static final int RAW = 2;

  /** As {@link #peek}, of a successor. */
  private int look(byte[] page, int offset) {
    int outcome = peek(page, offset);
    if (outcome == DEAD) {
      looked[lookedCount++] = offset;
      looked[lookedCount++] = peekedTo;
    }
    return outcome;
  }

  /** Whether code at {@code offset} writes all status flags before anybody can see them. */
  boolean overwritesFlags(byte[] page, int offset, boolean sse) {
    emitsSse = sse;
    return peek(page, offset) == DEAD;
  }

  /**
   * What code at {@code offset} does with the flags that it finds. Flags that are dead may be wrong
   * there, so that nothing may be taken from outside before {@link #peekedTo}.
   */
  private int peek(byte[] page, int offset) {
    int at = offset;
    int live = Flags.STATUS;
    for (int n = 0; n < PEEK; n++) {
      if (at < 0 || at >= PAGE || decoder.decode(page, at, PAGE - at, 8, peeked) != Decoder.OK) {
        return NEEDED;
      }
      if ((reads(peeked) & live) != 0) {
        return RAW;
      }
      if (exposes(peeked) || !Emittable.is(peeked, emitsSse, false) || ends(peeked)) {
        return NEEDED;
      }
      live &= ~writes(peeked);
      at += peeked.length;
      if (live == 0) {
        peekedTo = at;
        return DEAD;
      }
    }
    return NEEDED;
  }
}

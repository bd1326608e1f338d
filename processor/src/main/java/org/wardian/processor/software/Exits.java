package org.wardian.processor.software;

import java.util.Arrays;
import org.wardian.x86.Instruction;

/** What emitted code can leave for, by number. */
final class Exits {
  /** Something is pending; RIP is the block's. */
  static final int POLL = 0;

  /** The block reads flags, which are not parked; RIP is the block's. */
  static final int PARK = 1;

  /** An access missed the TLB, or the instruction must be interpreted; it can be entered again. */
  static final int ACCESS = 2;

  /** A jump within the page whose target is not known yet. */
  static final int LINK = 3;

  /** A jump whose target was not in the table. */
  static final int LOOKUP = 4;

  /**
   * Instructions that Java executes; code goes on behind them unless the last one ends the block.
   */
  static final int UNITS = 5;

  /** The x87 registers must be live; the instruction can be entered again. */
  static final int X87 = 6;

  private UnitRun[] runs = new UnitRun[1024];
  private int[] kinds = new int[1024];
  private long[] rips = new long[1024];
  private long[] agains = new long[1024];
  private Instruction[] instructions = new Instruction[1024];
  private byte[] lefts = new byte[1024];
  private TranslatedBlock[] blocks = new TranslatedBlock[1024];
  private int count;

  /** The number that {@link #add} gives next. */
  int next() {
    return count;
  }

  /**
   * Adds an exit.
   *
   * @param rip of the instruction, or the target of the jump
   * @param again host address at which the instruction can be entered again, or of a link's
   *     displacement
   */
  int add(TranslatedBlock block, int kind, long rip, long again) {
    if (count == kinds.length) {
      kinds = Arrays.copyOf(kinds, 2 * count);
      rips = Arrays.copyOf(rips, 2 * count);
      agains = Arrays.copyOf(agains, 2 * count);
      instructions = Arrays.copyOf(instructions, 2 * count);
      lefts = Arrays.copyOf(lefts, 2 * count);
      blocks = Arrays.copyOf(blocks, 2 * count);
      runs = Arrays.copyOf(runs, 2 * count);
    }
    kinds[count] = kind;
    rips[count] = rip;
    agains[count] = again;
    instructions[count] = null;
    blocks[count] = block;
    lefts[count] = 0;
    runs[count] = null;
    return count++;
  }

  /** Makes all exits from {@code first} on those of {@code block}. */
  void own(int first, TranslatedBlock block) {
    Arrays.fill(blocks, first, count, block);
  }

  int kind(int id) {
    return kinds[id];
  }

  long rip(int id) {
    return rips[id];
  }

  long again(int id) {
    return agains[id];
  }

  /** Keeps what was decoded for exit {@code id}. */
  void instruction(int id, Instruction instruction) {
    instructions[id] = instruction;
  }

  Instruction instruction(int id) {
    return instructions[id];
  }

  /** How many of its block's instructions are still to be executed at exit {@code id}. */
  int left(int id) {
    return lefts[id];
  }

  /** Says how many: up to {@link GuestBlock#LIMIT}. */
  void left(int id, int instructions) {
    lefts[id] = (byte) instructions;
  }

  UnitRun run(int id) {
    return runs[id];
  }

  /** Says what exit {@code id} has Java execute, and where code goes on. */
  void run(int id, UnitRun run, long again) {
    runs[id] = run;
    agains[id] = again;
  }

  TranslatedBlock block(int id) {
    return blocks[id];
  }

  /** Forgets all. */
  void clear() {
    Arrays.fill(instructions, 0, count, null);
    Arrays.fill(blocks, 0, count, null);
    Arrays.fill(runs, 0, count, null);
    count = 0;
  }
}

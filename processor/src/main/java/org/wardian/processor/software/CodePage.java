package org.wardian.processor.software;

import java.util.Arrays;
import org.wardian.x86.Instruction;

/** The dense code of one guest-physical page in one kind of code segment. */
final class CodePage {
  /** 64-bit code. */
  static final int LONG = 0;

  /** 32-bit code in flat segments. */
  static final int FLAT_32 = 1;

  /** 32-bit code with segments that must be checked. */
  static final int SEGMENTED_32 = 2;

  /** 16-bit code: real mode, virtual-8086 mode, 16-bit protected mode. */
  static final int SEGMENTED_16 = 3;

  static final int KINDS = 4;

  final long physical;
  final int kind;

  /** Pairs of words; index 0 is never a target, so that 0 can mean "not resolved". */
  long[] code = new long[64];

  int size = 2;

  /** Decoded instructions that dense operations refer to. */
  Instruction[] instructions = new Instruction[8];

  int instructionCount;

  /** Index into {@link #code} by offset in the page, or 0. */
  final short[] entry = new short[4096];

  /** Which of the page's 64 chunks of 64 bytes hold decoded bytes. */
  long chunks;

  boolean dead;

  CodePage(long physical, int kind) {
    this.physical = physical;
    this.kind = kind;
  }

  int emit(long w0, long w1) {
    if (size + 2 > code.length) {
      code = Arrays.copyOf(code, code.length * 2);
    }
    int at = size;
    code[at] = w0;
    code[at + 1] = w1;
    size = at + 2;
    return at;
  }

  int keep(Instruction instruction) {
    if (instructionCount == instructions.length) {
      instructions = Arrays.copyOf(instructions, instructionCount * 2);
    }
    instructions[instructionCount] = instruction;
    return instructionCount++;
  }

  void covers(int from, int to) {
    for (int chunk = from >> 6; chunk <= (to - 1 & 0xfff) >> 6; chunk++) {
      chunks |= 1L << chunk;
    }
  }

  /** Makes whoever runs this code look it up again before the next instruction. */
  void kill() {
    dead = true;
    for (int i = 0; i < size; i += 2) {
      // NEXT_PAGE has no offset of its own, and stays right.
      if ((code[i] & Ops.MASK) != Ops.NEXT_PAGE) {
        code[i] = code[i] & ~(long) Ops.MASK | Ops.STALE;
      }
    }
  }

  /** Whether the page has no room for another run of instructions (entries are 16 bits wide). */
  boolean full() {
    return size > Short.MAX_VALUE - 400;
  }
}

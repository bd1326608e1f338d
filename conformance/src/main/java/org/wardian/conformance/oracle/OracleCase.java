package org.wardian.conformance.oracle;

import java.util.Arrays;

/**
 * One instruction and the state before it: a random state by its seed, and what was put over it so
 * that operands lie where they may.
 */
public final class OracleCase {
  final long seed;
  final int codeSize;
  final byte[] instruction;
  final int[] slots;
  final long[] values;

  OracleCase(long seed, int codeSize, byte[] instruction, int[] slots, long[] values) {
    this.seed = seed;
    this.codeSize = codeSize;
    this.instruction = instruction;
    this.slots = slots;
    this.values = values;
  }

  /** Makes {@code state} the state before the instruction. */
  public void materialize(CaseState state) {
    StateSeeder.fill(state, seed, codeSize);
    for (int i = 0; i < slots.length; i++) {
      Slots.set(state, slots[i], values[i]);
    }
  }

  /** Bytes of the code segment's default operand: 2, 4 or 8. */
  public int codeSize() {
    return codeSize;
  }

  /** The instruction's bytes. */
  public byte[] instruction() {
    return instruction.clone();
  }

  /** A number that differs between states with near certainty. */
  static int fingerprint(CaseState state) {
    long hash = Arrays.hashCode(state.gpr);
    hash = hash * 31 + Arrays.hashCode(state.fx);
    hash = hash * 31 + Arrays.hashCode(state.memory);
    hash = hash * 31 + Arrays.hashCode(state.selectors);
    hash = hash * 31 + Long.hashCode(state.flags);
    hash = hash * 31 + Long.hashCode(state.rip);
    hash = hash * 31 + Long.hashCode(state.fsBase);
    hash = hash * 31 + Long.hashCode(state.gsBase);
    return Long.hashCode(hash);
  }
}

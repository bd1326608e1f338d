package org.wardian.conformance.oracle;

import java.util.Arrays;

/**
 * A case with the host's answer: how the instruction ended, and the slots that differ from the
 * state before it.
 */
final class OracleVector {
  final OracleCase input;

  /** {@link OracleCase#fingerprint} of the state before: notices a changed {@link StateSeeder}. */
  final int fingerprint;

  final Outcome outcome;
  final int[] slots;
  final long[] values;

  OracleVector(OracleCase input, int fingerprint, Outcome outcome, int[] slots, long[] values) {
    this.input = input;
    this.fingerprint = fingerprint;
    this.outcome = outcome;
    this.slots = slots;
    this.values = values;
  }

  /** Records an answer. */
  static OracleVector of(OracleCase input, CaseState before, Outcome outcome, CaseState after) {
    CaseState base = new CaseState();
    base.copyFrom(before);
    turn(base, after.fxShort(CaseState.FX_FSW));
    int[] slots = new int[Slots.COUNT];
    long[] values = new long[Slots.COUNT];
    int count = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      long value = Slots.get(after, slot);
      if (value != Slots.get(base, slot)) {
        slots[count] = slot;
        values[count++] = value;
      }
    }
    return new OracleVector(
        input,
        OracleCase.fingerprint(before),
        outcome,
        Arrays.copyOf(slots, count),
        Arrays.copyOf(values, count));
  }

  /** Fills in the state after the instruction, from the state before it. */
  void after(CaseState before, CaseState after) {
    after.copyFrom(before);
    for (int i = 0; i < slots.length; i++) {
      if (slots[i] == Slots.FSW) {
        turn(after, (int) values[i]);
      }
    }
    for (int i = 0; i < slots.length; i++) {
      Slots.set(after, slots[i], values[i]);
    }
  }

  /**
   * Renumbers ST(0) to ST(7) for another top of the stack, so that a push or a pop does not count
   * as a change of every register. The status word stays.
   */
  private static void turn(CaseState state, int newStatus) {
    int distance = (newStatus >> 11) - (state.fxShort(CaseState.FX_FSW) >> 11) & 7;
    if (distance == 0) {
      return;
    }
    long[] registers = new long[16];
    for (int i = 0; i < 16; i++) {
      registers[i] = Slots.get(state, Slots.ST + i);
    }
    for (int i = 0; i < 8; i++) {
      int from = i + distance & 7;
      Slots.set(state, Slots.ST + 2 * i, registers[2 * from]);
      Slots.set(state, Slots.ST + 2 * i + 1, registers[2 * from + 1]);
    }
  }
}

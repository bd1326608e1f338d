package org.wardian.conformance.oracle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/** Finds what two engines disagree on after one case. */
final class Comparison {
  private Comparison() {}

  /**
   * One disagreement.
   *
   * @param slot a number of {@link Slots}, or -1 for the outcome itself
   */
  record Difference(int slot, long host, long ours) {}

  /** An empty list where both ended alike, by {@link ComparisonRules}. */
  static List<Difference> compare(
      Instruction i,
      CaseState before,
      Outcome hostOutcome,
      CaseState host,
      Outcome ourOutcome,
      CaseState ours) {
    List<Difference> differences = new ArrayList<>();
    if (!ComparisonRules.sameOutcome(i, hostOutcome, ourOutcome)) {
      differences.add(new Difference(-1, hostOutcome.vector(), ourOutcome.vector()));
      if (ourOutcome.vector() == Outcome.LOST) {
        return differences;
      }
    }
    boolean undefined = ComparisonRules.undefinedResult(i, before);
    boolean partial = ComparisonRules.partial(i, hostOutcome);
    for (int slot = 0; slot < Slots.MEMORY; slot++) {
      long a = Slots.get(host, slot);
      long b = Slots.get(ours, slot);
      if (a == b) {
        continue;
      }
      if (partial && slot < Slots.FLAGS && slot != CaseBuilder.RSP
          || ComparisonRules.faultedMmx(i, hostOutcome, slot)
          || (int) a == (int) b && ComparisonRules.lowHalfOnly(i, before, slot)
          || ComparisonRules.closeExtended(i, slot, host, ours)) {
        continue;
      }
      if (slot == Slots.FLAGS) {
        long mask = ComparisonRules.flagsMask(i, before);
        if ((a & mask) == (b & mask)) {
          continue;
        }
      } else if (undefined && i.kind0 == Instruction.REGISTER && slot == i.reg0) {
        continue;
      } else if (ComparisonRules.tolerated(i, slot, a, b)) {
        continue;
      }
      differences.add(new Difference(slot, a, b));
    }
    if (!partial && !(undefined && i.kind0 == Instruction.MEMORY)) {
      memory(i, before, host, ours, differences);
    }
    return differences;
  }

  private static void memory(
      Instruction i, CaseState before, CaseState host, CaseState ours, List<Difference> out) {
    int at = Arrays.mismatch(host.memory, ours.memory);
    if (at < 0) {
      return;
    }
    Operation operation = i.form.operation();
    long operand = ComparisonRules.hasIgnoredBytes(operation) ? operandOffset(i, before) : 0;
    int lastWord = -1;
    for (; at < host.memory.length; at++) {
      int offset = ScratchLayout.DATA + at;
      if (host.memory[at] == ours.memory[at]
          || offset / 8 == lastWord
          || ComparisonRules.hasIgnoredBytes(operation)
              && ComparisonRules.ignoredByte(i, operand, offset)) {
        continue;
      }
      lastWord = offset / 8;
      int slot = Slots.memory(offset & -8);
      out.add(new Difference(slot, Slots.get(host, slot), Slots.get(ours, slot)));
    }
  }

  /** Window offset of the memory operand in state {@code before}. */
  static long operandOffset(Instruction i, CaseState before) {
    long address = i.displacement;
    if (i.index < 16) {
      address += before.gpr[i.index] << i.scale;
    }
    if (i.base == StateLayout.REGISTER_CODE_PAGE) {
      address += before.rip + i.length;
    } else if (i.base < 16) {
      address += before.gpr[i.base];
    }
    if (i.addressSize != 8) {
      address &= -1L >>> (64 - 8 * i.addressSize);
    }
    long base;
    if (i.codeSize == 8) {
      base =
          i.segment == StateLayout.FS
              ? before.fsBase
              : i.segment == StateLayout.GS ? before.gsBase : 0;
    } else {
      base = Selectors.of(before.selectors[i.segment]).base;
    }
    long linear = address + base;
    return (i.codeSize == 8 ? linear : linear & 0xffff_ffffL) - ScratchLayout.WINDOW;
  }
}

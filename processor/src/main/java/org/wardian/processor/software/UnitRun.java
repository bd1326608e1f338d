package org.wardian.processor.software;

import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/** Instructions in a row that translated code has Java execute. */
final class UnitRun {
  private final Instruction[] instructions;
  private final int[] units;
  private final long[] rips;

  /** Whether what follows is found by RIP. */
  final boolean ends;

  /** Whether one of them may look at the x87 registers. */
  final boolean x87;

  /** How many the last {@link #execute} got done. */
  int executed;

  UnitRun(GuestBlock block, int from, int to, long pageRip) {
    instructions = new Instruction[to - from];
    units = new int[to - from];
    rips = new long[to - from];
    ends = block.endsAt(to - 1);
    for (int n = from; n < to; n++) {
      Instruction i = block.instructions[n];
      // The block's next translation fills another one.
      block.instructions[n] = new Instruction();
      if (i.base == StateLayout.REGISTER_CODE_PAGE) {
        i.displacement += block.offsets[n] + i.length;
      }
      instructions[n - from] = i;
      units[n - from] = block.units[n];
      rips[n - from] = pageRip + block.offsets[n];
    }
    boolean looks = false;
    for (int unit : units) {
      looks |=
          switch (unit) {
            case Ops.X87, Ops.MMX, Ops.SSE, Ops.END_STATE -> true;
            default -> false;
          };
    }
    x87 = looks;
  }

  /**
   * Executes them; true where code goes on behind them.
   *
   * @param block theirs: when one of them writes over it, the next is not what it was
   * @throws GuestFault with RIP that of the instruction
   */
  boolean execute(SoftwareVcpu cpu, Units group, TranslatedBlock block) {
    executed = 0;
    for (int n = 0; n < units.length; n++) {
      Instruction i = instructions[n];
      long rip = rips[n];
      cpu.instructionRip = rip;
      cpu.nextRip = rip + i.length;
      if (units[n] == Ops.X87) {
        // FIP.
        cpu.rip(rip);
      }
      try {
        if (units[n] < Ops.END) {
          if (group.execute(units[n], 0, i)) {
            cpu.rip(cpu.nextRip);
          }
        } else {
          cpu.rip(cpu.nextRip);
          group.executeLast(units[n], 0, 0, i);
        }
      } catch (GuestFault f) {
        if (!cpu.taskSwitched) {
          cpu.rip(rip);
        }
        throw f;
      }
      // A string instruction that was interrupted is not done.
      executed = cpu.rip() == rip ? n : n + 1;
      if (cpu.rip() != rip + i.length || cpu.pending() != 0 || block.dead) {
        return false;
      }
    }
    return !ends;
  }
}

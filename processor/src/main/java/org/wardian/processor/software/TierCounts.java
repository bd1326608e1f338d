package org.wardian.processor.software;

import org.wardian.memory.RawMemory;

/**
 * How many instructions blocks executed, in emitted code and by Java on its behalf. Emitted code
 * adds a block's instructions where it is entered ({@link HostState#COUNT}); whoever leaves a block
 * early says what it did not get to.
 */
final class TierCounts {
  private final long state;
  private long abandoned;
  private long alone;
  private long inRuns;

  TierCounts(long state) {
    this.state = state;
  }

  /** Begins anew, as the state block does at a reset. */
  void reset() {
    RawMemory.putLong(state + HostState.COUNT, 0);
    abandoned = 0;
    alone = 0;
    inRuns = 0;
  }

  /** A block was left with {@code instructions} to go. */
  void abandoned(int instructions) {
    abandoned += instructions;
  }

  /**
   * Java executed a run of a block's instructions.
   *
   * @param left how many the block had still to go before, where it was left; else 0
   */
  void inRun(int executed, int left) {
    inRuns += executed;
    if (left != 0) {
      abandoned += left - executed;
    }
  }

  /** Java executed one instruction of no block. */
  void alone() {
    alone++;
  }

  /** Instructions executed by emitted code. */
  long emitted() {
    return all() - inJava();
  }

  /** Instructions that emitted code had Java execute. */
  long inJava() {
    return inRuns + alone;
  }

  /** Both. */
  long all() {
    return RawMemory.getLong(state + HostState.COUNT) - abandoned + alone;
  }
}

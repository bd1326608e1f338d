package org.wardian.daemon.domain;

/**
 * How much of the host may be promised to machines that run at the same time: their largest memory
 * and their most processors count, whether they use them or not.
 *
 * @param memoryPercent of the host's memory; 0 for any amount
 * @param processorPercent of the host's processors; 0 for any number
 */
public record OverCommit(int memoryPercent, int processorPercent) {
  /** As libvirt has it: who starts machines knows what he does. */
  public static final OverCommit UNLIMITED = new OverCommit(0, 0);

  /** Checks figures. */
  public OverCommit {
    if (memoryPercent < 0 || processorPercent < 0) {
      throw new IllegalArgumentException("less than nothing cannot be promised");
    }
  }
}

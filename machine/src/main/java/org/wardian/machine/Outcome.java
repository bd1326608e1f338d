package org.wardian.machine;

/**
 * How a run of a machine ended.
 *
 * @param cause why
 * @param status the test device's exit status, else 0
 * @param registers the processor's registers at the end, for the causes that are errors; for {@link
 *     Cause#FAILED} the accelerator's report, which has them too
 */
public record Outcome(Cause cause, int status, String registers) {
  /** Why a machine ended. */
  public enum Cause {
    /** The guest turned itself off. */
    POWERED_OFF,
    /** The guest reset itself, and the configuration says that this ends the run. */
    RESET,
    /** The guest's kernel panicked. */
    PANIC,
    /** A fault while a double fault was delivered. */
    TRIPLE_FAULT,
    /** HLT with interrupts off: the guest has stopped for good. */
    HALTED,
    /** The test device's exit port. */
    EXITED,
    /** The accelerator could not go on with the guest. */
    FAILED,
    /** {@link Machine#stop} was called. */
    STOPPED
  }
}

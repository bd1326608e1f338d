package org.wardian.processor;

import org.wardian.bus.InterruptTarget;

/**
 * One virtual processor, whatever executes it.
 *
 * <p>{@link #run} is called by one thread at a time, the vCPU's own; ports and memory-mapped
 * accesses call the machine's buses on that thread. {@link #kick} and the {@link InterruptTarget}
 * may be called by any thread. Everything else only while the vCPU does not run.
 */
public interface Vcpu extends AutoCloseable {
  /** Executes guest code until the machine must decide something. */
  Exit run();

  /** Makes {@link #run} return {@link Exit#STOPPED} soon, or at once if it is called next. */
  void kick();

  /** Where the local interrupt controller sends its signals. */
  InterruptTarget interruptTarget();

  /** Power-on state: real mode at F000:FFF0. Source: Intel SDM vol. 3 table 10-1. */
  void reset();

  /**
   * Host address of the architectural state, laid out as {@link org.wardian.x86.StateLayout},
   * {@link org.wardian.x86.StateLayout#ARCHITECTURAL_SIZE} bytes. After it was written to, {@link
   * #stateChanged} must be called.
   */
  long state();

  /** Takes over what was written to {@link #state}. */
  void stateChanged();

  /** Instructions executed since power on, where the accelerator counts them, else -1. */
  long instructions();

  /** Figures of this accelerator by name, for {@code --stats}. */
  java.util.Map<String, Long> counters();

  @Override
  void close();
}

package org.wardian.processor;

import java.util.Map;

/**
 * One virtual processor, whatever executes it.
 *
 * <p>{@link #run} is called by one thread at a time, the vCPU's own; ports and memory-mapped
 * accesses call the machine's buses on that thread. {@link #kick} may be called by any thread.
 * Everything else only while the vCPU does not run, or by its own thread inside a bus access where
 * said.
 */
public interface Vcpu extends AutoCloseable {
  /** Executes guest code until the machine must decide something. */
  Exit run();

  /** Makes {@link #run} return {@link Exit#STOPPED} soon, or at once if it is called next. */
  void kick();

  /** Power-on state: real mode at F000:FFF0. Source: Intel SDM vol. 3 table 10-1. */
  void reset();

  /**
   * Host address of the architectural state, laid out as {@link org.wardian.x86.StateLayout},
   * {@link org.wardian.x86.StateLayout#ARCHITECTURAL_SIZE} bytes, as it is now. It does not follow
   * the vCPU once that runs again; call anew. After it was written to, {@link #stateChanged} must
   * be called.
   */
  long state();

  /**
   * Takes over what was written to {@link #state}.
   *
   * @throws IllegalArgumentException where it is no state that a processor can be in
   */
  void stateChanged();

  /** The guest's time-stamp counter now, in ticks. */
  long timestamp();

  /** Makes the guest's time-stamp counter go on from {@code ticks}. */
  void timestamp(long ticks);

  /** What ended {@link #run} with {@link Exit#FAILED}: lines for a person, else an empty text. */
  String failure();

  /** Instructions executed since power on, where the accelerator counts them, else -1. */
  long instructions();

  /** Figures of this accelerator by name, for {@code --stats}. */
  Map<String, Long> counters();

  @Override
  void close();
}

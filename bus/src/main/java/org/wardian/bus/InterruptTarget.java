package org.wardian.bus;

/**
 * What a local interrupt controller tells its vCPU. Any thread may call; each method returns at
 * once. The controller may hold its own lock while it calls, so an implementation sets a flag and
 * wakes the vCPU, and never calls back into the controller.
 */
public interface InterruptTarget {

  /** Whether {@link LocalInterruptController#acknowledge} would now return a vector. */
  void interrupt(boolean pending);

  /** A non-maskable interrupt has arrived. */
  void nmi();

  /** An INIT has arrived; the controller has already put itself into its INIT state. */
  void init();

  /**
   * A start-up message has arrived; a vCPU that does not wait for one ignores it.
   *
   * @param vector the page number, 0 to 255, of the real-mode entry point
   */
  void startup(int vector);
}

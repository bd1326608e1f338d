package org.wardian.bus;

/**
 * The life cycle and the saved state of a device.
 *
 * <p>The machine calls these methods from one thread at a time. A device is made in its power-on
 * state. {@link #start} lets it begin work of its own (timers, back-end threads). Between {@link
 * #pause} and {@link #resume} no vCPU runs and the device starts nothing. {@link #save} and {@link
 * #load} are called only while paused or before start. {@link #stop} is the end: it gives back what
 * the device holds, and nothing is called after it.
 */
public interface Device {

  /** A short name, unique within a machine: it names the saved record and appears in messages. */
  String name();

  /** Back to the power-on state, as by the platform's reset signal. */
  void reset();

  /** Writes exactly one record, named {@link #name()}. */
  void save(StateWriter out);

  /**
   * Reads the record that {@link #save} wrote.
   *
   * @throws StateException if the record is not this device's, is of an unknown version or
   *     malformed
   */
  void load(StateReader in);

  /** The machine begins to run. */
  default void start() {}

  /** All vCPUs have stopped; guest time stands still. */
  default void pause() {}

  /** Guest time goes on and vCPUs are about to run. */
  default void resume() {}

  /** The machine is gone for good. */
  default void stop() {}
}

package org.wardian.bus;

/** A clock with one-shot timers. */
public interface Timers extends Clock {

  /**
   * Makes a timer, not armed.
   *
   * @param name for messages and thread dumps
   * @param callback runs on the timer thread (or on the caller that advances {@link ManualTimers}),
   *     with no lock of these timers held; it returns soon and does not throw
   */
  Timer timer(String name, Runnable callback);
}

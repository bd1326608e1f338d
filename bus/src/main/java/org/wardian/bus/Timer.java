package org.wardian.bus;

/** A one-shot timer on guest time. Any thread. */
public interface Timer {

  /**
   * Fires once when guest time reaches the deadline, as soon as possible if it has passed already.
   * Replaces an earlier deadline.
   */
  void arm(long deadlineNanoseconds);

  /**
   * Forgets the deadline. A callback that has begun on the timer thread may still be running, so a
   * callback looks at its device's state before it acts.
   */
  void cancel();

  /** Whether a deadline is set that has not fired. */
  boolean armed();
}

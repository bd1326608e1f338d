package org.wardian.network.nat;

/** A moment at which something is due; set anew and cancelled at no cost, by {@link Deadlines}. */
final class Deadline {
  static final long NEVER = Long.MAX_VALUE;

  final Runnable action;

  /** When it is due, in nanoseconds of the engine's clock, or {@link #NEVER}. */
  private long at = NEVER;

  /** Its entry in the queue, due no later than {@link #at}; or null. */
  Deadlines.Entry entry;

  Deadline(Runnable action) {
    this.action = action;
  }

  long at() {
    return at;
  }

  boolean isSet() {
    return at != NEVER;
  }

  void set(Deadlines queue, long when) {
    at = when;
    if (when != NEVER && (entry == null || when < entry.at())) {
      queue.enter(this, when);
    }
  }

  void cancel() {
    at = NEVER;
  }
}

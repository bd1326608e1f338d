package org.wardian.bus;

import java.util.ArrayList;
import java.util.List;

/**
 * Timers whose time moves only when a test (or a deterministic machine) says so. Callbacks run on
 * the caller of {@link #advance}, in the order of their deadlines, each at exactly its deadline.
 */
public final class ManualTimers implements Timers {
  private final List<ManualTimer> timers = new ArrayList<>();
  private long now;
  private long sequence;

  /** Makes timers at time 0. */
  public ManualTimers() {}

  @Override
  public synchronized long nanoseconds() {
    return now;
  }

  @Override
  public synchronized Timer timer(String name, Runnable callback) {
    ManualTimer timer = new ManualTimer(name, callback);
    timers.add(timer);
    return timer;
  }

  /** Moves time forward, firing what falls due on the way; 0 fires what is overdue. */
  public void advance(long nanoseconds) {
    long end;
    synchronized (this) {
      if (nanoseconds < 0) {
        throw new IllegalArgumentException("time goes back by " + -nanoseconds + " ns");
      }
      end = now + nanoseconds;
    }
    for (ManualTimer due = next(end); due != null; due = next(end)) {
      due.callback.run();
    }
    synchronized (this) {
      now = Math.max(now, end);
    }
  }

  /** The earliest deadline of an armed timer, or {@link Long#MAX_VALUE}. */
  public synchronized long earliest() {
    return timers.stream()
        .filter(t -> t.armed)
        .mapToLong(t -> t.deadline)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  private synchronized ManualTimer next(long end) {
    ManualTimer best = null;
    for (ManualTimer timer : timers) {
      if (timer.armed
          && timer.deadline <= end
          && (best == null
              || timer.deadline < best.deadline
              || (timer.deadline == best.deadline && timer.order < best.order))) {
        best = timer;
      }
    }
    if (best != null) {
      best.armed = false;
      now = Math.max(now, best.deadline);
    }
    return best;
  }

  private final class ManualTimer implements Timer {
    private final String name;
    private final Runnable callback;
    private boolean armed;
    private long deadline;
    private long order;

    ManualTimer(String name, Runnable callback) {
      this.name = name;
      this.callback = callback;
    }

    @Override
    public void arm(long deadlineNanoseconds) {
      synchronized (ManualTimers.this) {
        deadline = deadlineNanoseconds;
        order = sequence++;
        armed = true;
      }
    }

    @Override
    public void cancel() {
      synchronized (ManualTimers.this) {
        armed = false;
      }
    }

    @Override
    public boolean armed() {
      synchronized (ManualTimers.this) {
        return armed;
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }
}

package org.wardian.bus;

import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Timers on the host's monotonic clock, served by one daemon thread. Guest time starts at 0, runs
 * with {@link System#nanoTime} and stands still between {@link #pause} and {@link #resume}.
 */
public final class HostTimers implements Timers, AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final TreeSet<HostTimer> armed =
      new TreeSet<>(
          Comparator.comparingLong((HostTimer t) -> t.deadline).thenComparingLong(t -> t.number));
  private final Thread thread;
  private volatile Epoch epoch = new Epoch(-System.nanoTime(), false, 0);
  private long timersMade;
  private long sleepingUntil = Long.MAX_VALUE;
  private boolean closed;

  /** Guest time is host time plus an offset, or one fixed value while paused. */
  private record Epoch(long offset, boolean paused, long pausedAt) {
    long now() {
      return paused ? pausedAt : System.nanoTime() + offset;
    }
  }

  /** Makes timers at guest time 0, running. */
  public HostTimers() {
    thread = new Thread(this::serve, "wardian-timers");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public long nanoseconds() {
    return epoch.now();
  }

  @Override
  public Timer timer(String name, Runnable callback) {
    lock.lock();
    try {
      return new HostTimer(name, callback, timersMade++);
    } finally {
      lock.unlock();
    }
  }

  /**
   * What {@link #nanoseconds} is more than {@link System#nanoTime}, or {@link
   * TimestampCounter#UNRELATED} while guest time stands still.
   */
  public long hostOffset() {
    Epoch now = epoch;
    return now.paused() ? TimestampCounter.UNRELATED : now.offset();
  }

  /** Stops guest time; no callback begins until {@link #resume}. No effect if paused. */
  public void pause() {
    lock.lock();
    try {
      Epoch current = epoch;
      if (!current.paused()) {
        epoch = new Epoch(0, true, current.now());
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Lets guest time go on where it stopped. No effect if running. */
  public void resume() {
    lock.lock();
    try {
      Epoch current = epoch;
      if (current.paused()) {
        epoch = new Epoch(current.pausedAt() - System.nanoTime(), false, 0);
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Makes guest time go on from {@code now}; armed timers keep the time that they have left. */
  public void moveTo(long now) {
    lock.lock();
    try {
      Epoch current = epoch;
      long moved = now - current.now();
      epoch =
          current.paused()
              ? new Epoch(0, true, now)
              : new Epoch(current.offset() + moved, false, 0);
      List<HostTimer> timers = List.copyOf(armed);
      armed.clear();
      timers.forEach(timer -> timer.deadline += moved);
      armed.addAll(timers);
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the thread; armed timers never fire. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      armed.clear();
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void serve() {
    for (HostTimer due = awaitDue(); due != null; due = awaitDue()) {
      try {
        due.callback.run();
      } catch (RuntimeException e) {
        // A fault of one device must not stop the time of all others.
        thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
      }
    }
  }

  /** Waits for the next timer that falls due and disarms it; null once closed. */
  private HostTimer awaitDue() {
    lock.lock();
    try {
      while (!closed) {
        Epoch current = epoch;
        if (current.paused() || armed.isEmpty()) {
          sleepingUntil = Long.MAX_VALUE;
          changed.awaitUninterruptibly();
          continue;
        }
        HostTimer first = armed.first();
        long wait = first.deadline - current.now();
        if (wait <= 0) {
          armed.remove(first);
          first.pending = false;
          sleepingUntil = Long.MIN_VALUE;
          return first;
        }
        sleepingUntil = first.deadline;
        try {
          changed.awaitNanos(wait);
        } catch (InterruptedException e) {
          // Nobody has a reason to interrupt this thread, and its end is close(): look again.
          continue;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private final class HostTimer implements Timer {
    private final String name;
    private final Runnable callback;
    private final long number;
    private long deadline;
    private volatile boolean pending;

    HostTimer(String name, Runnable callback, long number) {
      this.name = name;
      this.callback = callback;
      this.number = number;
    }

    @Override
    public void arm(long deadlineNanoseconds) {
      lock.lock();
      try {
        if (closed) {
          return;
        }
        if (pending) {
          armed.remove(this);
        }
        deadline = deadlineNanoseconds;
        pending = true;
        armed.add(this);
        // A later deadline needs no signal: the thread wakes at the old one and looks again.
        if (deadline < sleepingUntil) {
          changed.signal();
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void cancel() {
      if (!pending) {
        return;
      }
      lock.lock();
      try {
        if (pending) {
          armed.remove(this);
          pending = false;
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean armed() {
      return pending;
    }

    @Override
    public String toString() {
      return name;
    }
  }
}

package org.wardian.storage.device;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.wardian.storage.BlockRequest;

/**
 * Requests that wait for a thread, for the limits, or for the machine to go on. Reads and writes
 * wait for limits apart, so that one kind's limit does not hold the other.
 */
final class RequestQueue {
  /** A request and when it came. */
  record Waiting(BlockRequest request, long since) {
    boolean write() {
      return request.kind() != BlockRequest.Kind.READ;
    }

    /** Flushes move no data and are not limited. */
    boolean limited() {
      return request.kind() == BlockRequest.Kind.READ || request.kind() == BlockRequest.Kind.WRITE;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ready = lock.newCondition();
  private final Condition idle = lock.newCondition();
  private final ArrayDeque<Waiting> reads = new ArrayDeque<>();
  private final ArrayDeque<Waiting> writes = new ArrayDeque<>();
  private final ArrayDeque<Waiting> others = new ArrayDeque<>();
  private final LongSupplier clock;
  private Throttle throttle;
  private boolean paused;
  private boolean closed;
  private int underWay;
  private int sleepers;

  RequestQueue(DeviceLimits limits, LongSupplier clock) {
    this.clock = clock;
    throttle = new Throttle(limits, clock.getAsLong());
  }

  private ArrayDeque<Waiting> queueOf(Waiting waiting) {
    return !waiting.limited() ? others : waiting.write() ? writes : reads;
  }

  /**
   * Adds a request.
   *
   * @return whether nobody waits to take it; a thread more could
   */
  boolean add(Waiting waiting) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the disk is closed");
      }
      queueOf(waiting).addLast(waiting);
      // The count of sleepers is a hint (one may wake by itself): the signal is always given.
      ready.signal();
      if (sleepers > 0) {
        sleepers--;
        return false;
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Puts a request back, to be tried first when the machine goes on; it is not under way. */
  void putBack(Waiting waiting) {
    lock.lock();
    try {
      queueOf(waiting).addFirst(waiting);
      paused = true;
      ended();
    } finally {
      lock.unlock();
    }
  }

  /** The next request that may start; null when the queue is closed or the thread interrupted. */
  Waiting take() {
    lock.lock();
    try {
      while (!closed) {
        long delay = Long.MAX_VALUE;
        if (!paused) {
          Waiting next = startable(others);
          next = next == null ? startable(reads) : next;
          next = next == null ? startable(writes) : next;
          if (next != null) {
            underWay++;
            return next;
          }
          delay = Math.min(delayOf(reads), delayOf(writes));
        }
        sleepers++;
        if (delay == Long.MAX_VALUE) {
          ready.await();
        } else if (ready.awaitNanos(delay) <= 0 && sleepers > 0) {
          sleepers--;
        }
      }
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } finally {
      lock.unlock();
    }
  }

  private Waiting startable(ArrayDeque<Waiting> queue) {
    Waiting first = queue.peekFirst();
    if (first == null) {
      return null;
    }
    if (first.limited()) {
      if (throttle.delay(first.write(), clock.getAsLong()) > 0) {
        return null;
      }
      throttle.use(first.write(), first.request().length());
    }
    return queue.pollFirst();
  }

  private long delayOf(ArrayDeque<Waiting> queue) {
    Waiting first = queue.peekFirst();
    return first == null ? Long.MAX_VALUE : throttle.delay(first.write(), clock.getAsLong());
  }

  /** A request that was taken has ended. */
  void done() {
    lock.lock();
    try {
      ended();
    } finally {
      lock.unlock();
    }
  }

  private void ended() {
    underWay--;
    if (underWay == 0) {
      idle.signalAll();
    }
  }

  void limit(DeviceLimits limits) {
    lock.lock();
    try {
      throttle = new Throttle(limits, clock.getAsLong());
      wakeAll();
    } finally {
      lock.unlock();
    }
  }

  private void wakeAll() {
    sleepers = 0;
    ready.signalAll();
  }

  /** Starts nothing new, and waits until nothing is under way. */
  void pause() {
    lock.lock();
    try {
      paused = true;
      while (underWay > 0) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  void resume() {
    lock.lock();
    try {
      paused = false;
      wakeAll();
    } finally {
      lock.unlock();
    }
  }

  /** Takes nothing more; waits for what is under way and returns what never started. */
  List<Waiting> close() {
    lock.lock();
    try {
      closed = true;
      wakeAll();
      while (underWay > 0) {
        idle.awaitUninterruptibly();
      }
      List<Waiting> left = new ArrayList<>(others);
      left.addAll(reads);
      left.addAll(writes);
      others.clear();
      reads.clear();
      writes.clear();
      return left;
    } finally {
      lock.unlock();
    }
  }

  int underWay() {
    lock.lock();
    try {
      return underWay;
    } finally {
      lock.unlock();
    }
  }

  int waiting() {
    lock.lock();
    try {
      return reads.size() + writes.size() + others.size();
    } finally {
      lock.unlock();
    }
  }
}

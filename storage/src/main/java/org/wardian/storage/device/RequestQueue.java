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
  private final int mostThreads;
  private final Runnable startThread;
  private Throttle throttle;
  private boolean paused;

  /** How many want that nothing starts, whether paused or not. */
  private int drains;

  private boolean closed;
  private int underWay;

  /** Threads that take requests, or have been started to. */
  private int threads;

  private int sleepers;

  /**
   * A thread is on its way to take a request. It calls the next one: so a burst of requests costs
   * who adds them one call, and threads come as long as there is work that nobody has.
   */
  private boolean called;

  /**
   * @param mostThreads how many threads may take requests at the same time
   * @param startThread starts one more; it calls {@link #take} until that returns null
   */
  RequestQueue(DeviceLimits limits, LongSupplier clock, int mostThreads, Runnable startThread) {
    this.clock = clock;
    this.mostThreads = mostThreads;
    this.startThread = startThread;
    throttle = new Throttle(limits, clock.getAsLong());
  }

  private ArrayDeque<Waiting> queueOf(Waiting waiting) {
    return !waiting.limited() ? others : waiting.write() ? writes : reads;
  }

  /** Adds a request; false where the disk is closed. */
  boolean add(Waiting waiting) {
    boolean start;
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      queueOf(waiting).addLast(waiting);
      start = call();
    } finally {
      lock.unlock();
    }
    if (start) {
      startThread.run();
    }
    return true;
  }

  /** Has a thread come if none does; returns whether it has to be started. */
  private boolean call() {
    if (called || held()) {
      return false;
    }
    if (sleepers > 0) {
      called = true;
      ready.signal();
      return false;
    }
    if (threads < mostThreads) {
      called = true;
      threads++;
      return true;
    }
    return false;
  }

  /** Whether a request may be carried out at once by the caller, who then says {@link #done}. */
  boolean begin() {
    lock.lock();
    try {
      if (closed || held() || !throttle.none()) {
        return false;
      }
      underWay++;
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
    Waiting next = null;
    boolean start = false;
    lock.lock();
    try {
      while (!closed) {
        called = false;
        long delay = Long.MAX_VALUE;
        if (!held()) {
          next = startable(others);
          next = next == null ? startable(reads) : next;
          next = next == null ? startable(writes) : next;
          if (next != null) {
            underWay++;
            start = waitingCount() > 0 && call();
            break;
          }
          delay = Math.min(delayOf(reads), delayOf(writes));
        }
        sleepers++;
        try {
          if (delay == Long.MAX_VALUE) {
            ready.await();
          } else {
            ready.awaitNanos(delay);
          }
        } finally {
          sleepers--;
        }
      }
    } catch (InterruptedException e) {
      called = false;
      threads--;
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    if (start) {
      startThread.run();
    }
    return next;
  }

  private boolean held() {
    return paused || drains > 0;
  }

  private int waitingCount() {
    return reads.size() + writes.size() + others.size();
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
    called = false;
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
    } finally {
      lock.unlock();
    }
    goOn();
  }

  private void goOn() {
    boolean start;
    lock.lock();
    try {
      wakeAll();
      start = waitingCount() > 0 && call();
    } finally {
      lock.unlock();
    }
    if (start) {
      startThread.run();
    }
  }

  /** As {@link #pause}, however often and whether paused or not, until {@link #endDrain}. */
  void drain() {
    lock.lock();
    try {
      drains++;
      while (underWay > 0) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  void endDrain() {
    lock.lock();
    try {
      drains--;
    } finally {
      lock.unlock();
    }
    goOn();
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
      return waitingCount();
    } finally {
      lock.unlock();
    }
  }
}

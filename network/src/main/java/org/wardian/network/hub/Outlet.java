package org.wardian.network.hub;

import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.network.Frame;

/**
 * A place of a switch: frames for it wait in a queue of limited size, from which a thread of its
 * own takes them. Who sends never waits for who receives.
 */
abstract class Outlet {
  private static final int MOST_FRAMES = 1024;
  private static final long MOST_BYTES = 8L << 20;
  private static final long NANOS_PER_FLOOD = 50_000;
  private static final long FLOOD_BURST = 4096;

  private final ArrayDeque<Frame> queue = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private long bytes;
  private long dropped;
  private boolean closed;
  private long floodCredit = FLOOD_BURST * NANOS_PER_FLOOD;
  private long floodTime = System.nanoTime();

  /** Queues a frame; false where there is no room. */
  final boolean offer(Frame frame) {
    lock.lock();
    try {
      if (closed || queue.size() >= MOST_FRAMES || bytes + frame.length() > MOST_BYTES) {
        dropped++;
        return false;
      }
      queue.addLast(frame);
      bytes += frame.length();
      if (queue.size() == 1) {
        arrived.signalAll();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a frame and takes it; null once this is closed. */
  final Frame take() {
    lock.lock();
    try {
      while (queue.isEmpty() && !closed) {
        arrived.awaitUninterruptibly();
      }
      return closed ? null : remove();
    } finally {
      lock.unlock();
    }
  }

  /** Takes a frame; null where there is none. */
  final Frame poll() {
    lock.lock();
    try {
      return closed || queue.isEmpty() ? null : remove();
    } finally {
      lock.unlock();
    }
  }

  private Frame remove() {
    Frame frame = queue.removeFirst();
    bytes -= frame.length();
    return frame;
  }

  /**
   * Whether this place may send one more frame to all others: a storm is cut to 20,000 a second.
   */
  final boolean mayFlood() {
    lock.lock();
    try {
      long now = System.nanoTime();
      floodCredit =
          Math.min(FLOOD_BURST * NANOS_PER_FLOOD, floodCredit + Math.max(0, now - floodTime));
      floodTime = now;
      if (floodCredit < NANOS_PER_FLOOD) {
        dropped++;
        return false;
      }
      floodCredit -= NANOS_PER_FLOOD;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Frames that found no room. */
  final long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  /** Drops what is queued, and takes nothing any more. */
  final void shut() {
    lock.lock();
    try {
      closed = true;
      queue.clear();
      bytes = 0;
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }
}

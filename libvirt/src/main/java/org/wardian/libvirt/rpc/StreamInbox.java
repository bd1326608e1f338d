package org.wardian.libvirt.rpc;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What came by a stream and was not taken yet. Who puts in waits while there is too much: there is
 * no flow control for single streams in the protocol, only the connection's own.
 */
public final class StreamInbox {
  private static final int ITEM_COST = 64;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<StreamItem> items = new ArrayDeque<>();
  private final int limit;
  private long held;
  private IOException failure;

  /** Holds about {@code limit} bytes. */
  public StreamInbox(int limit) {
    this.limit = limit;
  }

  /**
   * Adds an item, and waits until there is room.
   *
   * @return whether it was added: not when nobody took anything for {@code patience}
   */
  public boolean put(StreamItem item, Duration patience) {
    lock.lock();
    try {
      long nanos = patience.toNanos();
      long before = held;
      while (failure == null && held > 0 && held + item.cost() + ITEM_COST > limit) {
        if (nanos <= 0) {
          return false;
        }
        nanos = changed.awaitNanos(nanos);
        if (held < before) {
          before = held;
          nanos = patience.toNanos();
        }
      }
      if (failure == null) {
        items.add(item);
        held += item.cost() + ITEM_COST;
        changed.signalAll();
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes an item, and waits until there is one. {@link StreamItem.End} stays, for the next that
   * asks.
   *
   * @throws IOException once the stream has failed and all before it was taken
   */
  public StreamItem take() throws IOException {
    lock.lock();
    try {
      while (items.isEmpty() && failure == null) {
        changed.awaitUninterruptibly();
      }
      if (items.isEmpty()) {
        throw new IOException(failure.getMessage(), failure);
      }
      StreamItem item = items.peek();
      if (!(item instanceof StreamItem.End)) {
        items.remove();
        held -= item.cost() + ITEM_COST;
        changed.signalAll();
      }
      return item;
    } finally {
      lock.unlock();
    }
  }

  /** The same, for a time; null when there is none by then. */
  public StreamItem poll(Duration time) throws IOException {
    lock.lock();
    try {
      long nanos = time.toNanos();
      while (items.isEmpty() && failure == null && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
      return items.isEmpty() && failure == null ? null : take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more comes; what is there may still be taken. The first reason counts. */
  public void fail(IOException reason) {
    lock.lock();
    try {
      if (failure == null) {
        failure = reason;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Forgets what is there. */
  public void discard() {
    lock.lock();
    try {
      items.clear();
      held = 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Bytes that are held, about. */
  long held() {
    lock.lock();
    try {
      return held;
    } finally {
      lock.unlock();
    }
  }
}

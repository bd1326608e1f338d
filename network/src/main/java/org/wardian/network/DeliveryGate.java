package org.wardian.network;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Through which a port's one thread hands frames to its card: shut between pause and resume, and
 * waiting where the card has no room. Any thread calls the rest.
 */
public final class DeliveryGate {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile NetworkPort.Receiver receiver = frame -> true;
  private boolean cardReady;
  private boolean paused;
  private boolean delivering;
  private volatile boolean closed;

  /** An open gate. */
  public DeliveryGate() {}

  /** Names the card; until then frames vanish. */
  public void attach(NetworkPort.Receiver card) {
    receiver = card;
  }

  /**
   * The port's thread begins a batch; waits while the gate is shut. {@link #end} follows in any
   * case.
   *
   * @return false once this is closed
   */
  public boolean begin() {
    lock.lock();
    try {
      while (paused && !closed) {
        changed.awaitUninterruptibly();
      }
      delivering = true;
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Hands over a frame; where the card has no room it waits, and gives up when paused or closed.
   */
  public void deliver(Frame frame) {
    clearReady();
    while (!receiver.receive(frame)) {
      receiver.batchEnd();
      if (!awaitReady()) {
        return;
      }
    }
  }

  private void clearReady() {
    lock.lock();
    try {
      cardReady = false;
    } finally {
      lock.unlock();
    }
  }

  private boolean awaitReady() {
    lock.lock();
    try {
      while (!cardReady && !closed && !paused) {
        changed.awaitUninterruptibly();
      }
      boolean ready = cardReady;
      cardReady = false;
      return ready;
    } finally {
      lock.unlock();
    }
  }

  /** No further frame of the batch follows. */
  public void batchEnd() {
    receiver.batchEnd();
  }

  /** The port's thread ends what it began. */
  public void end() {
    lock.lock();
    try {
      delivering = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The card has room again. */
  public void ready() {
    lock.lock();
    try {
      cardReady = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Shuts the gate; returns when no delivery is under way. */
  public void pause() {
    lock.lock();
    try {
      paused = true;
      changed.signalAll();
      while (delivering) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Opens it again. */
  public void resume() {
    lock.lock();
    try {
      paused = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether it was closed. */
  public boolean closed() {
    return closed;
  }

  /**
   * Ends all waiting for good.
   *
   * @return false where that had been done before
   */
  public boolean close() {
    lock.lock();
    try {
      boolean first = !closed;
      closed = true;
      changed.signalAll();
      return first;
    } finally {
      lock.unlock();
    }
  }
}

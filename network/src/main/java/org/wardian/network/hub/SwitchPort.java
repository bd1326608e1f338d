package org.wardian.network.hub;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;
import org.wardian.network.wire.Segmenter;

/**
 * A card's port of a switch. What the sender leaves to do is left to the receiving card where that
 * takes it, and done here where it does not.
 */
public final class SwitchPort extends Outlet implements NetworkPort {
  private static final int BATCH = 64;

  private final Switch owner;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile Receiver receiver = frame -> true;
  private volatile Offloads accepted = Offloads.NONE;
  private boolean cardReady;
  private boolean paused;
  private boolean delivering;
  private boolean closed;

  SwitchPort(Switch owner) {
    this.owner = owner;
    thread = Thread.ofPlatform().daemon().name("wardian-switch-port").unstarted(this::run);
  }

  /** Frames that found no room, or came in a storm. */
  public long drops() {
    return dropped();
  }

  @Override
  public void attach(Receiver card) {
    receiver = card;
  }

  @Override
  public void accept(Offloads offloads) {
    accepted = offloads;
  }

  @Override
  public Offloads offered() {
    return Offloads.ALL;
  }

  @Override
  public boolean send(Frame frame) {
    return owner.pass(this, frame);
  }

  @Override
  public void ready() {
    lock.lock();
    try {
      cardReady = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int mtu() {
    return owner.mtu();
  }

  @Override
  public void start() {
    thread.start();
  }

  private void run() {
    for (Frame frame = take(); frame != null; frame = take()) {
      if (begin()) {
        Frame next = frame;
        for (int i = 0; next != null; i++) {
          Segmenter.adapt(next, accepted, this::deliver);
          next = i < BATCH ? poll() : null;
        }
        receiver.batchEnd();
      }
      end();
    }
  }

  private void deliver(Frame frame) {
    lock.lock();
    try {
      cardReady = false;
    } finally {
      lock.unlock();
    }
    while (!receiver.receive(frame)) {
      receiver.batchEnd();
      lock.lock();
      try {
        while (!cardReady && !closed && !paused) {
          changed.awaitUninterruptibly();
        }
        if (!cardReady) {
          return;
        }
        cardReady = false;
      } finally {
        lock.unlock();
      }
    }
  }

  private boolean begin() {
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

  private void end() {
    lock.lock();
    try {
      delivering = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
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

  @Override
  public void resume() {
    lock.lock();
    try {
      paused = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    owner.remove(this);
    shut();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

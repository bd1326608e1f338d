package org.wardian.network.nat;

import java.util.ArrayDeque;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort.Receiver;

/** Hands frames to the card, and keeps those that it has no room for, up to a limit. */
final class Delivery {
  private static final int MOST_HELD = 1024;
  private static final int MOST_HELD_BYTES = 4 << 20;
  private static final Receiver NOWHERE = frame -> true;

  private record Held(Frame frame, byte[] array) {}

  private final FramePool pool;
  private final NatCounters counters;
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private long heldBytes;
  private Receiver receiver = NOWHERE;
  private boolean delivered;

  Delivery(FramePool pool, NatCounters counters) {
    this.pool = pool;
    this.counters = counters;
  }

  void attach(Receiver to) {
    receiver = to;
  }

  /** Whether the card has no room. */
  boolean congested() {
    return !held.isEmpty();
  }

  /** Delivers a frame, or keeps it; its array goes back to the pool in time. */
  void deliver(Frame frame, byte[] array) {
    if (held.isEmpty()) {
      if (receiver.receive(frame)) {
        gone(frame, array);
        return;
      }
    } else if (held.size() >= MOST_HELD || heldBytes + frame.length() > MOST_HELD_BYTES) {
      counters.undelivered.increment();
      pool.giveBack(array);
      return;
    }
    held.addLast(new Held(frame, array));
    heldBytes += frame.length();
  }

  /**
   * The card may have room again.
   *
   * @return whether everything that was kept is gone
   */
  boolean retry() {
    while (!held.isEmpty()) {
      Held first = held.peekFirst();
      if (!receiver.receive(first.frame())) {
        return false;
      }
      held.removeFirst();
      heldBytes -= first.frame().length();
      gone(first.frame(), first.array());
    }
    return true;
  }

  private void gone(Frame frame, byte[] array) {
    delivered = true;
    counters.framesOut.increment();
    counters.bytesOut.add(frame.length());
    pool.giveBack(array);
  }

  /** Lets the card interrupt the guest for what was delivered. */
  void batchEnd() {
    if (delivered) {
      delivered = false;
      receiver.batchEnd();
    }
  }
}

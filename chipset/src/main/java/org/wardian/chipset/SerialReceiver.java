package org.wardian.chipset;

import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;

/**
 * The receive FIFO of a {@link Uart16550}, with the host's queue in front of it, the trigger level
 * and the character timeout. Guarded by the monitor of its port, which tells it whether the guest
 * listens before anything moves.
 */
final class SerialReceiver {
  private static final int FIFO_DEPTH = 16;
  private static final int QUEUE_CAPACITY = 4096;

  /** Four characters at 115,200 baud. */
  private static final long CHARACTER_TIMEOUT = 350_000;

  private final ByteQueue fifo = new ByteQueue(FIFO_DEPTH);

  /** Has room for the characters of the FIFO beyond its capacity, for those may come back. */
  private final ByteQueue queue = new ByteQueue(QUEUE_CAPACITY + FIFO_DEPTH);

  private final Timers timers;
  private final Timer timeout;
  private boolean fifosEnabled;
  private int trigger;
  private boolean refused;
  private boolean timedOut;
  private long timeoutAt;

  SerialReceiver(Timers timers, String name, Runnable timeoutReached) {
    this.timers = timers;
    this.timeout = timers.timer(name + "-timeout", timeoutReached);
    configure(false, 1);
  }

  // The host's end.

  /** Appends to the queue; how many bytes were taken. */
  int offer(byte[] bytes, int from, int length) {
    int taken = Math.min(length, room());
    for (int i = 0; i < taken; i++) {
      queue.add(bytes[from + i]);
    }
    refused |= taken < length;
    return taken;
  }

  /** Bytes that the queue takes now. */
  int room() {
    return Math.max(0, queue.room() - FIFO_DEPTH);
  }

  /** Moves characters from the queue into the FIFO; whether the queue has become half empty. */
  boolean refill() {
    boolean moved = false;
    while (fifo.size() < depth() && !queue.isEmpty()) {
      fifo.add(queue.removeFirst());
      moved = true;
    }
    armTimeout();
    return moved && queue.size() <= QUEUE_CAPACITY / 2;
  }

  /** Whether bytes have been refused since this was last asked. */
  boolean takeRefused() {
    boolean taken = refused;
    refused = false;
    return taken;
  }

  /** Takes the characters of the FIFO back into the queue. */
  void unread() {
    while (!fifo.isEmpty()) {
      queue.addFirst(fifo.removeLast());
    }
    clear();
  }

  // The guest's end.

  void configure(boolean enabled, int triggerLevel) {
    fifosEnabled = enabled;
    trigger = triggerLevel;
  }

  boolean fifosEnabled() {
    return fifosEnabled;
  }

  boolean isEmpty() {
    return fifo.isEmpty();
  }

  boolean triggered() {
    return fifo.size() >= trigger;
  }

  boolean timedOut() {
    return timedOut;
  }

  /** The next character, 0 when there is none. */
  int read() {
    if (fifo.isEmpty()) {
      return 0;
    }
    timedOut = false;
    int value = fifo.removeFirst() & 0xff;
    armTimeout();
    return value;
  }

  /** Takes a looped-back character; false when it overruns. */
  boolean add(byte value) {
    if (fifo.size() >= depth()) {
      return false;
    }
    fifo.add(value);
    armTimeout();
    return true;
  }

  void clear() {
    fifo.clear();
    timedOut = false;
    timeout.cancel();
  }

  /** On the timer's callback: whether the character timeout has been reached. */
  boolean timeoutReached() {
    if (fifosEnabled && !fifo.isEmpty() && timers.nanoseconds() >= timeoutAt) {
      timedOut = true;
    }
    return timedOut;
  }

  private int depth() {
    return fifosEnabled ? FIFO_DEPTH : 1;
  }

  private void armTimeout() {
    if (fifosEnabled && !fifo.isEmpty() && fifo.size() < trigger && !timedOut) {
      timeoutAt = timers.nanoseconds() + CHARACTER_TIMEOUT;
      timeout.arm(timeoutAt);
    } else {
      timeout.cancel();
    }
  }

  void save(StateWriter out) {
    out.writeBoolean(fifosEnabled);
    out.writeByte(trigger);
    out.writeBoolean(timedOut);
    fifo.save(out);
    queue.save(out);
  }

  void load(StateReader in) {
    fifosEnabled = in.readBoolean();
    trigger = Math.clamp(in.readByte(), 1, FIFO_DEPTH);
    timedOut = in.readBoolean();
    fifo.load(in);
    queue.load(in);
    if (queue.room() < FIFO_DEPTH && !fifo.isEmpty()) {
      fifo.clear();
      throw new StateException("the receive queue of a serial port overflows");
    }
    armTimeout();
  }
}

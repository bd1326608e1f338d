package org.wardian.virtio.console;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** What was typed into a port and is not the guest's yet. Its monitor guards it. */
final class PortInput {
  private static final int CAPACITY = 1 << 16;

  private final byte[] ring = new byte[CAPACITY];
  private int first;
  private int count;
  private boolean closed;

  /** Adds bytes; waits while there is no room. */
  synchronized void put(byte[] bytes, int offset, int length, Runnable more)
      throws InterruptedException {
    int done = 0;
    while (done < length) {
      while (count == CAPACITY && !closed) {
        wait();
      }
      if (closed) {
        return;
      }
      int part = Math.min(length - done, CAPACITY - count);
      for (int i = 0; i < part; i++) {
        ring[(first + count + i) % CAPACITY] = bytes[offset + done + i];
      }
      count += part;
      done += part;
      more.run();
    }
  }

  synchronized int available() {
    return count;
  }

  synchronized byte[] take(int most) {
    byte[] taken = new byte[Math.min(most, count)];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = ring[(first + i) % CAPACITY];
    }
    first = (first + taken.length) % CAPACITY;
    count -= taken.length;
    notifyAll();
    return taken;
  }

  /** Throws away what is not the guest's yet. */
  synchronized void clear() {
    count = 0;
    notifyAll();
  }

  /** Nobody reads any more. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  synchronized void save(StateWriter out) {
    byte[] kept = new byte[count];
    for (int i = 0; i < count; i++) {
      kept[i] = ring[(first + i) % CAPACITY];
    }
    out.writeBytes(kept);
  }

  synchronized void load(StateReader in) {
    byte[] kept = in.readBytes();
    first = 0;
    count = Math.min(kept.length, CAPACITY);
    System.arraycopy(kept, 0, ring, 0, count);
  }
}

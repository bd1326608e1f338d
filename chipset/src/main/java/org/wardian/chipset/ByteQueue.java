package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** A ring of bytes of fixed capacity. Not guarded. */
final class ByteQueue {
  private final byte[] ring;
  private int head;
  private int count;

  ByteQueue(int capacity) {
    ring = new byte[capacity];
  }

  int size() {
    return count;
  }

  boolean isEmpty() {
    return count == 0;
  }

  int room() {
    return ring.length - count;
  }

  /** Appends; the caller has looked at {@link #room}. */
  void add(byte value) {
    ring[(head + count) % ring.length] = value;
    count++;
  }

  /** Puts back in front; the caller has looked at {@link #room}. */
  void addFirst(byte value) {
    head = (head + ring.length - 1) % ring.length;
    ring[head] = value;
    count++;
  }

  byte removeFirst() {
    byte value = ring[head];
    head = (head + 1) % ring.length;
    count--;
    return value;
  }

  byte removeLast() {
    count--;
    return ring[(head + count) % ring.length];
  }

  void clear() {
    head = 0;
    count = 0;
  }

  void save(StateWriter out) {
    byte[] content = new byte[count];
    for (int i = 0; i < count; i++) {
      content[i] = ring[(head + i) % ring.length];
    }
    out.writeBytes(content);
  }

  /** Bytes beyond the capacity are left out. */
  void load(StateReader in) {
    byte[] content = in.readBytes();
    clear();
    count = Math.min(content.length, ring.length);
    System.arraycopy(content, 0, ring, 0, count);
  }
}

package org.wardian.network.nat;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory outside of the heap for the data of TCP connections, with an upper limit. While more than
 * half of it is in use, only small buffers are given out, so that many connections share the rest.
 */
final class BufferPool implements AutoCloseable {
  static final int LARGE = 512 << 10;
  static final int SMALL = 64 << 10;

  private final Arena arena = Arena.ofShared();
  private final long limit;
  private final ArrayDeque<ByteBuffer> large = new ArrayDeque<>();
  private final ArrayDeque<ByteBuffer> small = new ArrayDeque<>();
  private long used;
  private final AtomicLong allocated = new AtomicLong();

  BufferPool(long limit) {
    this.limit = limit;
  }

  /** Size of the buffer that the next {@link #take} gives; 0 for none. */
  int next() {
    if (used + LARGE <= limit / 2) {
      return LARGE;
    }
    return used + SMALL <= limit ? SMALL : 0;
  }

  /** A buffer, or null where the limit is reached. */
  ByteBuffer take() {
    int size = next();
    if (size == 0) {
      return null;
    }
    ByteBuffer buffer = (size == LARGE ? large : small).pollFirst();
    if (buffer == null) {
      buffer = allocate(size);
    }
    used += buffer.capacity();
    return buffer;
  }

  private ByteBuffer allocate(int size) {
    if (size == SMALL && allocated.get() + SMALL > limit) {
      // Idle large buffers hold the rest: one of them serves.
      ByteBuffer idle = large.pollFirst();
      if (idle != null) {
        return idle;
      }
    }
    allocated.addAndGet(size);
    return arena.allocate(size).asByteBuffer();
  }

  void giveBack(ByteBuffer buffer) {
    used -= buffer.capacity();
    (buffer.capacity() == LARGE ? large : small).addFirst(buffer);
  }

  /** Bytes that connections hold now. */
  long used() {
    return used;
  }

  /** Bytes taken from the host, idle ones included. Any thread. */
  long allocated() {
    return allocated.get();
  }

  @Override
  public void close() {
    arena.close();
  }
}

package org.wardian.storage.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;

/** Memory for the data of one connection's requests, a bounded amount, used again. */
final class Buffers {
  private static final int SMALLEST = 64 << 10;

  private final Semaphore bytes;
  private final Deque<ByteBuffer> free = new ArrayDeque<>();

  /**
   * Nothing is taken.
   *
   * @param most bytes that are out at the same time, at least {@link Protocol#PIECE}
   */
  Buffers(int most) {
    bytes = new Semaphore(most);
  }

  private static int capacityFor(int size) {
    return size <= SMALLEST ? SMALLEST : Integer.highestOneBit(size - 1) << 1;
  }

  /**
   * Waits for memory.
   *
   * @param size bytes, up to {@link Protocol#PIECE}
   * @return a direct buffer whose limit is {@code size}
   */
  ByteBuffer take(int size) {
    int capacity = capacityFor(size);
    bytes.acquireUninterruptibly(capacity);
    synchronized (free) {
      for (var each = free.iterator(); each.hasNext(); ) {
        ByteBuffer buffer = each.next();
        if (buffer.capacity() == capacity) {
          each.remove();
          return buffer.clear().limit(size);
        }
      }
      // What is kept and what is out make no more together than may be out.
      while (keptBytes() > bytes.availablePermits() && !free.isEmpty()) {
        free.removeLast();
      }
    }
    try {
      return ByteBuffer.allocateDirect(capacity).limit(size);
    } catch (OutOfMemoryError e) {
      bytes.release(capacity);
      throw e;
    }
  }

  private long keptBytes() {
    long kept = 0;
    for (ByteBuffer each : free) {
      kept += each.capacity();
    }
    return kept;
  }

  /** Gives memory back. */
  void give(ByteBuffer buffer) {
    synchronized (free) {
      free.addFirst(buffer);
    }
    bytes.release(buffer.capacity());
  }
}

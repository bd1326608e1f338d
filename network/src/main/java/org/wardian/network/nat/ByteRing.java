package org.wardian.network.nat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A queue of bytes of one direction of a connection. It holds memory of the pool only while it has
 * content, or expects some.
 */
final class ByteRing {
  private final BufferPool pool;
  private ByteBuffer memory;

  /** The same memory, whose position and limit belong to the host's reads and writes. */
  private ByteBuffer window;

  private int mask;
  private int head;
  private int length;

  ByteRing(BufferPool pool) {
    this.pool = pool;
  }

  /** Bytes in the queue. */
  int length() {
    return length;
  }

  /** Bytes that fit besides those in the queue; without memory, what the pool would give. */
  int free() {
    return (memory == null ? pool.next() : memory.capacity()) - length;
  }

  /** Takes memory from the pool; false where it has none. */
  boolean prepare() {
    if (memory == null) {
      memory = pool.take();
      if (memory == null) {
        return false;
      }
      window = memory.duplicate();
      mask = memory.capacity() - 1;
      head = 0;
    }
    return true;
  }

  /** Gives the memory back where the queue is empty. */
  void relax() {
    if (memory != null && length == 0) {
      pool.giveBack(memory);
      memory = null;
      window = null;
    }
  }

  /** Drops everything and gives the memory back. */
  void clear() {
    length = 0;
    relax();
  }

  /**
   * Writes behind the end of the queue without lengthening it.
   *
   * @param gap bytes to leave free between the end and the first byte
   */
  void place(int gap, byte[] bytes, int offset, int count) {
    int at = head + length + gap & mask;
    int first = Math.min(count, mask + 1 - at);
    memory.put(at, bytes, offset, first);
    if (first < count) {
      memory.put(0, bytes, offset + first, count - first);
    }
  }

  /** Lengthens the queue by bytes that were placed. */
  void append(int count) {
    length += count;
  }

  /** Copies bytes from within the queue. */
  void copy(int from, byte[] to, int offset, int count) {
    int at = head + from & mask;
    int first = Math.min(count, mask + 1 - at);
    memory.get(at, to, offset, first);
    if (first < count) {
      memory.get(0, to, offset + first, count - first);
    }
  }

  /** Drops bytes at the front. */
  void drop(int count) {
    head = head + count & mask;
    length -= count;
  }

  /**
   * Appends what the host has for us.
   *
   * @return bytes read, or -1 at the end of the stream
   */
  int readFrom(SocketChannel channel) throws IOException {
    int total = 0;
    while (length <= mask) {
      int at = head + length & mask;
      int room = Math.min(mask + 1 - length, mask + 1 - at);
      window.limit(at + room).position(at);
      int read = channel.read(window);
      if (read < 0) {
        return total > 0 ? total : -1;
      }
      length += read;
      total += read;
      if (read < room) {
        break;
      }
    }
    return total;
  }

  /**
   * Gives the host what is at the front, as much as it takes.
   *
   * @return bytes written
   */
  int writeTo(SocketChannel channel) throws IOException {
    int total = 0;
    while (length > 0) {
      int count = Math.min(length, mask + 1 - head);
      window.limit(head + count).position(head);
      int written = channel.write(window);
      drop(written);
      total += written;
      if (written < count) {
        break;
      }
    }
    return total;
  }
}

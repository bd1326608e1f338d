package org.wardian.storage.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads numbers and data from a wire, in network order. One thread. */
final class WireInput {
  private static final int CAPACITY = 64 << 10;

  private final Wire wire;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(CAPACITY).limit(0);

  WireInput(Wire wire) {
    this.wire = wire;
  }

  /** Bytes that have come and are not taken yet. */
  int waiting() {
    return buffer.remaining();
  }

  /**
   * Waits for bytes.
   *
   * @param bytes up to 64 KiB
   * @return false where the stream ends before the first of them
   * @throws EOFException where it ends within
   */
  boolean await(int bytes) throws IOException {
    while (buffer.remaining() < bytes) {
      if (!buffer.hasRemaining()) {
        buffer.clear().limit(0);
      } else if (buffer.capacity() - buffer.position() < bytes) {
        buffer.compact().flip();
      }
      int start = buffer.position();
      int end = buffer.limit();
      buffer.limit(buffer.capacity()).position(end);
      int count;
      try {
        count = wire.read(buffer);
      } finally {
        buffer.limit(buffer.position()).position(start);
      }
      if (count < 0 && end == start) {
        return false;
      }
      if (count < 0) {
        throw ended();
      }
    }
    return true;
  }

  /** Waits for bytes that must come. */
  void need(int bytes) throws IOException {
    if (!await(bytes)) {
      throw ended();
    }
  }

  private static EOFException ended() {
    return new EOFException("the connection ended in the middle of a message");
  }

  short getShort() {
    return buffer.getShort();
  }

  int getInt() {
    return buffer.getInt();
  }

  long getLong() {
    return buffer.getLong();
  }

  /** Fills {@code to}, from its position to its limit. */
  void read(ByteBuffer to) throws IOException {
    int ready = Math.min(to.remaining(), buffer.remaining());
    to.put(to.position(), buffer, buffer.position(), ready);
    to.position(to.position() + ready);
    buffer.position(buffer.position() + ready);
    while (to.hasRemaining()) {
      if (wire.read(to) < 0) {
        throw ended();
      }
    }
  }

  /** The next bytes, in an array of their own. */
  byte[] bytes(int count) throws IOException {
    byte[] bytes = new byte[count];
    read(ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** Takes bytes that are of no use. */
  void skip(long bytes) throws IOException {
    long left = bytes;
    while (left > 0) {
      if (!buffer.hasRemaining()) {
        need(1);
      }
      int step = (int) Math.min(left, buffer.remaining());
      buffer.position(buffer.position() + step);
      left -= step;
    }
  }
}

package org.wardian.display.vnc;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** What comes from a client, big-endian. For one thread. */
final class RfbInput {
  private static final int LENGTH = 4096;

  private final ReadableByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(LENGTH).flip();

  /** Reads from a channel that blocks. */
  RfbInput(ReadableByteChannel channel) {
    this.channel = channel;
  }

  private void need(int count) throws IOException {
    if (buffer.remaining() >= count) {
      return;
    }
    buffer.compact();
    try {
      while (buffer.position() < count) {
        if (channel.read(buffer) < 0) {
          throw new EOFException("the client closed the connection");
        }
      }
    } finally {
      buffer.flip();
    }
  }

  int u8() throws IOException {
    need(1);
    return buffer.get() & 0xff;
  }

  int u16() throws IOException {
    need(2);
    return buffer.getShort() & 0xffff;
  }

  int i32() throws IOException {
    need(4);
    return buffer.getInt();
  }

  long u32() throws IOException {
    return Integer.toUnsignedLong(i32());
  }

  /** Reads bytes, fewer than a thousand or so. */
  byte[] bytes(int count) throws IOException {
    need(count);
    byte[] bytes = new byte[count];
    buffer.get(bytes);
    return bytes;
  }

  /** Reads bytes and forgets them. */
  void skip(long count) throws IOException {
    long left = count;
    while (left > 0) {
      need(1);
      int part = (int) Math.min(left, buffer.remaining());
      buffer.position(buffer.position() + part);
      left -= part;
    }
  }

  /** Takes what has come and was not read: it belongs to a layer below. */
  ByteBuffer takeRest() {
    ByteBuffer rest = ByteBuffer.allocate(buffer.remaining());
    rest.put(buffer).flip();
    return rest;
  }
}

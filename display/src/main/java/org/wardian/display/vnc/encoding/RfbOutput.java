package org.wardian.display.vnc.encoding;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * What goes to a client, big-endian, through a buffer of fixed length: whoever writes waits for a
 * client that reads slowly. For one thread.
 */
public final class RfbOutput {
  private static final int LENGTH = 32 << 10;

  private final WritableByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(LENGTH);

  /** Writes to a channel that blocks. */
  public RfbOutput(WritableByteChannel channel) {
    this.channel = channel;
  }

  private void room(int count) throws IOException {
    if (buffer.remaining() < count) {
      flush();
    }
  }

  /** Writes a byte. */
  public void u8(int value) throws IOException {
    room(1);
    buffer.put((byte) value);
  }

  /** Writes 16 bits. */
  public void u16(int value) throws IOException {
    room(2);
    buffer.putShort((short) value);
  }

  /** Writes 32 bits. */
  public void i32(int value) throws IOException {
    room(4);
    buffer.putInt(value);
  }

  /** Writes bytes. */
  public void bytes(byte[] from) throws IOException {
    bytes(from, 0, from.length);
  }

  /** Writes a part of an array. */
  public void bytes(byte[] from, int offset, int count) throws IOException {
    int at = offset;
    int left = count;
    while (left > 0) {
      room(1);
      int part = Math.min(left, buffer.remaining());
      buffer.put(from, at, part);
      at += part;
      left -= part;
    }
  }

  /** Writes the place, size and encoding with which every rectangle begins. */
  public void rectangle(int x, int y, int width, int height, int encoding) throws IOException {
    u16(x);
    u16(y);
    u16(width);
    u16(height);
    i32(encoding);
  }

  /** Sends what was written. */
  public void flush() throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }
}

package org.wardian.network.hub;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.wardian.network.Frame;

/** A place of a switch that leads to the switch of another process. */
final class Trunk extends Outlet implements AutoCloseable {
  private static final int BUFFER = 256 << 10;
  private static final int GREETING_SIZE = 8;

  private final Switch owner;
  private final SocketChannel channel;

  Trunk(Switch owner, SocketChannel channel) {
    this.owner = owner;
    this.channel = channel;
  }

  /**
   * Passes frames both ways until the connection ends, on this thread and another.
   *
   * @throws IOException where the other side breaks the format, or the connection
   */
  void run() throws IOException {
    Thread writer = Thread.ofPlatform().daemon().name("wardian-trunk").unstarted(this::write);
    try {
      channel.write(ByteBuffer.allocate(GREETING_SIZE).putLong(0, TrunkFormat.GREETING));
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).limit(0);
      fill(buffer, GREETING_SIZE);
      if (buffer.getLong() != TrunkFormat.GREETING) {
        throw new IOException("it is no switch of this version");
      }
      owner.add(this);
      writer.start();
      while (true) {
        fill(buffer, TrunkFormat.HEADER);
        int length = TrunkFormat.length(buffer);
        if (length < 0) {
          throw new IOException("it sends no frames");
        }
        fill(buffer, TrunkFormat.HEADER + length);
        byte[] bytes = new byte[length];
        buffer.get(buffer.position() + TrunkFormat.HEADER, bytes);
        Frame frame = TrunkFormat.read(buffer, bytes);
        if (frame == null) {
          throw new IOException("it sends no frames");
        }
        buffer.position(buffer.position() + length);
        owner.pass(this, frame);
      }
    } finally {
      close();
    }
  }

  /** Reads until the buffer holds as many bytes. */
  private void fill(ByteBuffer buffer, int bytes) throws IOException {
    while (buffer.remaining() < bytes) {
      buffer.compact();
      int read = channel.read(buffer);
      buffer.flip();
      if (read < 0) {
        throw new EOFException("the other process has ended");
      }
    }
  }

  private void write() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    try {
      for (Frame frame = take(); frame != null; ) {
        buffer.clear();
        while (frame != null && buffer.remaining() >= TrunkFormat.HEADER + frame.length()) {
          TrunkFormat.write(frame, buffer);
          buffer.put(frame.bytes(), frame.offset(), frame.length());
          frame = poll();
        }
        buffer.flip();
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        if (frame == null) {
          frame = take();
        }
      }
    } catch (IOException e) {
      // The reader sees it too, and ends the trunk.
      shut();
    }
  }

  @Override
  public void close() throws IOException {
    owner.remove(this);
    shut();
    channel.close();
  }
}

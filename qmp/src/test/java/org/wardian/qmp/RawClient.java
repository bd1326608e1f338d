package org.wardian.qmp;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Sends bytes as they are, and reads lines: Java's own socket, so that ours is at one end only. */
final class RawClient implements AutoCloseable {
  private final SocketChannel channel;
  private final ByteBuffer block = ByteBuffer.allocate(1 << 16).flip();

  RawClient(Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
  }

  /** The next line without its end, null at the end. */
  String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      if (!block.hasRemaining()) {
        block.clear();
        int count = channel.read(block);
        block.flip();
        if (count < 0) {
          return line.isEmpty() ? null : line.toString();
        }
      }
      char next = (char) block.get();
      if (next == '\n') {
        return line.toString().strip();
      }
      line.append(next);
    }
  }

  RawClient send(String text) throws IOException {
    return send(text.getBytes(StandardCharsets.UTF_8));
  }

  RawClient send(byte... bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    return this;
  }

  /** What the server answers to a text. */
  String ask(String text) throws IOException {
    return send(text).line();
  }

  void finishWriting() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

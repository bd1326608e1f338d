package org.wardian.storage.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A socket as it is. */
final class ChannelWire implements Wire {
  private final SocketChannel channel;

  /** Takes over a connected, blocking channel. */
  ChannelWire(SocketChannel channel) throws IOException {
    this.channel = channel;
    if (channel.getRemoteAddress() instanceof InetSocketAddress) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    return channel.read(to);
  }

  @Override
  public void write(ByteBuffer... from) throws IOException {
    int last = from.length - 1;
    while (from[last].hasRemaining() || remaining(from)) {
      channel.write(from);
    }
  }

  private static boolean remaining(ByteBuffer... buffers) {
    for (ByteBuffer each : buffers) {
      if (each.hasRemaining()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void endInput() {
    try {
      channel.shutdownInput();
    } catch (IOException alreadyGone) {
      close();
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It is given up either way, and nothing that was promised depends on it.
      return;
    }
  }
}

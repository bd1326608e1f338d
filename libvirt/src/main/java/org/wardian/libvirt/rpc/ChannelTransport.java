package org.wardian.libvirt.rpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A channel of Java's own: TCP, or a UNIX socket without descriptors and credentials. */
public final class ChannelTransport implements Transport {
  private final SocketChannel channel;
  private final Peer peer;

  /** Over a connected channel that blocks. */
  public ChannelTransport(SocketChannel channel, Peer.Kind kind, String address) {
    this.channel = channel;
    peer = new Peer(kind, address, null, null);
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    return channel.read(ByteBuffer.wrap(into, offset, length));
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(from, offset, length);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  @Override
  public Peer peer() {
    return peer;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It is of no more use either way.
    }
  }
}

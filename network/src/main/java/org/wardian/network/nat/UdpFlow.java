package org.wardian.network.nat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.wardian.network.wire.IpPacket;

/** One conversation by UDP. */
abstract sealed class UdpFlow {
  /** Datagrams that are read from a socket at once. */
  static final int BATCH = 64;

  /** When a datagram went either way, by the engine's clock. */
  long lastUsed;

  /** The guest's datagram, its headers only, for an error about it; or null. */
  IpPacket request;

  /** Sends to the host; what its socket has no room for is lost, as on any network. */
  abstract void send(ByteBuffer datagram) throws IOException;

  abstract void close() throws IOException;

  /** The guest has begun; the socket is this flow's own. */
  static final class Connected extends UdpFlow implements Ready {
    private final UdpTable table;
    private final Flow flow;
    private final DatagramChannel channel;

    Connected(UdpTable table, Flow flow, DatagramChannel channel) {
      this.table = table;
      this.flow = flow;
      this.channel = channel;
    }

    Flow flow() {
      return flow;
    }

    DatagramChannel channel() {
      return channel;
    }

    @Override
    void send(ByteBuffer datagram) throws IOException {
      channel.write(datagram);
    }

    @Override
    public void ready(int operations) {
      table.read(this);
    }

    @Override
    void close() throws IOException {
      channel.close();
    }
  }

  /** Someone on the host has begun; the socket is the forward's. */
  static final class Forwarded extends UdpFlow {
    private final DatagramChannel channel;
    private final InetSocketAddress peer;
    private final Runnable forget;

    Forwarded(DatagramChannel channel, InetSocketAddress peer, Runnable forget) {
      this.channel = channel;
      this.peer = peer;
      this.forget = forget;
    }

    @Override
    void send(ByteBuffer datagram) throws IOException {
      channel.send(datagram, peer);
    }

    @Override
    void close() {
      forget.run();
    }
  }
}

package org.wardian.network.nat;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.wardian.network.wire.IpAddress;

/** The host's ports that lead to guests. */
final class Forwards implements AutoCloseable {
  private static final int BACKLOG = 128;
  private static final int BATCH = 32;

  private final NatEngine engine;
  private final List<NetworkChannel> channels = new ArrayList<>();
  private final List<InetSocketAddress> addresses = new ArrayList<>();

  Forwards(NatEngine engine) {
    this.engine = engine;
  }

  void open() throws IOException {
    for (Forward forward : engine.configuration().forwards()) {
      try {
        NetworkChannel channel = open(forward);
        addresses.add((InetSocketAddress) channel.getLocalAddress());
      } catch (BindException e) {
        throw new IOException(
            "port "
                + forward.hostPort()
                + " of "
                + forward.bind().getHostAddress()
                + " cannot be published: "
                + e.getMessage()
                + "; choose another port, or stop the program that has it",
            e);
      }
    }
  }

  /** Where each forward listens, in their order. */
  List<InetSocketAddress> addresses() {
    return List.copyOf(addresses);
  }

  private NetworkChannel open(Forward forward) throws IOException {
    IpAddress guest = forward.guest() != null ? forward.guest() : engine.configuration().guest4();
    if (forward.protocol() == Forward.Protocol.UDP) {
      DatagramChannel channel = DatagramChannel.open();
      channels.add(channel);
      channel.configureBlocking(false);
      channel.bind(forward.listen());
      engine.udp().forward(channel, guest, forward.guestPort());
      return channel;
    }
    ServerSocketChannel channel = ServerSocketChannel.open();
    channels.add(channel);
    channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    channel.configureBlocking(false);
    channel.bind(forward.listen(), BACKLOG);
    Ready ready = operations -> accept(channel, guest, forward.guestPort());
    channel.register(engine.selector(), SelectionKey.OP_ACCEPT, ready);
    return channel;
  }

  private void accept(ServerSocketChannel server, IpAddress guest, int port) {
    for (int i = 0; i < BATCH; i++) {
      try {
        SocketChannel channel = server.accept();
        if (channel == null) {
          return;
        }
        engine.tcp().accepted(channel, guest, port);
      } catch (IOException e) {
        // Too many open files: the connection waits in the host's queue.
        engine.counters().overLimit.increment();
        return;
      }
    }
  }

  @Override
  public void close() {
    for (NetworkChannel channel : channels) {
      try {
        channel.close();
      } catch (IOException e) {
        engine.counters().failures.increment();
      }
    }
    channels.clear();
  }
}

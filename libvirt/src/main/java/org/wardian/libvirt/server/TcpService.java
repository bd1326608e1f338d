package org.wardian.libvirt.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.wardian.libvirt.rpc.ChannelTransport;
import org.wardian.libvirt.rpc.Peer;
import org.wardian.libvirt.rpc.Transport;
import org.wardian.libvirt.tls.TlsIdentity;
import org.wardian.libvirt.tls.TlsTransport;

/** A TCP port, plain or with TLS. */
public final class TcpService implements Service {
  private static final int BACKLOG = 128;

  private final ServerSocketChannel listener;
  private final TlsIdentity identity;
  private final List<AuthenticationType> types;

  /**
   * Listens.
   *
   * @param address where; port 0 takes one that is free
   * @param identity for TLS, or null for plain TCP
   * @param types how clients authenticate, beside their certificates
   * @throws IOException where the port cannot be had
   */
  public TcpService(InetSocketAddress address, TlsIdentity identity, List<AuthenticationType> types)
      throws IOException {
    listener = ServerSocketChannel.open();
    try {
      listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      listener.bind(address, BACKLOG);
    } catch (IOException e) {
      listener.close();
      throw new IOException("cannot listen at " + address + ": " + e.getMessage(), e);
    }
    this.identity = identity;
    this.types = List.copyOf(types);
  }

  /** The port. */
  public int port() {
    return listener.socket().getLocalPort();
  }

  @Override
  public Arrival accept() throws IOException {
    try {
      SocketChannel channel = listener.accept();
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      return new TcpArrival(channel, String.valueOf(channel.getRemoteAddress()), identity);
    } catch (ClosedChannelException closed) {
      return null;
    }
  }

  private record TcpArrival(SocketChannel channel, String address, TlsIdentity identity)
      implements Arrival {
    @Override
    public Transport establish() throws IOException {
      return identity == null
          ? new ChannelTransport(channel, Peer.Kind.TCP, address)
          : TlsTransport.accept(channel.socket(), address, identity);
    }

    @Override
    public void abort() {
      try {
        channel.close();
      } catch (IOException e) {
        // It is of no more use either way.
      }
    }
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public List<AuthenticationType> authentication(Peer peer) {
    return types;
  }

  @Override
  public String name() {
    return (identity == null ? "tcp port " : "tls port ") + port();
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      // It is of no more use either way.
    }
  }
}

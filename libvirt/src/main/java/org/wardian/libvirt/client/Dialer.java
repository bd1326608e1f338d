package org.wardian.libvirt.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.wardian.host.HostException;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.rpc.ChannelTransport;
import org.wardian.libvirt.rpc.Peer;
import org.wardian.libvirt.rpc.Transport;
import org.wardian.libvirt.rpc.UnixTransport;
import org.wardian.libvirt.tls.TlsIdentity;
import org.wardian.libvirt.tls.TlsTransport;

/** Reaches the daemon of a URI. */
final class Dialer {
  private static final Path PKI = Path.of("/etc/pki");

  private Dialer() {}

  static Transport dial(ConnectionUri uri, ConnectOptions options) throws IOException {
    if (uri.transport() == ConnectionUri.Transport.UNIX) {
      return unix(SocketPaths.ofThisProcess().socket(uri, options.readOnly()));
    }
    if (uri.transport() == ConnectionUri.Transport.SSH) {
      return SshTransport.start(uri, options.readOnly());
    }
    String host = uri.host() == null ? "localhost" : uri.host();
    SocketChannel channel = SocketChannel.open();
    try {
      channel.connect(new InetSocketAddress(host, uri.port()));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      return uri.transport() == ConnectionUri.Transport.TCP
          ? new ChannelTransport(channel, Peer.Kind.TCP, host + ":" + uri.port())
          : TlsTransport.connect(channel.socket(), host, identity(uri, options), verifies(uri));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw new IOException(
          "unable to connect to " + host + ":" + uri.port() + ": " + e.getMessage(), e);
    }
  }

  /** Our own sockets where they work, since they pass descriptors; else Java's. */
  private static Transport unix(Path path) throws IOException {
    if (UnixSocket.available()) {
      try {
        return new UnixTransport(UnixSocket.connect(path), path.toString());
      } catch (HostException e) {
        throw new IOException("unable to connect to " + path + ": " + e.getMessage(), e);
      }
    }
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(path));
      return new ChannelTransport(channel, Peer.Kind.UNIX, path.toString());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw new IOException("unable to connect to " + path + ": " + e.getMessage(), e);
    }
  }

  private static boolean verifies(ConnectionUri uri) {
    String word = uri.parameters().getOrDefault("no_verify", "0");
    return word.equals("0");
  }

  private static TlsIdentity identity(ConnectionUri uri, ConnectOptions options)
      throws IOException {
    if (options.identity() != null) {
      return options.identity();
    }
    String flat = uri.parameters().get("pkipath");
    return TlsIdentity.ofClient(
        flat == null ? null : Path.of(flat), Path.of(System.getProperty("user.home")), PKI);
  }
}

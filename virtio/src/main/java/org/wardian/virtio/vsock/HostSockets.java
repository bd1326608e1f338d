package org.wardian.virtio.vsock;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * The host's side of a guest's sockets: UNIX sockets, as Firecracker and cloud-hypervisor have
 * them. Who connects to FILE and writes {@code CONNECT port} and a line feed is connected to the
 * guest's port, and reads {@code OK port} with the number of his own. Where the guest connects to
 * port P of the host, a connection is made to FILE_P, where the host's program listens.
 */
public final class HostSockets implements AutoCloseable {
  private final Path file;
  private final ServerSocketChannel listener;

  private HostSockets(Path file, ServerSocketChannel listener) {
    this.file = file;
    this.listener = listener;
  }

  /**
   * Listens at a file, which is made; one where nobody listens any more is replaced.
   *
   * @throws IOException with a message for the user
   */
  public static HostSockets listen(Path file) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(file);
    removeDeserted(file, address);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(address);
      listener.configureBlocking(false);
      return new HostSockets(file, listener);
    } catch (IOException e) {
      listener.close();
      throw new IOException(
          file + ": cannot listen there: " + Objects.toString(e.getMessage(), "refused"), e);
    }
  }

  private static void removeDeserted(Path file, UnixDomainSocketAddress address)
      throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    boolean socket =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isOther();
    if (!socket) {
      throw new IOException(file + " is there already, and is no socket");
    }
    try (SocketChannel other = SocketChannel.open(address)) {
      throw new IOException(file + ": " + (other.isOpen() ? "another listens there" : ""));
    } catch (ConnectException deserted) {
      Files.delete(file);
    }
  }

  ServerSocketChannel listener() {
    return listener;
  }

  /**
   * Connects to the program of the host that listens for the guest at a port.
   *
   * @param port 32 bits, without a sign
   * @throws IOException where there is none, or it does not take more
   */
  SocketChannel connect(int port) throws IOException {
    Path program = file.resolveSibling(file.getFileName() + "_" + Integer.toUnsignedString(port));
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.configureBlocking(false);
      if (!channel.connect(UnixDomainSocketAddress.of(program))) {
        throw new ConnectException(program + " takes no more connections");
      }
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // The file stays, and is replaced the next time.
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }
}

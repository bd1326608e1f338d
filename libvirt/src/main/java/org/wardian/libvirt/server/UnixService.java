package org.wardian.libvirt.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Set;
import org.wardian.host.HostException;
import org.wardian.host.UnixListener;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.rpc.Peer;
import org.wardian.libvirt.rpc.Transport;
import org.wardian.libvirt.rpc.UnixTransport;

/** A UNIX socket. Root never has to authenticate: it could do as it likes anyway. */
public final class UnixService implements Service {
  private static final int BACKLOG = 128;

  private final UnixListener listener;
  private final boolean readOnly;
  private final List<AuthenticationType> types;

  /**
   * Listens.
   *
   * @param permissions of the socket's file
   * @param types how users other than root authenticate
   * @throws IOException where a file of that name is in use or no socket, or cannot be made
   */
  public UnixService(
      Path path,
      Set<PosixFilePermission> permissions,
      boolean readOnly,
      List<AuthenticationType> types)
      throws IOException {
    removeDead(path);
    try {
      listener = UnixListener.bind(path, permissions, BACKLOG);
    } catch (HostException e) {
      throw new IOException(e.getMessage(), e);
    }
    this.readOnly = readOnly;
    this.types = List.copyOf(types);
  }

  /** A socket that nobody listens at is what a daemon that was killed leaves behind. */
  private static void removeDead(Path path) throws IOException {
    if (!Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      UnixSocket.connect(path).close();
    } catch (HostException refused) {
      if (refused.errno() != CONNECTION_REFUSED) {
        throw new IOException(path + " is in the way: " + refused.getMessage(), refused);
      }
      Files.delete(path);
      return;
    }
    throw new IOException("another daemon listens at " + path);
  }

  /** {@code ECONNREFUSED}: {@code include/uapi/asm-generic/errno.h}. */
  private static final int CONNECTION_REFUSED = 111;

  @Override
  public Arrival accept() {
    UnixSocket socket = listener.accept();
    return socket == null ? null : new UnixArrival(socket, name());
  }

  private record UnixArrival(UnixSocket socket, String address) implements Arrival {
    @Override
    public Transport establish() throws IOException {
      try {
        return new UnixTransport(socket, address);
      } catch (HostException | IllegalStateException e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    @Override
    public void abort() {
      socket.close();
    }
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public List<AuthenticationType> authentication(Peer peer) {
    boolean root = peer.credentials() != null && peer.credentials().uid() == 0;
    return root && types.contains(AuthenticationType.POLKIT)
        ? List.of(AuthenticationType.NONE)
        : types;
  }

  @Override
  public String name() {
    return listener.path().toString();
  }

  @Override
  public void close() {
    listener.close();
  }
}

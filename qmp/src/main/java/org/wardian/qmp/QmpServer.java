package org.wardian.qmp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.wardian.host.HostException;
import org.wardian.host.UnixListener;
import org.wardian.host.UnixSocket;

/**
 * QMP on a UNIX socket that only its owner may open. Each client has a session of its own: its
 * commands are executed in the order that it sent them, and it gets every event that is sent after
 * its {@code qmp_capabilities}.
 */
public final class QmpServer implements AutoCloseable {
  private static final int BACKLOG = 16;
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  /** Clients at a time; one more is closed at once. */
  private static final int MAXIMUM_CLIENTS = 64;

  private final Path socket;
  private final UnixListener listener;
  private final CommandTable commands;
  private final Set<ServerSession> sessions = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  private QmpServer(Path socket, UnixListener listener, CommandTable commands) {
    this.socket = socket;
    this.listener = listener;
    this.commands = commands;
  }

  /**
   * Listens. A socket of that name on which nobody listens is replaced.
   *
   * @throws HostException when it cannot be, or a server listens there
   */
  public static QmpServer listen(Path socket, CommandTable commands) {
    removeStale(socket);
    // A socket has its name once it listens, so that whoever waits for the name can connect.
    Path nameless = socket.resolveSibling(socket.getFileName() + "~");
    UnixListener listener;
    try {
      Files.deleteIfExists(nameless);
      listener = UnixListener.bind(nameless, PosixFilePermissions.fromString("rw-------"), BACKLOG);
      Files.move(nameless, socket, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw HostException.unsupported(
          socket + " cannot be made: " + e.getMessage(), "choose another folder");
    }
    QmpServer server = new QmpServer(socket, listener, commands);
    Thread.ofVirtual().name("qmp " + socket.getFileName()).start(server::accept);
    return server;
  }

  /**
   * Has Java make ready on another thread what the first command needs: reading it takes 20 ms
   * else, most of which are {@link java.math.BigDecimal}'s tables.
   */
  public static void prepare() {
    Thread.ofPlatform().daemon().name("qmp first").start(JsonTree::prepare);
  }

  private static void removeStale(Path socket) {
    if (!Files.exists(socket)) {
      return;
    }
    try (UnixSocket _ = UnixSocket.connect(socket)) {
      throw HostException.unsupported(
          socket + ": a server listens there already", "end it, or name another socket");
    } catch (HostException refused) {
      if (refused.errno() == 0) {
        throw refused;
      }
      try {
        Files.delete(socket);
      } catch (IOException e) {
        throw HostException.unsupported(
            socket + " cannot be removed: " + e.getMessage(), "remove it");
      }
    }
  }

  private void accept() {
    UnixSocket client;
    while ((client = listener.accept()) != null) {
      if (sessions.size() >= MAXIMUM_CLIENTS) {
        client.close();
        continue;
      }
      ServerSession session = new ServerSession(client, commands, sessions::remove);
      sessions.add(session);
      if (closed.get()) {
        session.close();
        return;
      }
      session.start();
    }
  }

  /** Tells every client that something happened; it never waits for one. */
  public void send(QmpEvent event) {
    byte[] line = LineWriter.line(event.toJson());
    for (ServerSession session : sessions) {
      session.event(line);
    }
  }

  /**
   * Ends all sessions, after what was said to them is sent, and removes the socket. A client that
   * does not read has a second.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try {
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      // The next one that listens there removes it.
    }
    listener.close();
    List<ServerSession> last = List.copyOf(sessions);
    last.forEach(ServerSession::finish);
    long deadline = System.nanoTime() + FAREWELL.toNanos();
    for (ServerSession session : last) {
      session.awaitEnd(deadline);
    }
  }
}

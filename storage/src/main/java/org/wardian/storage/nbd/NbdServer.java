package org.wardian.storage.nbd;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Offers disks by the NBD protocol, to any number of clients, each of which may have several
 * connections. Any thread may call.
 *
 * <p>A client that is slow, silent or hostile holds its own connection only: each has threads and a
 * share of memory of its own, by {@link NbdLimits}. All connections to an export see each other's
 * writes at once, and a flush of one covers them all.
 */
public final class NbdServer implements AutoCloseable {
  /** Told of clients that use an export, by the threads of their connections. */
  public interface Observer {
    /** A client has chosen an export. */
    default void attached(NbdExport export) {}

    /** A client that had chosen an export is gone. */
    default void detached(NbdExport export) {}
  }

  private static final AtomicInteger SERVERS = new AtomicInteger();

  private final String name = "nbd-" + SERVERS.getAndIncrement();
  private final NbdLimits limits;
  private final Observer observer;
  private final Semaphore room;
  private final Map<String, NbdExport> exports = new LinkedHashMap<>();
  private final List<ServerSocketChannel> listeners = new ArrayList<>();
  private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger threads = new AtomicInteger();
  private final ExecutorService workers = Executors.newCachedThreadPool(this::thread);
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(this::thread);
  private volatile boolean closed;

  /** A server that offers nothing yet and listens nowhere. */
  public NbdServer(NbdLimits limits, Observer observer) {
    this.limits = limits;
    this.observer = observer;
    room = new Semaphore(limits.connections());
  }

  /** The same with the usual limits, watched by nobody. */
  public NbdServer() {
    this(NbdLimits.usual(), new Observer() {});
  }

  private Thread thread(Runnable work) {
    return Thread.ofPlatform()
        .daemon()
        .name(name + "-" + threads.getAndIncrement())
        .unstarted(work);
  }

  /**
   * Takes clients at an address; a server may have several.
   *
   * @param address of TCP, where port 0 is any free one, or of a UNIX socket, whose file must not
   *     be there and is removed at the end
   * @return the address with the port
   * @throws IOException where the host does not give it, with the address
   */
  public SocketAddress listen(SocketAddress address) throws IOException {
    boolean unix = address instanceof UnixDomainSocketAddress;
    ServerSocketChannel listener =
        unix ? ServerSocketChannel.open(StandardProtocolFamily.UNIX) : ServerSocketChannel.open();
    try {
      if (!unix) {
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      }
      listener.bind(address);
      SocketAddress bound = listener.getLocalAddress();
      synchronized (this) {
        if (closed) {
          throw new IOException("the server is closed");
        }
        listeners.add(listener);
      }
      Thread.ofPlatform().daemon().name(name + "-accept").start(() -> accept(listener));
      return bound;
    } catch (IOException | RuntimeException e) {
      listener.close();
      throw new IOException("cannot listen at " + address + ": " + e.getMessage(), e);
    }
  }

  /**
   * Offers a disk from now on.
   *
   * @throws IllegalArgumentException where there is one of that name
   */
  public void add(NbdExport export) {
    synchronized (exports) {
      if (exports.putIfAbsent(export.name(), export) != null) {
        throw new IllegalArgumentException("there is an export '" + export.name() + "' already");
      }
    }
  }

  /**
   * Offers a disk no longer. When this returns, nobody uses its image.
   *
   * @param hard whether clients that use it are sent away; without, they keep it
   * @return false where there is none of that name, or clients use it and {@code hard} is not given
   */
  public boolean remove(String export, boolean hard) {
    NbdExport removed;
    List<ServerConnection> users;
    synchronized (exports) {
      removed = exports.get(export);
      users = usersOf(removed);
      if (removed == null || !users.isEmpty() && !hard) {
        return false;
      }
      exports.remove(export);
    }
    dismiss(users);
    return true;
  }

  private List<ServerConnection> usersOf(NbdExport export) {
    return connections.stream().filter(each -> export != null && each.uses(export)).toList();
  }

  private void dismiss(List<ServerConnection> users) {
    users.forEach(ServerConnection::dismiss);
    long until = System.nanoTime() + limits.farewell().toNanos();
    for (ServerConnection each : users) {
      each.awaitEnd(until);
    }
  }

  /** What is offered, in the order of {@link #add}. */
  public List<NbdExport> exports() {
    synchronized (exports) {
      return List.copyOf(exports.values());
    }
  }

  /** Connections that use an export. */
  public int clients(String export) {
    synchronized (exports) {
      return usersOf(exports.get(export)).size();
    }
  }

  /** Connections, those that have chosen nothing yet among them. */
  public int connections() {
    return connections.size();
  }

  /** Has a connection use an export, if there is one of that name. */
  Optional<NbdExport> choose(String export, ServerConnection connection) {
    NbdExport found;
    synchronized (exports) {
      found = exports.get(export);
      if (found == null || closed) {
        return Optional.empty();
      }
      connection.use(found);
    }
    observer.attached(found);
    return Optional.of(found);
  }

  Optional<NbdExport> find(String export) {
    synchronized (exports) {
      return Optional.ofNullable(exports.get(export));
    }
  }

  boolean closing() {
    return closed;
  }

  NbdLimits limits() {
    return limits;
  }

  ExecutorService workers() {
    return workers;
  }

  private void accept(ServerSocketChannel listener) {
    while (!closed) {
      room.acquireUninterruptibly();
      boolean started = false;
      try {
        SocketChannel channel = listener.accept();
        started = start(channel);
      } catch (IOException e) {
        // Closed, or the host is out of descriptors: then others may end meanwhile.
        if (!listener.isOpen() || !pause()) {
          return;
        }
      } finally {
        if (!started) {
          room.release();
        }
      }
    }
  }

  private static boolean pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(100);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean start(SocketChannel channel) throws IOException {
    Wire wire;
    try {
      wire = new ChannelWire(channel);
    } catch (IOException e) {
      channel.close();
      return false;
    }
    ServerConnection connection = new ServerConnection(this, wire);
    synchronized (this) {
      if (closed) {
        wire.close();
        return false;
      }
      connections.add(connection);
    }
    connection.limit(
        clock.schedule(
            connection::endUnlessChosen, limits.handshake().toMillis(), TimeUnit.MILLISECONDS));
    Thread.ofPlatform()
        .daemon()
        .name(name + "-client-" + threads.getAndIncrement())
        .start(() -> serve(connection));
    return true;
  }

  private void serve(ServerConnection connection) {
    try {
      connection.run();
    } finally {
      NbdExport used = connection.export();
      synchronized (exports) {
        connections.remove(connection);
      }
      room.release();
      connection.ended();
      if (used != null) {
        observer.detached(used);
      }
    }
  }

  /**
   * Takes no more clients; those that are there see their requests through, as far as the limits
   * go, and are sent away. A second call does nothing.
   */
  @Override
  public void close() {
    List<ServerSocketChannel> all;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      all = List.copyOf(listeners);
    }
    all.forEach(NbdServer::close);
    dismiss(List.copyOf(connections));
    workers.shutdown();
    clock.shutdownNow();
  }

  private static void close(ServerSocketChannel listener) {
    try {
      SocketAddress address = listener.getLocalAddress();
      listener.close();
      if (address instanceof UnixDomainSocketAddress unix) {
        Files.deleteIfExists(unix.getPath());
      }
    } catch (IOException e) {
      // The socket is closed; only its file may be left, which the next one at this place tells.
      return;
    }
  }
}

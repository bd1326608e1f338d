package org.wardian.display.vnc;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.wardian.display.KeyReceiver;
import org.wardian.display.PointerReceiver;
import org.wardian.display.Screen;
import org.wardian.display.vnc.VncOptions.Sharing;

/** Shows a screen to VNC viewers, and takes what they type and point at. */
public final class VncServer implements AutoCloseable {
  /** Nanoseconds between two looks at the screen, whatever clients there are. */
  private static final long LOOK_INTERVAL = 10_000_000;

  /** The most connections whose handshake is not over; the oldest one gives way. */
  private static final int MOST_STRANGERS = 16;

  private static final long CHECK_INTERVAL = 1000;
  private static final Duration GONE = Duration.ofSeconds(5);

  private volatile VncOptions options;
  private final VncAddress address;
  private final ServerSocketChannel listening;
  private final Canvas canvas;
  private final KeyReceiver keys;
  private final PointerReceiver pointer;
  private final GuessLimit guesses = new GuessLimit(System::nanoTime);
  private final Set<ClientConnection> clients = new LinkedHashSet<>();
  private final Thread accepting;
  private final Thread checking;
  private volatile boolean closed;
  private int unnamed;

  private VncServer(
      VncOptions options,
      ServerSocketChannel listening,
      Screen screen,
      KeyReceiver keys,
      PointerReceiver pointer)
      throws IOException {
    this.options = options;
    this.listening = listening;
    this.canvas = new Canvas(screen, LOOK_INTERVAL);
    this.keys = keys;
    this.pointer = pointer;
    this.address =
        options.address() instanceof VncAddress.Tcp tcp
                && listening.getLocalAddress() instanceof InetSocketAddress local
            ? new VncAddress.Tcp(tcp.host(), local.getPort())
            : options.address();
    this.accepting = Thread.ofVirtual().name("vnc " + address).unstarted(this::accept);
    this.checking = Thread.ofVirtual().name("vnc-check " + address).unstarted(this::check);
  }

  /**
   * Listens, and serves until it is closed.
   *
   * @throws IOException where it cannot listen; the message says why
   */
  public static VncServer listen(
      VncOptions options, Screen screen, KeyReceiver keys, PointerReceiver pointer)
      throws IOException {
    ServerSocketChannel channel = options.address().listen();
    VncServer server = new VncServer(options, channel, screen, keys, pointer);
    server.accepting.start();
    server.checking.start();
    return server;
  }

  /** Where it listens: what the options say, with the port that a free one became. */
  public VncAddress address() {
    return address;
  }

  /**
   * Asks those who come from now on for another password; who looks already goes on. A handshake
   * that is not over ends.
   *
   * @throws IllegalStateException where the server was made without one
   */
  public void setPassword(VncPassword password) {
    synchronized (clients) {
      if (options.password().isEmpty()) {
        throw new IllegalStateException("viewers need no password here");
      }
      options = options.withPassword(password);
      clients.stream()
          .filter(client -> !client.admitted())
          .forEach(client -> client.end("began before the password was changed"));
    }
  }

  /** How many clients look. */
  public int clients() {
    synchronized (clients) {
      return (int) clients.stream().filter(ClientConnection::admitted).count();
    }
  }

  private void accept() {
    while (!closed) {
      try {
        welcome(listening.accept());
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        // Out of descriptors, most likely: they come back when somebody leaves.
        options.log().accept("VNC: no client can be accepted: " + e.getMessage());
        pause();
      }
    }
  }

  private void pause() {
    try {
      Thread.sleep(CHECK_INTERVAL);
    } catch (InterruptedException e) {
      // The server is being closed.
    }
  }

  private void welcome(SocketChannel socket) throws IOException {
    String name;
    String from;
    try {
      if (socket.getRemoteAddress() instanceof InetSocketAddress remote) {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        from = remote.getAddress().getHostAddress();
        name = from + " port " + remote.getPort();
      } else {
        from = "";
        name = "local client " + ++unnamed;
      }
    } catch (IOException e) {
      socket.close(); // it is gone already
      return;
    }
    ClientChannel channel = new ClientChannel(socket);
    Handshake handshake = new Handshake(channel, options, guesses, from);
    ClientConnection client =
        new ClientConnection(channel, name, handshake, canvas, keys, pointer, new Admission());
    synchronized (clients) {
      List<ClientConnection> strangers = clients.stream().filter(each -> !each.admitted()).toList();
      if (strangers.size() >= MOST_STRANGERS) {
        strangers.getFirst().end("gave way to others while its handshake was not over");
        clients.remove(strangers.getFirst());
      }
      clients.add(client);
    }
    if (closed) {
      client.close();
    }
    Thread.ofVirtual().name("vnc " + name).start(client::run);
  }

  private final class Admission implements ClientConnection.Host {
    @Override
    public void admit(ClientConnection client, boolean shared) throws RfbException {
      synchronized (clients) {
        List<ClientConnection> others =
            clients.stream().filter(each -> each != client && each.admitted()).toList();
        boolean alone = !shared && options.sharing() == Sharing.AS_ASKED;
        if (alone) {
          for (ClientConnection other : others) {
            other.end("gave way to one that wants the screen for itself");
            clients.remove(other);
          }
        } else if (others.size() >= options.clients()) {
          throw new RfbException("is one more than the " + options.clients() + " that may look");
        }
        client.admit();
      }
      options.log().accept("VNC: " + client.name() + " looks");
    }

    @Override
    public void gone(ClientConnection client, String why) {
      synchronized (clients) {
        clients.remove(client);
      }
      options.log().accept("VNC: " + client.name() + ": " + why);
    }
  }

  private void check() {
    while (!closed) {
      pause();
      long now = System.nanoTime();
      List<ClientConnection> all;
      synchronized (clients) {
        all = List.copyOf(clients);
      }
      all.forEach(client -> client.check(now));
    }
  }

  /** Listens no more, and disconnects all clients. */
  @Override
  public void close() {
    closed = true;
    checking.interrupt();
    try {
      listening.close();
      // The port is given back by the thread that waits at it, when it has seen that it is closed.
      accepting.join(GONE);
      if (address instanceof VncAddress.Unix unix) {
        Files.deleteIfExists(unix.path());
      }
    } catch (IOException e) {
      options.log().accept("VNC: " + address + " was not cleaned up: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    List<ClientConnection> all;
    synchronized (clients) {
      all = List.copyOf(clients);
    }
    all.forEach(client -> client.end("the machine's screen is gone"));
  }
}

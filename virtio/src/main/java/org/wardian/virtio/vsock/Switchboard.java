package org.wardian.virtio.vsock;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The connections of one guest: what the guest's packets and the host's sockets do to them. The
 * device's thread alone uses it.
 */
final class Switchboard {
  /** The most connections, those among them whose program has not said where to. */
  static final int MOST = 512;

  /** The most bytes that are read from a socket at once. */
  private static final int PIECE = 64 << 10;

  /** The longest {@code CONNECT port}. */
  private static final int LONGEST_LINE = 32;

  /** Ports of the host's programs that connect: above those that programs choose. */
  private static final int FIRST_PORT = 1 << 30;

  private final HostSockets sockets;
  private final SocketWatch watch;
  private final Packets packets;
  private final Map<Long, Connection> byPorts = new HashMap<>();
  private final Set<Connection> all = new HashSet<>();
  private final Deque<Connection> readable = new ArrayDeque<>();
  private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE).limit(0);
  private int nextPort = FIRST_PORT;

  /** Whose bytes {@link #piece} holds; null where it holds none. */
  private Connection reading;

  Switchboard(HostSockets sockets, SocketWatch watch, Packets packets) {
    this.sockets = sockets;
    this.watch = watch;
    this.packets = packets;
  }

  private static long ports(int guest, int host) {
    return (long) guest << 32 | Integer.toUnsignedLong(host);
  }

  // The guest's packets.

  /** Takes a packet of the guest's, whose header is sound and whose data there are. */
  void packet(ByteBuffer header, List<ByteBuffer> data, int length) {
    int guestPort = header.getInt(VsockProtocol.SOURCE_PORT);
    int hostPort = header.getInt(VsockProtocol.DESTINATION_PORT);
    int operation = header.getShort(VsockProtocol.OPERATION);
    Connection connection = byPorts.get(ports(guestPort, hostPort));
    if (connection == null) {
      if (operation == VsockProtocol.REQUEST) {
        request(header, guestPort, hostPort);
      } else if (operation != VsockProtocol.RESET) {
        packets.refuse(header);
      }
      return;
    }
    connection.credit(header.getInt(VsockProtocol.BUFFER), header.getInt(VsockProtocol.FORWARDED));
    boolean connected = connection.stage == Connection.Stage.CONNECTED;
    try {
      switch (operation) {
        case VsockProtocol.RESPONSE -> {
          if (connected) {
            reset(connection);
          } else {
            connected(connection);
          }
        }
        case VsockProtocol.RESET -> drop(connection);
        case VsockProtocol.SHUTDOWN -> shutDown(connection, header.getInt(VsockProtocol.FLAGS));
        case VsockProtocol.DATA -> {
          if (!connected || connection.guestEnded || connection.exceeds(length)) {
            reset(connection);
          } else {
            connection.accept(data, length);
            after(connection);
          }
        }
        case VsockProtocol.CREDIT_UPDATE -> {
          // Its numbers have been taken.
        }
        case VsockProtocol.CREDIT_REQUEST ->
            packets.add(connection, VsockProtocol.CREDIT_UPDATE, 0);
        default -> reset(connection);
      }
    } catch (IOException e) {
      // The host's program is gone.
      reset(connection);
    }
    if (connection.room() > 0) {
      wantsData(connection);
    }
  }

  private void request(ByteBuffer header, int guestPort, int hostPort) {
    if (all.size() >= MOST) {
      packets.refuse(header);
      return;
    }
    try {
      SocketChannel channel = sockets.connect(hostPort);
      Connection connection =
          new Connection(channel, watch.add(channel), Connection.Stage.CONNECTED);
      all.add(connection);
      connection.key.attach(connection);
      connection.credit(
          header.getInt(VsockProtocol.BUFFER), header.getInt(VsockProtocol.FORWARDED));
      name(connection, guestPort, hostPort);
      packets.add(connection, VsockProtocol.RESPONSE, 0);
      arm(connection);
    } catch (IOException | IllegalArgumentException e) {
      packets.refuse(header);
    }
  }

  private void name(Connection connection, int guestPort, int hostPort) {
    connection.guestPort = guestPort;
    connection.hostPort = hostPort;
    byPorts.put(ports(guestPort, hostPort), connection);
  }

  /** The guest has accepted a connection of the host's program, which is told. */
  private void connected(Connection connection) throws IOException {
    connection.stage = Connection.Stage.CONNECTED;
    String line = "OK " + Integer.toUnsignedString(connection.hostPort) + "\n";
    byte[] answer = line.getBytes(StandardCharsets.US_ASCII);
    if (connection.channel.write(ByteBuffer.wrap(answer)) < answer.length) {
      throw new IOException("a new socket takes nothing");
    }
    arm(connection);
  }

  private void shutDown(Connection connection, int flags) throws IOException {
    if (connection.stage != Connection.Stage.CONNECTED) {
      reset(connection);
      return;
    }
    connection.guestDeaf |= (flags & VsockProtocol.NO_MORE_RECEIVED) != 0;
    connection.guestEnded |= (flags & VsockProtocol.NO_MORE_SENT) != 0;
    after(connection);
  }

  /** What follows from the guest having sent or ended, or from the host having taken. */
  private void after(Connection connection) throws IOException {
    if (connection.guestEnded && connection.flushed()) {
      if (connection.guestDeaf) {
        // Nothing passes any more either way: the guest waits for this.
        reset(connection);
        return;
      }
      connection.channel.shutdownOutput();
    }
    if (connection.hasNews()) {
      packets.add(connection, VsockProtocol.CREDIT_UPDATE, 0);
    }
    arm(connection);
  }

  private void reset(Connection connection) {
    packets.add(connection, VsockProtocol.RESET, 0);
    drop(connection);
  }

  private void drop(Connection connection) {
    all.remove(connection);
    readable.remove(connection);
    if (connection.stage != Connection.Stage.NAMELESS) {
      byPorts.remove(ports(connection.guestPort, connection.hostPort), connection);
    }
    if (reading == connection) {
      reading = null;
      piece.limit(0);
    }
    connection.close();
    // The place of one that is gone is for the next.
    watch.listen();
    watch.refresh();
  }

  private void arm(Connection connection) {
    connection.watch();
    watch.refresh();
  }

  // The host's sockets.

  /** Does what can be done with sockets that the watch tells of. */
  void sockets() {
    for (SelectionKey key = watch.poll(); key != null; key = watch.poll()) {
      if (watch.isListener(key)) {
        accept();
      } else if (key.attachment() instanceof Connection connection && all.contains(connection)) {
        ready(connection);
      }
    }
  }

  private void accept() {
    try {
      while (all.size() < MOST) {
        SocketChannel channel = sockets.listener().accept();
        if (channel == null) {
          watch.listen();
          watch.refresh();
          return;
        }
        channel.configureBlocking(false);
        Connection connection =
            new Connection(channel, watch.add(channel), Connection.Stage.NAMELESS);
        connection.line = new StringBuilder();
        connection.key.attach(connection);
        all.add(connection);
        arm(connection);
      }
      // The rest waits until one of them ends.
    } catch (IOException e) {
      // Whoever wanted to connect is gone already, or the host has no more descriptors.
      watch.listen();
      watch.refresh();
    }
  }

  private void ready(Connection connection) {
    try {
      if (connection.stage == Connection.Stage.NAMELESS) {
        readLine(connection);
        return;
      }
      if (!connection.flushed()) {
        connection.flush();
        after(connection);
      }
      if (all.contains(connection)) {
        connection.waitsForData = false;
        wantsData(connection);
        arm(connection);
      }
    } catch (IOException e) {
      reset(connection);
    }
  }

  /** Reads where a program of the host wants to be connected, and not a byte more. */
  private void readLine(Connection connection) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    while (true) {
      int count = connection.channel.read(one.clear());
      if (count == 0) {
        arm(connection);
        return;
      }
      char next = (char) (one.get(0) & 0xff);
      if (count < 0 || connection.line.length() > LONGEST_LINE) {
        drop(connection);
        return;
      }
      if (next == '\n') {
        ask(connection);
        return;
      }
      connection.line.append(next);
    }
  }

  /** Asks the guest for a connection to the port that was named. */
  private void ask(Connection connection) {
    String[] words = connection.line.toString().strip().split(" +");
    connection.line = null;
    boolean sound =
        words.length == 2 && words[0].equals("CONNECT") && words[1].matches("\\d{1,10}");
    if (!sound || Long.parseLong(words[1]) > 0xffff_ffffL) {
      drop(connection);
      return;
    }
    int guestPort = (int) Long.parseLong(words[1]);
    while (byPorts.containsKey(ports(guestPort, nextPort))) {
      nextPort = nextPort == -2 ? FIRST_PORT : nextPort + 1;
    }
    connection.stage = Connection.Stage.REQUESTED;
    name(connection, guestPort, nextPort);
    nextPort = nextPort == -2 ? FIRST_PORT : nextPort + 1;
    connection.waitsForData = false;
    packets.add(connection, VsockProtocol.REQUEST, 0);
  }

  // Data for the guest.

  private void wantsData(Connection connection) {
    if (!connection.readable
        && !connection.waitsForData
        && !connection.hostEnded
        && all.contains(connection)) {
      connection.readable = true;
      readable.add(connection);
    }
  }

  /** Whether there are bytes for the guest; reads some where it can. */
  boolean hasData() {
    while (reading == null && !readable.isEmpty()) {
      Connection connection = readable.remove();
      connection.readable = false;
      try {
        read(connection);
      } catch (IOException e) {
        reset(connection);
      }
    }
    return reading != null;
  }

  private void read(Connection connection) throws IOException {
    int room = Math.min(PIECE, connection.room());
    if (connection.stage != Connection.Stage.CONNECTED || connection.guestDeaf) {
      return;
    }
    if (room == 0) {
      // It comes again with the guest's next packet.
      if (!connection.askedForCredit) {
        connection.askedForCredit = true;
        packets.add(connection, VsockProtocol.CREDIT_REQUEST, 0);
      }
      return;
    }
    int count = connection.channel.read(piece.clear().limit(room));
    piece.flip();
    if (count > 0) {
      reading = connection;
    } else if (count == 0) {
      connection.waitsForData = true;
      arm(connection);
    } else {
      connection.hostEnded = true;
      packets.add(connection, VsockProtocol.SHUTDOWN, VsockProtocol.NO_MORE_SENT);
    }
  }

  /**
   * Gives out bytes for the guest, after {@link #hasData}.
   *
   * @param into their place, of which as much is filled as there is
   * @return the packet's header
   */
  ByteBuffer data(ByteBuffer into) {
    Connection connection = reading;
    int count = Math.min(into.remaining(), piece.remaining());
    into.put(into.position(), piece, piece.position(), count);
    into.limit(into.position() + count);
    piece.position(piece.position() + count);
    connection.sent(count);
    if (!piece.hasRemaining()) {
      reading = null;
      wantsData(connection);
    }
    return packets.header(
        connection.hostPort,
        connection.guestPort,
        VsockProtocol.TYPE_STREAM,
        VsockProtocol.DATA,
        0,
        count,
        connection.tell());
  }

  /** The guest is gone, and with it all connections. */
  void clear() {
    new ArrayList<>(all).forEach(this::drop);
    packets.clear();
  }
}

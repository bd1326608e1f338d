package org.wardian.network.nat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.TcpHeader;

/** All TCP connections: finds the one of a segment, opens new ones, keeps to the limits. */
final class TcpTable {
  private static final int FIRST_PORT = 49_152;
  private static final int PORTS = 16_384;
  private static final long PATIENCE = 3_000_000_000L;

  private final NatEngine engine;
  private final BufferPool pool;
  private final SecureRandom random = new SecureRandom();
  private final Map<Flow, TcpConnection> connections = new HashMap<>();
  private final LinkedHashSet<TcpConnection> opening = new LinkedHashSet<>();
  private final LinkedHashSet<TcpConnection> lingering = new LinkedHashSet<>();
  private ArrayList<TcpConnection> dirty = new ArrayList<>();
  private ArrayList<TcpConnection> flushing = new ArrayList<>();
  private final ArrayDeque<TcpConnection> blocked = new ArrayDeque<>();
  private final int[] blocks = new int[8];
  private int nextPort;

  TcpTable(NatEngine engine) {
    this.engine = engine;
    pool = new BufferPool(engine.configuration().limits().memory());
    nextPort = random.nextInt(PORTS);
  }

  BufferPool pool() {
    return pool;
  }

  Link link() {
    return engine.link();
  }

  NatCounters counters() {
    return engine.counters();
  }

  Deadlines deadlines() {
    return engine.deadlines();
  }

  long now() {
    return engine.now();
  }

  int initialSequence() {
    return random.nextInt();
  }

  /** Room for SACK blocks that are being written. */
  int[] blocks() {
    return blocks;
  }

  int size() {
    return connections.size();
  }

  /** Takes a TCP segment of a guest whose checksum was right. */
  void input(IpPacket packet) {
    TcpHeader segment = TcpHeader.parse(packet.bytes(), packet.payload(), packet.length());
    if (segment == null || segment.sourcePort() == 0 || segment.destinationPort() == 0) {
      counters().malformed.increment();
      return;
    }
    Flow flow =
        new Flow(
            packet.source(), segment.sourcePort(), packet.destination(), segment.destinationPort());
    TcpConnection connection = connections.get(flow);
    boolean opening =
        (segment.flags() & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST)) == TcpHeader.SYN;
    if (connection != null && opening && connection.state() == TcpConnection.State.TIME_WAIT) {
      // The guest uses the port again (RFC 9293 §3.6.1).
      connection.forget();
      connection = null;
    }
    if (connection != null) {
      connection.input(segment, packet.bytes());
    } else if (opening) {
      open(flow, segment, packet);
    } else if (!segment.has(TcpHeader.RST)) {
      reset(flow, segment);
    }
  }

  private boolean room() {
    NatConfiguration.Limits limits = engine.configuration().limits();
    if (connections.size() >= limits.connections() && !lingering.isEmpty()) {
      lingering.getFirst().forget();
    }
    if (opening.size() >= limits.handshakes()) {
      TcpConnection oldest = opening.getFirst();
      // Who waits for hosts that do not answer must not keep the others waiting.
      if (now() - oldest.begun() > PATIENCE) {
        oldest.abandon();
      }
    }
    return connections.size() < limits.connections() && opening.size() < limits.handshakes();
  }

  private void open(Flow flow, TcpHeader syn, IpPacket packet) {
    InetSocketAddress target = engine.routes().tcp(flow.peer(), flow.peerPort());
    if (target == null) {
      counters().refused.increment();
      if (engine.routes().ours(flow.peer())) {
        reset(flow, syn);
      } else {
        engine.errors().prohibited(packet);
      }
      return;
    }
    if (!room()) {
      // The guest tries again.
      counters().overLimit.increment();
      return;
    }
    byte[] quote =
        Arrays.copyOfRange(packet.bytes(), packet.header(), packet.payload() + packet.length());
    IpPacket request = engine.errors().rebase(packet, quote);
    SocketChannel channel = null;
    try {
      channel = SocketChannel.open();
      channel.configureBlocking(false);
      prepare(channel);
      TcpConnection connection =
          new TcpConnection(this, flow, channel, TcpConnection.State.CONNECTING);
      connection.requested(syn, request);
      boolean connected = channel.connect(target);
      register(connection, channel, connected ? 0 : SelectionKey.OP_CONNECT);
      if (connected) {
        connection.hostConnected();
      }
    } catch (IOException e) {
      close(channel);
      if (e instanceof ConnectException) {
        reset(flow, syn);
      } else {
        unreachable(request, e);
      }
    }
  }

  private static void prepare(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
  }

  private void register(TcpConnection connection, SocketChannel channel, int operations)
      throws IOException {
    connection.key(channel.register(engine.selector(), operations, connection), operations);
    connections.put(connection.flow(), connection);
    opening.add(connection);
    counters().connections.increment();
    counters().connectionsOpen.increment();
  }

  /** Leads a connection that the host has accepted to a guest. */
  void accepted(SocketChannel channel, IpAddress guest, int port) {
    IpAddress gateway =
        guest.isV4() ? engine.configuration().gateway4() : engine.configuration().gateway6();
    try {
      if (!room()) {
        counters().overLimit.increment();
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
        return;
      }
      Flow flow;
      do {
        nextPort = (nextPort + 1) % PORTS;
        flow = new Flow(guest, port, gateway, FIRST_PORT + nextPort);
      } while (connections.containsKey(flow));
      channel.configureBlocking(false);
      prepare(channel);
      TcpConnection connection =
          new TcpConnection(this, flow, channel, TcpConnection.State.SYN_SENT);
      register(connection, channel, 0);
      connection.hostConnected();
    } catch (IOException e) {
      close(channel);
    }
  }

  private void close(SocketChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        counters().failures.increment();
      }
    }
  }

  /** A handshake came to its end. */
  void opened(TcpConnection connection) {
    opening.remove(connection);
  }

  void lingering(TcpConnection connection) {
    lingering.add(connection);
  }

  void forget(TcpConnection connection) {
    if (connections.remove(connection.flow(), connection)) {
      counters().connectionsOpen.decrement();
    }
    opening.remove(connection);
    lingering.remove(connection);
  }

  /** Has something to do at the end of the batch. */
  void dirty(TcpConnection connection) {
    if (!connection.dirty) {
      connection.dirty = true;
      dirty.add(connection);
    }
  }

  /** Waits for room in the card. */
  void block(TcpConnection connection) {
    if (!connection.blocked) {
      connection.blocked = true;
      blocked.addLast(connection);
    }
  }

  /** The end of a batch. */
  void flush() {
    while (!dirty.isEmpty()) {
      ArrayList<TcpConnection> now = dirty;
      dirty = flushing;
      flushing = now;
      for (int i = 0; i < now.size(); i++) {
        TcpConnection connection = now.get(i);
        connection.dirty = false;
        connection.flush();
      }
      now.clear();
    }
  }

  /** The card has room again; those who waited longest go first. */
  void unblock() {
    for (int count = blocked.size(); count > 0 && !link().congested(); count--) {
      TcpConnection connection = blocked.pollFirst();
      connection.blocked = false;
      connection.unblocked();
    }
  }

  /** Answers a segment of no connection (RFC 9293 §3.10.7.1). */
  void reset(Flow flow, TcpHeader segment) {
    if (segment.has(TcpHeader.ACK)) {
      control(flow, segment.acknowledgment(), 0, TcpHeader.RST);
    } else {
      refuse(flow, segment.sequence() + segment.span());
    }
  }

  /** Answers a SYN that the host refused. */
  void refuse(Flow flow, int acknowledgment) {
    control(flow, 0, acknowledgment, TcpHeader.RST | TcpHeader.ACK);
  }

  private void control(Flow flow, int sequence, int acknowledgment, int flags) {
    byte[] array = link().take(TcpHeader.SIZE);
    TcpHeader.write(
        array,
        Link.HEADROOM,
        flow.peerPort(),
        flow.guestPort(),
        sequence,
        acknowledgment,
        TcpHeader.SIZE,
        flags,
        0);
    link()
        .send(
            array,
            flow.peer(),
            flow.guest(),
            IpProtocol.TCP,
            TcpHeader.SIZE,
            TcpHeader.CHECKSUM,
            0);
  }

  /** Answers a packet for which the host knows no way. */
  void unreachable(IpPacket request, IOException why) {
    engine.errors().unreachable(request, why);
  }

  void close() {
    for (TcpConnection connection : List.copyOf(connections.values())) {
      connection.abandon();
    }
    pool.close();
  }
}

package org.wardian.network.nat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.UdpHeader;

/** All UDP: services of the router, and flows between a guest and a host, each with a socket. */
final class UdpTable {
  private static final int LONGEST = 65_507;
  private static final int FIRST_PORT = 49_152;
  private static final int PORTS = 16_384;
  private static final int DHCP_PORT = 67;
  private static final int DHCP6_PORT = 547;
  private static final int TFTP_PORT = 69;
  private static final long SWEEP = 5_000_000_000L;
  private static final long SHORT_IDLE = 30_000_000_000L;
  private static final long LONG_IDLE = 180_000_000_000L;

  private final NatEngine engine;
  private final NatCounters counters;
  private final Map<Flow, UdpFlow> flows = new LinkedHashMap<>(64, 0.75f, true);
  private final Map<Integer, UdpHandler> services = new HashMap<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST + 1);
  private final Deadline sweep = new Deadline(this::sweep);
  private final DhcpServer dhcp;
  private final Dhcp6Server dhcp6;
  private final DnsForwarder dns;
  private final TftpServer tftp;
  private int nextPort;

  UdpTable(NatEngine engine) {
    this.engine = engine;
    counters = engine.counters();
    DhcpPlan given = engine.configuration().dhcp();
    DhcpPlan plan = given != null ? given : DhcpPlan.of(engine.configuration());
    dhcp = new DhcpServer(engine, plan);
    dhcp6 = new Dhcp6Server(engine, plan);
    dns = new DnsForwarder(engine, dhcp);
    tftp = engine.configuration().tftpFolder() == null ? null : new TftpServer(engine, this);
  }

  int size() {
    return flows.size();
  }

  DhcpServer dhcp() {
    return dhcp;
  }

  Dhcp6Server dhcp6() {
    return dhcp6;
  }

  DnsForwarder dns() {
    return dns;
  }

  /** Takes a datagram of a guest whose checksum was right. */
  void input(IpPacket packet, UdpHeader header) {
    Flow flow =
        new Flow(
            packet.source(), header.sourcePort(), packet.destination(), header.destinationPort());
    UdpHandler service = service(packet.destination(), header.destinationPort());
    if (service != null) {
      service.datagram(flow, packet.bytes(), header.payload(), header.length());
      return;
    }
    if (packet.source().unspecified()
        || packet.destination().multicast()
        || packet.destination().equals(IpAddress.BROADCAST4)
        || packet.destination().equals(engine.configuration().network4().broadcast4())) {
      counters.refused.increment();
      return;
    }
    UdpFlow known = flows.get(flow);
    if (known == null) {
      known = open(flow, packet);
      if (known == null) {
        return;
      }
    }
    known.lastUsed = engine.now();
    buffer.clear();
    buffer.put(packet.bytes(), header.payload(), Math.min(header.length(), LONGEST)).flip();
    try {
      known.send(buffer);
    } catch (PortUnreachableException e) {
      engine.errors().portUnreachable(packet);
    } catch (IOException e) {
      engine.errors().unreachable(packet, e);
      close(flow);
    }
  }

  private UdpHandler service(IpAddress destination, int port) {
    Routes routes = engine.routes();
    if (port == DHCP_PORT && destination.isV4()) {
      boolean ours =
          destination.equals(IpAddress.BROADCAST4)
              || routes.gateway(destination)
              || destination.equals(engine.configuration().network4().broadcast4());
      return ours && dhcp.pool().plan().leases(true) ? dhcp : null;
    }
    if (port == DHCP6_PORT && !destination.isV4()) {
      boolean ours = destination.equals(IpAddress.ALL_DHCP) || routes.gateway(destination);
      return ours && (dhcp6.pool().plan().leases(false) || dhcp.pool().plan().any()) ? dhcp6 : null;
    }
    if (port == Routes.DNS_PORT && routes.dns(destination) && dns.enabled()) {
      return dns;
    }
    if (tftp != null && routes.gateway(destination)) {
      return port == TFTP_PORT ? tftp : services.get(port);
    }
    return null;
  }

  /** Takes a free port of the gateway for a service; -1 where there is none. */
  int reserve(UdpHandler handler) {
    for (int i = 0; i < PORTS; i++) {
      nextPort = (nextPort + 1) % PORTS;
      if (services.putIfAbsent(FIRST_PORT + nextPort, handler) == null) {
        return FIRST_PORT + nextPort;
      }
    }
    return -1;
  }

  void free(int port) {
    services.remove(port);
  }

  private UdpFlow open(Flow flow, IpPacket packet) {
    InetSocketAddress target = engine.routes().udp(flow.peer(), flow.peerPort());
    if (target == null || flow.guestPort() == 0 || flow.peerPort() == 0) {
      counters.refused.increment();
      if (engine.routes().ours(flow.peer())) {
        engine.errors().portUnreachable(packet);
      } else {
        engine.errors().prohibited(packet);
      }
      return null;
    }
    DatagramChannel channel = null;
    try {
      channel = DatagramChannel.open();
      channel.configureBlocking(false);
      channel.connect(target);
      UdpFlow.Connected opened = new UdpFlow.Connected(this, flow, channel);
      channel.register(engine.selector(), SelectionKey.OP_READ, opened);
      byte[] quote =
          Arrays.copyOfRange(
              packet.bytes(),
              packet.header(),
              packet.payload() + Math.min(packet.length(), UdpHeader.SIZE));
      opened.request = engine.errors().rebase(packet, quote);
      put(flow, opened);
      return opened;
    } catch (IOException e) {
      if (channel != null) {
        close(channel);
      }
      engine.errors().unreachable(packet, e);
      return null;
    }
  }

  private void put(Flow flow, UdpFlow opened) {
    while (flows.size() >= engine.configuration().limits().flows()) {
      counters.overLimit.increment();
      close(flows.keySet().iterator().next());
    }
    flows.put(flow, opened);
    opened.lastUsed = engine.now();
    counters.flows.increment();
    counters.flowsOpen.increment();
    if (!sweep.isSet()) {
      sweep.set(engine.deadlines(), engine.now() + SWEEP);
    }
  }

  private void sweep() {
    List<Flow> idle = new ArrayList<>();
    for (Map.Entry<Flow, UdpFlow> entry : flows.entrySet()) {
      long age = engine.now() - entry.getValue().lastUsed;
      if (age > (entry.getKey().peerPort() == Routes.DNS_PORT ? SHORT_IDLE : LONG_IDLE)) {
        idle.add(entry.getKey());
      }
    }
    idle.forEach(this::close);
    if (!flows.isEmpty()) {
      sweep.set(engine.deadlines(), engine.now() + SWEEP);
    }
  }

  private void close(Flow flow) {
    UdpFlow closed = flows.remove(flow);
    if (closed != null) {
      counters.flowsOpen.decrement();
      try {
        closed.close();
      } catch (IOException e) {
        counters.failures.increment();
      }
    }
  }

  private void close(DatagramChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      counters.failures.increment();
    }
  }

  /** The host has datagrams for a guest. */
  void read(UdpFlow.Connected flow) {
    for (int i = 0; i < UdpFlow.BATCH && !engine.link().congested(); i++) {
      buffer.clear();
      try {
        if (flow.channel().receive(buffer) == null) {
          return;
        }
      } catch (PortUnreachableException e) {
        if (flow.request != null) {
          engine.errors().portUnreachable(flow.request);
        }
        continue;
      } catch (IOException e) {
        close(flow.flow());
        return;
      }
      deliver(flow.flow());
      flow.lastUsed = engine.now();
    }
  }

  private void deliver(Flow flow) {
    buffer.flip();
    int count = Math.min(buffer.remaining(), LONGEST);
    byte[] array = engine.link().take(UdpHeader.SIZE + count);
    buffer.get(array, Link.HEADROOM + UdpHeader.SIZE, count);
    engine
        .link()
        .sendUdp(array, flow.peer(), flow.peerPort(), flow.guest(), flow.guestPort(), count);
  }

  /** Leads datagrams that come to a port of the host to a guest. */
  void forward(DatagramChannel channel, IpAddress guest, int port) throws IOException {
    Map<InetSocketAddress, Flow> peers = new HashMap<>();
    Ready ready = operations -> forwarded(channel, guest, port, peers);
    channel.register(engine.selector(), SelectionKey.OP_READ, ready);
  }

  private void forwarded(
      DatagramChannel channel, IpAddress guest, int port, Map<InetSocketAddress, Flow> peers) {
    for (int i = 0; i < UdpFlow.BATCH; i++) {
      try {
        buffer.clear();
        InetSocketAddress from = (InetSocketAddress) channel.receive(buffer);
        if (from == null) {
          return;
        }
        Flow flow = peers.get(from);
        UdpFlow known = flow == null ? null : flows.get(flow);
        if (known == null) {
          flow = peerFlow(guest, port);
          Flow mine = flow;
          peers.put(from, flow);
          known = new UdpFlow.Forwarded(channel, from, () -> peers.remove(from, mine));
          put(flow, known);
        }
        known.lastUsed = engine.now();
        deliver(flow);
      } catch (IOException e) {
        counters.overLimit.increment();
        return;
      }
    }
  }

  /** A flow from a port of the gateway that has none to this guest yet. */
  private Flow peerFlow(IpAddress guest, int port) {
    IpAddress gateway =
        guest.isV4() ? engine.configuration().gateway4() : engine.configuration().gateway6();
    Flow flow;
    do {
      nextPort = (nextPort + 1) % PORTS;
      flow = new Flow(guest, port, gateway, FIRST_PORT + nextPort);
    } while (flows.containsKey(flow) || services.containsKey(FIRST_PORT + nextPort));
    return flow;
  }

  void close() {
    List.copyOf(flows.keySet()).forEach(this::close);
    dns.close();
    if (tftp != null) {
      tftp.close();
    }
  }
}

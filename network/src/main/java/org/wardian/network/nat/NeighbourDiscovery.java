package org.wardian.network.nat;

import java.io.ByteArrayOutputStream;
import java.util.List;
import org.wardian.network.wire.DnsName;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;

/**
 * The router's side of neighbour discovery: RFC 4861, with name servers by RFC 8106. Guests make
 * their own addresses (RFC 4862), and may ask DHCPv6 for the rest.
 */
final class NeighbourDiscovery {
  private static final int ROUTER_SOLICITATION = 133;
  private static final int ROUTER_ADVERTISEMENT = 134;
  private static final int NEIGHBOUR_SOLICITATION = 135;
  private static final int NEIGHBOUR_ADVERTISEMENT = 136;
  private static final int CHECKSUM = 2;
  private static final int TARGET_END = 24;
  private static final int HOP_LIMIT = 255;
  private static final int SOURCE_LINK_LAYER = 1;
  private static final int TARGET_LINK_LAYER = 2;
  private static final int PREFIX = 3;
  private static final int MTU = 5;
  private static final int NAME_SERVERS = 25;
  private static final int SEARCH_LIST = 31;
  private static final int ROUTER = 0x80;
  private static final int SOLICITED = 0x40;
  private static final int OVERRIDE = 0x20;
  private static final int ON_LINK = 0x80;
  private static final int AUTONOMOUS = 0x40;
  private static final int MANAGED = 0x80;
  private static final int OTHER_CONFIGURATION = 0x40;
  private static final int LIFETIME = 9000;
  private static final int DAY = 86_400;
  private static final long INTERVAL = 300_000_000_000L;

  private final NatEngine engine;
  private final Deadline periodic = new Deadline(this::again);

  NeighbourDiscovery(NatEngine engine) {
    this.engine = engine;
  }

  /** Takes a message of at least 8 bytes whose checksum was right. */
  void input(IpPacket packet, int type, long station) {
    boolean ours =
        type == ROUTER_SOLICITATION
            || type == NEIGHBOUR_SOLICITATION
            || type == NEIGHBOUR_ADVERTISEMENT;
    if (!ours) {
      return;
    }
    byte[] bytes = packet.bytes();
    int at = packet.payload();
    // Who sends with the largest hop limit is on the link (RFC 4861 §7.1.1).
    if (packet.hopLimit() != HOP_LIMIT
        || bytes[at + 1] != 0
        || type != ROUTER_SOLICITATION && packet.length() < TARGET_END) {
      engine.counters().malformed.increment();
      return;
    }
    if (type == ROUTER_SOLICITATION) {
      advertiseRouter();
      return;
    }
    IpAddress target = IpAddress.readV6(bytes, at + 8);
    if (type == NEIGHBOUR_ADVERTISEMENT) {
      if (engine.routes().guest(target)) {
        engine.link().learned(target, station);
      }
    } else if (engine.routes().ours(target)) {
      boolean probe = packet.source().unspecified();
      advertise(target, probe ? IpAddress.ALL_NODES : packet.source(), !probe);
    }
  }

  private void advertise(IpAddress target, IpAddress to, boolean solicited) {
    boolean router = engine.routes().gateway(target);
    int flags = (router ? ROUTER : 0) | (solicited ? SOLICITED : 0) | OVERRIDE;
    send(NEIGHBOUR_ADVERTISEMENT, flags, target, TARGET_LINK_LAYER, target, to);
  }

  /** Asks which station has an address. */
  void solicit(IpAddress address) {
    if (!engine.routes().guest(address)) {
      return;
    }
    IpAddress from = address.linkLocal() ? Routes.LINK_LOCAL : engine.configuration().gateway6();
    send(NEIGHBOUR_SOLICITATION, 0, address, SOURCE_LINK_LAYER, from, address.solicitedNode());
  }

  private void send(
      int type, int flags, IpAddress target, int option, IpAddress from, IpAddress to) {
    int length = TARGET_END + 8;
    byte[] array = engine.link().take(length);
    int at = Link.HEADROOM;
    NetworkOrder.put32(array, at, type << 24);
    NetworkOrder.put32(array, at + 4, flags << 24);
    target.write(array, at + 8);
    linkLayer(array, at + TARGET_END, option);
    engine.link().send(array, from, to, IpProtocol.ICMP6, length, CHECKSUM, 0, HOP_LIMIT);
  }

  private void linkLayer(byte[] array, int at, int option) {
    array[at] = (byte) option;
    array[at + 1] = 1;
    engine.configuration().mac().write(array, at + 2);
  }

  private void again() {
    advertiseRouter();
  }

  /** Tells all stations the prefix, the router and the name server. */
  private void advertiseRouter() {
    NatConfiguration configuration = engine.configuration();
    byte[] names = searchList();
    int length = 16 + 8 + 8 + 32 + 24 + names.length;
    byte[] array = engine.link().take(length);
    int at = Link.HEADROOM;
    NetworkOrder.put32(array, at, ROUTER_ADVERTISEMENT << 24);
    array[at + 4] = 64;
    boolean managed = managed();
    array[at + 5] = (byte) (managed ? MANAGED | OTHER_CONFIGURATION : OTHER_CONFIGURATION);
    // Who may go nowhere needs no router (RFC 4861 §4.2).
    NetworkOrder.put16(array, at + 6, configuration.reach() == Reach.NOWHERE ? 0 : LIFETIME);
    NetworkOrder.put64(array, at + 8, 0);
    linkLayer(array, at + 16, SOURCE_LINK_LAYER);
    NetworkOrder.put32(array, at + 24, MTU << 24 | 1 << 16);
    NetworkOrder.put32(array, at + 28, configuration.mtu());
    int prefix = at + 32;
    NetworkOrder.put32(
        array,
        prefix,
        PREFIX << 24 | 4 << 16 | configuration.network6().prefix() << 8 | prefixFlags(managed));
    NetworkOrder.put32(array, prefix + 4, DAY);
    NetworkOrder.put32(array, prefix + 8, DAY / 6);
    NetworkOrder.put32(array, prefix + 12, 0);
    configuration.network6().first().write(array, prefix + 16);
    int server = prefix + 32;
    NetworkOrder.put32(array, server, NAME_SERVERS << 24 | 3 << 16);
    NetworkOrder.put32(array, server + 4, LIFETIME);
    configuration.dns6().write(array, server + 8);
    System.arraycopy(names, 0, array, server + 24, names.length);
    engine
        .link()
        .send(
            array,
            Routes.LINK_LOCAL,
            IpAddress.ALL_NODES,
            IpProtocol.ICMP6,
            length,
            CHECKSUM,
            0,
            HOP_LIMIT);
    periodic.set(engine.deadlines(), engine.now() + INTERVAL);
  }

  /** Whether guests get their addresses of DHCPv6, as a plan with such says. */
  private boolean managed() {
    DhcpPlan plan = engine.udp().dhcp6().pool().plan();
    return !plan.any() && plan.leases(false);
  }

  /** Only in a /64 can guests make their own addresses (RFC 4862 §5.5.3). */
  private int prefixFlags(boolean managed) {
    boolean autonomous = !managed && engine.configuration().network6().prefix() == 64;
    return autonomous ? ON_LINK | AUTONOMOUS : ON_LINK;
  }

  private byte[] searchList() {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    List<String> domains = engine.udp().dhcp().searchDomains();
    for (String domain : domains) {
      names.writeBytes(DnsName.encode(domain));
    }
    int size = 8 + names.size() + 7 & ~7;
    byte[] option = new byte[size];
    NetworkOrder.put32(option, 0, SEARCH_LIST << 24 | size / 8 << 16);
    NetworkOrder.put32(option, 4, LIFETIME);
    System.arraycopy(names.toByteArray(), 0, option, 8, names.size());
    return domains.isEmpty() ? new byte[0] : option;
  }
}

package org.wardian.network.nat;

import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;

/** ICMP from guests: echo (RFC 792, RFC 4443 §4) and, over IPv6, neighbour discovery. */
final class Icmp {
  private static final int HEADER = 8;
  private static final int CHECKSUM = 2;
  private static final int ECHO_REQUEST4 = 8;
  private static final int ECHO_REPLY4 = 0;
  private static final int ECHO_REQUEST6 = 128;
  private static final int ECHO_REPLY6 = 129;

  private final NatEngine engine;
  private final NeighbourDiscovery neighbours;
  private final EchoRelay relay;

  Icmp(NatEngine engine) {
    this.engine = engine;
    neighbours = new NeighbourDiscovery(engine);
    relay = new EchoRelay(engine);
  }

  NeighbourDiscovery neighbours() {
    return neighbours;
  }

  void input4(IpPacket packet) {
    if (packet.length() < HEADER) {
      engine.counters().malformed.increment();
    } else if (NetworkOrder.get8(packet.bytes(), packet.payload()) == ECHO_REQUEST4
        && NetworkOrder.get8(packet.bytes(), packet.payload() + 1) == 0) {
      echo(packet, ECHO_REPLY4);
    }
  }

  void input6(IpPacket packet, long station) {
    if (packet.length() < HEADER) {
      engine.counters().malformed.increment();
      return;
    }
    int type = NetworkOrder.get8(packet.bytes(), packet.payload());
    if (type == ECHO_REQUEST6) {
      if (!packet.source().unspecified()) {
        echo(packet, ECHO_REPLY6);
      }
    } else {
      neighbours.input(packet, type, station);
    }
  }

  private void echo(IpPacket packet, int replyType) {
    IpAddress destination = packet.destination();
    if (engine.routes().ours(destination)) {
      reply(
          packet.source(),
          destination,
          replyType,
          NetworkOrder.get32(packet.bytes(), packet.payload() + 4),
          packet.bytes(),
          packet.payload() + HEADER,
          packet.length() - HEADER);
    } else if (destination.multicast()) {
      // Nobody here but us, who are not asked by name.
      engine.counters().refused.increment();
    } else if (!engine.configuration().reach().outside() || !engine.routes().outside(destination)) {
      engine.counters().refused.increment();
      engine.errors().prohibited(packet);
    } else {
      relay.request(packet);
    }
  }

  /**
   * Answers an echo request.
   *
   * @param tag identifier and sequence number, as they were asked
   */
  void reply(
      IpAddress guest, IpAddress from, int type, int tag, byte[] bytes, int offset, int length) {
    byte[] array = engine.link().take(HEADER + length);
    NetworkOrder.put32(array, Link.HEADROOM, type << 24);
    NetworkOrder.put32(array, Link.HEADROOM + 4, tag);
    System.arraycopy(bytes, offset, array, Link.HEADROOM + HEADER, length);
    int protocol = guest.isV4() ? IpProtocol.ICMP : IpProtocol.ICMP6;
    engine.link().send(array, from, guest, protocol, HEADER + length, CHECKSUM, 0);
  }

  void close() {
    relay.close();
  }
}

package org.wardian.network.nat;

import org.wardian.network.Frame;
import org.wardian.network.wire.Arp;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.InternetChecksum;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.UdpHeader;

/** What a guest sends: from the frame to the protocol that it is for. */
final class FrameInput {
  private static final int UDP_CHECKSUM = 6;

  private final NatEngine engine;
  private final NatConfiguration configuration;
  private final Link link;
  private final Routes routes;
  private final NatCounters counters;
  private final Reassembly reassembly = new Reassembly();

  FrameInput(NatEngine engine) {
    this.engine = engine;
    configuration = engine.configuration();
    link = engine.link();
    routes = engine.routes();
    counters = engine.counters();
  }

  Reassembly reassembly() {
    return reassembly;
  }

  /** Takes a frame of any content. */
  void take(Frame frame) {
    counters.framesIn.increment();
    counters.bytesIn.add(frame.length());
    byte[] bytes = frame.bytes();
    int at = frame.offset();
    if (frame.length() < Ethernet.HEADER) {
      counters.malformed.increment();
      return;
    }
    long destination = Ethernet.destination(bytes, at);
    long source = Ethernet.source(bytes, at);
    if (destination != link.mac() && !Ethernet.group(destination)
        || Ethernet.group(source)
        || source == link.mac()) {
      counters.refused.increment();
      return;
    }
    int body = at + Ethernet.HEADER;
    int length = frame.length() - Ethernet.HEADER;
    switch (Ethernet.type(bytes, at)) {
      case Ethernet.ARP -> arp(Arp.parse(bytes, body, length), source);
      case Ethernet.IPV4 -> {
        boolean vouched = frame.checksumStart() >= 0 || frame.checksumValid();
        ip(IpPacket.parse4(bytes, body, length, vouched), frame, source);
      }
      case Ethernet.IPV6 -> {
        if (configuration.ipv6()) {
          ip(IpPacket.parse6(bytes, body, length), frame, source);
        } else {
          counters.refused.increment();
        }
      }
      default -> counters.refused.increment();
    }
  }

  private void arp(Arp message, long station) {
    if (message == null) {
      counters.malformed.increment();
      return;
    }
    IpAddress sender = message.sender();
    if (message.senderMac() == station && routes.guest(sender)) {
      link.learned(sender, station);
    }
    // A probe for an address (RFC 5227), too, hears that it is ours.
    if (message.operation() == Arp.REQUEST
        && routes.ours(message.target())
        && !Ethernet.group(message.senderMac())) {
      link.answer(message);
    }
  }

  private void ip(IpPacket packet, Frame frame, long station) {
    if (packet == null) {
      counters.malformed.increment();
      return;
    }
    IpAddress source = packet.source();
    if (source.unspecified()) {
      // Only who has no address yet may say so.
      if (packet.protocol() != IpProtocol.UDP && packet.protocol() != IpProtocol.ICMP6) {
        counters.refused.increment();
        return;
      }
    } else if (routes.guest(source)) {
      link.learned(source, station);
    } else {
      counters.refused.increment();
      return;
    }
    if (packet.fragment()) {
      IpPacket whole = reassembly.take(packet, engine.now());
      if (whole != null) {
        transport(whole, null, station);
      }
      return;
    }
    transport(packet, frame, station);
  }

  private void transport(IpPacket packet, Frame frame, long station) {
    boolean vouched = frame != null && (frame.checksumStart() >= 0 || frame.checksumValid());
    switch (packet.protocol()) {
      case IpProtocol.TCP -> {
        if (!vouched && !sound(packet)) {
          counters.malformed.increment();
        } else if (passes(packet)) {
          engine.tcp().input(packet);
        }
      }
      case IpProtocol.UDP -> udp(packet, frame, vouched);
      case IpProtocol.ICMP -> {
        if (!packet.source().isV4() || packet.source().unspecified() || !sound(packet)) {
          counters.malformed.increment();
        } else if (passes(packet)) {
          engine.icmp().input4(packet);
        }
      }
      case IpProtocol.ICMP6 -> {
        if (packet.source().isV4() || !vouched && !sound(packet)) {
          counters.malformed.increment();
        } else if (passes(packet)) {
          engine.icmp().input6(packet, station);
        }
      }
      case IpProtocol.NONE -> {
        // Nothing follows, and nothing is to be done.
      }
      default -> {
        counters.refused.increment();
        engine.errors().protocolUnreachable(packet);
      }
    }
  }

  private void udp(IpPacket packet, Frame frame, boolean vouched) {
    UdpHeader header = UdpHeader.parse(packet.bytes(), packet.payload(), packet.length());
    // Over IPv6 a checksum is not optional (RFC 8200 §8.1).
    if (header == null
        || !vouched && (header.checksummed() ? !sound(packet) : !packet.source().isV4())) {
      counters.malformed.increment();
      return;
    }
    if (!passes(packet)) {
      return;
    }
    int segment =
        frame != null && frame.segmentation() == Frame.Segmentation.UDP ? frame.segmentSize() : 0;
    if (segment <= 0 || segment >= header.length()) {
      engine.udp().input(packet, header);
      return;
    }
    for (int offset = 0; offset < header.length(); offset += segment) {
      int part = Math.min(segment, header.length() - offset);
      UdpHeader piece =
          new UdpHeader(
              header.sourcePort(),
              header.destinationPort(),
              header.payload() + offset,
              part,
              header.checksummed());
      engine.udp().input(packet, piece);
    }
  }

  /** Whether the transport's checksum is right. */
  private static boolean sound(IpPacket packet) {
    long pseudo =
        packet.protocol() == IpProtocol.ICMP
            ? 0
            : InternetChecksum.pseudoHeader(
                packet.source(), packet.destination(), packet.protocol(), length(packet));
    int length = length(packet);
    return InternetChecksum.fold(
            InternetChecksum.add(pseudo, packet.bytes(), packet.payload(), length))
        == 0xffff;
  }

  /** Bytes that the checksum covers: a UDP datagram may be shorter than its packet. */
  private static int length(IpPacket packet) {
    if (packet.protocol() == IpProtocol.UDP && packet.length() > UDP_CHECKSUM) {
      int length =
          (packet.bytes()[packet.payload() + 4] & 0xff) << 8
              | packet.bytes()[packet.payload() + 5] & 0xff;
      return Math.min(length, packet.length());
    }
    return packet.length();
  }

  /** Whether a packet may go on to where it wants: it is ours, or has hops left. */
  private boolean passes(IpPacket packet) {
    IpAddress destination = packet.destination();
    if (routes.ours(destination) || destination.multicast()) {
      return true;
    }
    if (destination.equals(IpAddress.BROADCAST4)
        || destination.equals(configuration.network4().broadcast4())) {
      return packet.protocol() == IpProtocol.UDP;
    }
    if (destination.martian() || packet.source().unspecified()) {
      counters.refused.increment();
      return false;
    }
    if (routes.onLink(destination)) {
      counters.refused.increment();
      engine.errors().noStation(packet);
      return false;
    }
    if (packet.hopLimit() <= 1) {
      engine.errors().timeExceeded(packet);
      return false;
    }
    return true;
  }
}

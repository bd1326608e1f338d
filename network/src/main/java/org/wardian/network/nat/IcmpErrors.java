package org.wardian.network.nat;

import java.io.IOException;
import java.net.NoRouteToHostException;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;

/**
 * What the router tells a guest about a packet that it did not pass on: RFC 792 and RFC 4443. No
 * more than a burst and so many a second, never about another error, a later fragment, or a packet
 * for a group (RFC 1122 §3.2.2).
 */
final class IcmpErrors {
  private static final int CHECKSUM = 2;
  private static final int HEADER = 8;
  private static final int UNREACHABLE4 = 3;
  private static final int UNREACHABLE6 = 1;
  private static final int TIME_EXCEEDED4 = 11;
  private static final int TIME_EXCEEDED6 = 3;
  private static final int PARAMETER_PROBLEM6 = 4;
  private static final int ECHO_REQUEST4 = 8;
  private static final int ECHO_REPLY4 = 0;
  private static final int FIRST_INFORMATION6 = 128;
  private static final int QUOTED4 = 548;
  private static final int QUOTED6 = 1232;
  private static final int BURST = 200;
  private static final long REFILL = 5_000_000L;

  private final NatEngine engine;
  private int tokens = BURST;
  private long refilled;

  IcmpErrors(NatEngine engine) {
    this.engine = engine;
    refilled = engine.now();
  }

  /** The same packet in an array that holds nothing else, and perhaps not all of it. */
  IpPacket rebase(IpPacket packet, byte[] copy) {
    return new IpPacket(
        copy,
        0,
        packet.payload() - packet.header(),
        copy.length - (packet.payload() - packet.header()),
        packet.source(),
        packet.destination(),
        packet.protocol(),
        packet.hopLimit(),
        packet.fragmentOffset(),
        packet.moreFragments(),
        packet.identification());
  }

  /** The host knows no way, or has none left. */
  void unreachable(IpPacket packet, IOException why) {
    String text = String.valueOf(why.getMessage());
    if (why instanceof NoRouteToHostException || text.contains("timed out")) {
      send(packet, UNREACHABLE4, 1, UNREACHABLE6, 3, 0);
    } else if (text.contains("unreachable") || text.contains("nvalid argument")) {
      send(packet, UNREACHABLE4, 0, UNREACHABLE6, 0, 0);
    } else if (text.contains("ermission") || text.contains("not permitted")) {
      prohibited(packet);
    } else {
      // Too many open files, no free port: the guest may try again.
      engine.counters().overLimit.increment();
    }
  }

  /** No station of the link has the address. */
  void noStation(IpPacket packet) {
    send(packet, UNREACHABLE4, 1, UNREACHABLE6, 3, 0);
  }

  /** The network's rules forbid it. */
  void prohibited(IpPacket packet) {
    send(packet, UNREACHABLE4, 13, UNREACHABLE6, 1, 0);
  }

  /** Nobody listens on the port. */
  void portUnreachable(IpPacket packet) {
    send(packet, UNREACHABLE4, 3, UNREACHABLE6, 4, 0);
  }

  /** Nobody knows the protocol. */
  void protocolUnreachable(IpPacket packet) {
    // RFC 4443 §3.4: the pointer leads to the next header field; that of the first header is ours
    // to see.
    send(packet, UNREACHABLE4, 2, PARAMETER_PROBLEM6, 1, packet.source().isV4() ? 0 : 6);
  }

  /** It has gone as far as it may. */
  void timeExceeded(IpPacket packet) {
    send(packet, TIME_EXCEEDED4, 0, TIME_EXCEEDED6, 0, 0);
  }

  private boolean allowed(IpPacket packet) {
    IpAddress source = packet.source();
    if (packet.fragmentOffset() != 0
        || packet.destination().multicast()
        || packet.destination().equals(IpAddress.BROADCAST4)
        || source.unspecified()
        || source.multicast()) {
      return false;
    }
    int type = packet.length() > 0 ? packet.bytes()[packet.payload()] & 0xff : 0;
    if (packet.protocol() == IpProtocol.ICMP && type != ECHO_REQUEST4 && type != ECHO_REPLY4
        || packet.protocol() == IpProtocol.ICMP6 && type < FIRST_INFORMATION6) {
      return false;
    }
    long now = engine.now();
    long earned = (now - refilled) / REFILL;
    if (earned > 0) {
      tokens = (int) Math.min(BURST, tokens + earned);
      refilled += earned * REFILL;
    }
    return tokens > 0;
  }

  private void send(IpPacket packet, int type4, int code4, int type6, int code6, int rest) {
    if (!allowed(packet)) {
      return;
    }
    tokens--;
    boolean v4 = packet.source().isV4();
    int quoted = Math.min(packet.total(), v4 ? QUOTED4 : QUOTED6 - HEADER);
    byte[] array = engine.link().take(HEADER + quoted);
    int at = Link.HEADROOM;
    NetworkOrder.put16(array, at, v4 ? type4 << 8 | code4 : type6 << 8 | code6);
    NetworkOrder.put16(array, at + CHECKSUM, 0);
    NetworkOrder.put32(array, at + 4, v4 ? 0 : rest);
    System.arraycopy(packet.bytes(), packet.header(), array, at + HEADER, quoted);
    IpAddress gateway = v4 ? engine.configuration().gateway4() : engine.configuration().gateway6();
    engine
        .link()
        .send(
            array,
            gateway,
            packet.source(),
            v4 ? IpProtocol.ICMP : IpProtocol.ICMP6,
            HEADER + quoted,
            CHECKSUM,
            0);
  }
}

package org.wardian.network.filter;

import org.wardian.network.Frame;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.InternetChecksum;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;

/**
 * Tells a sender that its packet was refused: port unreachable, RFC 792 and RFC 4443 §3.1. Never
 * about an error, a later fragment, or a packet for a group (RFC 1122 §3.2.2).
 */
final class Rejection {
  private static final int QUOTED4 = 548;
  private static final int QUOTED6 = 1200;
  private static final int ICMP = 8;
  private static final int HOPS = 64;

  private Rejection() {}

  /** The frame for the sender of a refused one; null where none is sent. */
  static Frame of(FrameFields frame) {
    if (frame.version() == 0
        || frame.laterFragment()
        || Ethernet.group(frame.destinationMac())
        || Ethernet.group(frame.sourceMac())
        || isError(frame)) {
      return null;
    }
    boolean four = frame.version() == 4;
    byte[] from = frame.bytes();
    int packet = frame.network();
    IpAddress sender = address(from, packet, four, false);
    IpAddress receiver = address(from, packet, four, true);
    if (sender.unspecified() || sender.multicast() || receiver.multicast()) {
      return null;
    }
    int quoted = Math.min(frame.packetEnd() - packet, four ? QUOTED4 : QUOTED6);
    int header = four ? 20 : 40;
    byte[] bytes = new byte[Ethernet.HEADER + header + ICMP + quoted];
    Ethernet.write(bytes, 0, frame.sourceMac(), frame.destinationMac(), frame.type());
    int at = Ethernet.HEADER;
    int body = at + header;
    NetworkOrder.put16(bytes, body, four ? 0x0303 : 0x0104);
    System.arraycopy(from, packet, bytes, body + ICMP, quoted);
    if (four) {
      NetworkOrder.put16(bytes, at, 0x45c0);
      NetworkOrder.put16(bytes, at + 2, header + ICMP + quoted);
      NetworkOrder.put16(bytes, at + 8, HOPS << 8 | IpProtocol.ICMP);
      NetworkOrder.put32(bytes, at + 12, receiver.v4());
      NetworkOrder.put32(bytes, at + 16, sender.v4());
      NetworkOrder.put16(
          bytes, at + 10, InternetChecksum.finish(InternetChecksum.add(0, bytes, at, header)));
    } else {
      NetworkOrder.put32(bytes, at, 0x6000_0000);
      NetworkOrder.put16(bytes, at + 4, ICMP + quoted);
      NetworkOrder.put16(bytes, at + 6, IpProtocol.ICMP6 << 8 | HOPS);
      receiver.write(bytes, at + 8);
      sender.write(bytes, at + 24);
    }
    long pseudo =
        four ? 0 : InternetChecksum.pseudoHeader(receiver, sender, IpProtocol.ICMP6, ICMP + quoted);
    NetworkOrder.put16(
        bytes,
        body + 2,
        InternetChecksum.finish(InternetChecksum.add(pseudo, bytes, body, ICMP + quoted)));
    return Frame.complete(bytes, 0, bytes.length);
  }

  private static boolean isError(FrameFields frame) {
    if (!frame.read(FrameField.ICMP_TYPE)) {
      return frame.protocol() == IpProtocol.ICMP || frame.protocol() == IpProtocol.ICMP6;
    }
    return frame.version() == 4 ? frame.low() != 8 : frame.low() < 128 || frame.low() >= 133;
  }

  private static IpAddress address(byte[] bytes, int packet, boolean four, boolean destination) {
    return four
        ? IpAddress.readV4(bytes, packet + (destination ? 16 : 12))
        : IpAddress.readV6(bytes, packet + (destination ? 24 : 8));
  }
}

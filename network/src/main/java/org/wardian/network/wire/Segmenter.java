package org.wardian.network.wire;

import java.util.function.Consumer;
import org.wardian.network.Frame;
import org.wardian.network.Frame.Segmentation;
import org.wardian.network.NetworkPort.Offloads;

/**
 * Does in software what a sender left to do: completes checksums, and cuts long frames into those
 * that a wire carries.
 */
public final class Segmenter {
  private static final int DONT_FRAGMENT = 0x4000;

  private Segmenter() {}

  /** Whether a receiver with these offloads takes a frame as it is. */
  public static boolean passes(Frame frame, Offloads offloads) {
    boolean checksum = frame.checksumStart() < 0 || offloads.checksum();
    return checksum
        && switch (frame.segmentation()) {
          case NONE -> true;
          case TCP4 -> offloads.tcp4();
          case TCP6 -> offloads.tcp6();
          case UDP -> offloads.udp();
        };
  }

  /**
   * Hands on a frame as a receiver takes it: as it is, or complete and cut. A long frame that does
   * not hold what it says is dropped.
   *
   * @param to called for each resulting frame, whose bytes are new ones unless it is {@code frame}
   * @return how many frames were handed on
   */
  public static int adapt(Frame frame, Offloads offloads, Consumer<Frame> to) {
    if (passes(frame, offloads)) {
      to.accept(frame);
      return 1;
    }
    if (frame.segmentation() != Segmentation.NONE) {
      return cut(frame, to);
    }
    Frame complete = complete(frame);
    if (complete == null) {
      return 0;
    }
    to.accept(complete);
    return 1;
  }

  /** A copy whose checksum is computed; null where the checksum lies outside of the frame. */
  private static Frame complete(Frame frame) {
    int start = frame.checksumStart();
    int field = start + frame.checksumOffset();
    if (start < Ethernet.HEADER || field < start || field + 2 > frame.length()) {
      return null;
    }
    byte[] bytes = new byte[frame.length()];
    System.arraycopy(frame.bytes(), frame.offset(), bytes, 0, bytes.length);
    // The field holds the pseudo header's sum, so it is summed too.
    long sum = InternetChecksum.add(0, bytes, start, bytes.length - start);
    int value = InternetChecksum.finish(sum);
    NetworkOrder.put16(bytes, field, value == 0 ? 0xffff : value);
    return Frame.complete(bytes, 0, bytes.length);
  }

  private static int cut(Frame frame, Consumer<Frame> to) {
    byte[] bytes = frame.bytes();
    int at = frame.offset();
    int length = frame.length();
    if (length < Ethernet.HEADER || frame.segmentSize() <= 0) {
      return 0;
    }
    int tag = Ethernet.type(bytes, at) == Ethernet.VLAN ? 4 : 0;
    int ip = Ethernet.HEADER + tag;
    if (length < ip + IpPacket.HEADER4) {
      return 0;
    }
    int version = bytes[at + ip] >>> 4 & 0xf;
    IpPacket packet =
        switch (version) {
          case 4 -> IpPacket.parse4(bytes, at + ip, length - ip, true);
          case 6 -> IpPacket.parse6(bytes, at + ip, length - ip);
          default -> null;
        };
    boolean udp = frame.segmentation() == Segmentation.UDP;
    int protocol = udp ? IpProtocol.UDP : IpProtocol.TCP;
    if (packet == null || packet.protocol() != protocol || packet.fragment()) {
      return 0;
    }
    int transport;
    if (udp) {
      transport = packet.length() < UdpHeader.SIZE ? -1 : UdpHeader.SIZE;
    } else {
      TcpHeader header = TcpHeader.parse(bytes, packet.payload(), packet.length());
      transport = header == null ? -1 : header.payload() - packet.payload();
    }
    return transport < 0 ? 0 : new Cutter(frame, packet, ip, transport).cut(to);
  }

  /** One long frame that is being cut. */
  private static final class Cutter {
    private final Frame frame;
    private final IpPacket packet;

    /** Bytes of Ethernet header and tag. */
    private final int ip;

    private final int ipHeader;
    private final int transport;

    Cutter(Frame frame, IpPacket packet, int ip, int transport) {
      this.frame = frame;
      this.packet = packet;
      this.ip = ip;
      this.transport = transport;
      ipHeader = packet.payload() - packet.header();
    }

    int cut(Consumer<Frame> to) {
      int payload = packet.length() - transport;
      int headers = ip + ipHeader + transport;
      int count = 0;
      int offset = 0;
      do {
        int part = Math.min(frame.segmentSize(), payload - offset);
        byte[] bytes = new byte[headers + part];
        System.arraycopy(frame.bytes(), frame.offset(), bytes, 0, headers);
        System.arraycopy(
            frame.bytes(), packet.payload() + transport + offset, bytes, headers, part);
        headers(bytes, count, offset, offset + part == payload);
        to.accept(Frame.complete(bytes, 0, bytes.length));
        count++;
        offset += part;
      } while (offset < payload);
      return count;
    }

    private void headers(byte[] bytes, int index, int offset, boolean last) {
      int length = bytes.length - ip - ipHeader;
      if (packet.source().isV4()) {
        NetworkOrder.put16(bytes, ip + 2, ipHeader + length);
        NetworkOrder.put16(bytes, ip + 4, packet.identification() + index);
        NetworkOrder.put16(bytes, ip + 6, NetworkOrder.get16(bytes, ip + 6) & DONT_FRAGMENT);
        NetworkOrder.put16(bytes, ip + 10, 0);
        long sum = InternetChecksum.add(0, bytes, ip, ipHeader);
        NetworkOrder.put16(bytes, ip + 10, InternetChecksum.finish(sum));
      } else {
        NetworkOrder.put16(bytes, ip + 4, ipHeader - IpPacket.HEADER6 + length);
      }
      int at = ip + ipHeader;
      boolean tcp = packet.protocol() == IpProtocol.TCP;
      int field = at + (tcp ? TcpHeader.CHECKSUM : UdpHeader.CHECKSUM);
      if (tcp) {
        NetworkOrder.put32(bytes, at + 4, NetworkOrder.get32(bytes, at + 4) + offset);
        if (!last) {
          bytes[at + 13] &= ~(TcpHeader.FIN | TcpHeader.PSH);
        }
        if (index > 0) {
          // Congestion window reduced goes with the first one only (RFC 3168 §6.1.2).
          bytes[at + 13] &= 0x7f;
        }
      } else {
        NetworkOrder.put16(bytes, at + 4, length);
      }
      NetworkOrder.put16(bytes, field, 0);
      long pseudo =
          InternetChecksum.pseudoHeader(
              packet.source(), packet.destination(), packet.protocol(), length);
      int value = InternetChecksum.finish(InternetChecksum.add(pseudo, bytes, at, length));
      NetworkOrder.put16(bytes, field, value == 0 && !tcp ? 0xffff : value);
    }
  }
}

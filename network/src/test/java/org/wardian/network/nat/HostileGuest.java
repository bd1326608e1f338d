package org.wardian.network.nat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.wardian.network.Frame;
import org.wardian.network.Frame.Segmentation;
import org.wardian.network.NetworkPort.Offloads;
import org.wardian.network.wire.Arp;
import org.wardian.network.wire.Damage;
import org.wardian.network.wire.Dhcp6Message;
import org.wardian.network.wire.DhcpMessage;
import org.wardian.network.wire.DnsName;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.InternetChecksum;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;
import org.wardian.network.wire.TcpHeader;
import org.wardian.network.wire.UdpHeader;

/** Makes the frames of a guest that means no good, and judges those that come back. */
final class HostileGuest {
  private static final long MAC = 0x5254_0012_3456L;
  private static final long GATEWAY_MAC = 0x5255_0a00_0202L;
  private static final IpAddress GUEST = IpAddress.parse("10.0.2.15");
  private static final IpAddress GATEWAY = IpAddress.parse("10.0.2.2");
  private static final IpAddress DNS = IpAddress.parse("10.0.2.3");
  private static final IpAddress GUEST6 = IpAddress.parse("fe80::15");
  private static final IpAddress GATEWAY6 = IpAddress.parse("fec0::2");
  private static final int MTU = 1500;
  private static final int PORTS = 64;
  private static final int FIRST_PORT = 4000;

  /** What a port's conversation has come to. */
  private static final class Conversation {
    int next;
    int expected;
    int peerPort = 7;
    IpAddress peer;
  }

  private final SplittableRandom random;
  private final IpAddress service;
  private final Conversation[] conversations = new Conversation[PORTS];
  private final List<String> problems = new ArrayList<>();

  HostileGuest(SplittableRandom random, IpAddress service) {
    this.random = random;
    this.service = service;
    for (int i = 0; i < PORTS; i++) {
      conversations[i] = new Conversation();
      conversations[i].peer = service;
    }
  }

  /** What was wrong with frames of the network. */
  List<String> problems() {
    return problems;
  }

  /** The next frame: half of them damaged, and half of those vouched for, to be let in deeper. */
  Frame next() {
    byte[] frame =
        switch (random.nextInt(16)) {
          case 0 -> arp();
          case 1 -> udp(IpAddress.ANY4, IpAddress.BROADCAST4, 68, 67, dhcp());
          case 2 -> udp(GUEST, DNS, 5000, 53, dns());
          case 3 -> udp(GUEST, GATEWAY, 5001 + random.nextInt(4), 69, tftp());
          case 4 -> echo();
          case 5 -> neighbour();
          case 6 -> udp(GUEST6, IpAddress.ALL_DHCP, 546, 547, dhcp6());
          case 7 -> fragment();
          case 8 -> udp(GUEST, GATEWAY, 5001, 49_152 + random.nextInt(16_384), new byte[4]);
          default -> tcp();
        };
    boolean damaged = random.nextInt(2) == 0;
    if (damaged) {
      frame = Damage.apply(frame, random);
    }
    boolean valid = random.nextBoolean();
    int start = random.nextInt(10) == 0 ? random.nextInt(70_000) : -1;
    Segmentation segmentation =
        random.nextInt(10) == 0 ? Segmentation.values()[random.nextInt(4)] : Segmentation.NONE;
    int segment = segmentation == Segmentation.NONE ? 0 : random.nextInt(65_536);
    int offset = random.nextInt(8);
    byte[] array = new byte[offset + frame.length];
    System.arraycopy(frame, 0, array, offset, frame.length);
    return new Frame(
        array, offset, frame.length, start, start < 0 ? 0 : 16, valid, segmentation, segment);
  }

  private byte[] arp() {
    byte[] frame = new byte[Ethernet.SHORTEST];
    Ethernet.write(frame, 0, 0xffff_ffff_ffffL, MAC, Ethernet.ARP);
    new Arp(1 + random.nextInt(2), MAC, GUEST, GATEWAY).write(frame, Ethernet.HEADER, 0);
    return frame;
  }

  private byte[] ip(IpAddress from, IpAddress to, int protocol, byte[] payload, int checksum) {
    int header = from.isV4() ? IpPacket.HEADER4 : IpPacket.HEADER6;
    byte[] frame = new byte[Ethernet.HEADER + header + payload.length];
    Ethernet.write(frame, 0, GATEWAY_MAC, MAC, from.isV4() ? Ethernet.IPV4 : Ethernet.IPV6);
    int at = Ethernet.HEADER;
    if (from.isV4()) {
      IpPacket.write4(frame, at, header + payload.length, 1, 0, 64, protocol, from, to);
    } else {
      IpPacket.write6(frame, at, payload.length, 255, protocol, from, to);
    }
    System.arraycopy(payload, 0, frame, at + header, payload.length);
    if (checksum >= 0) {
      long pseudo =
          protocol == IpProtocol.ICMP
              ? 0
              : InternetChecksum.pseudoHeader(from, to, protocol, payload.length);
      long sum = InternetChecksum.add(pseudo, frame, at + header, payload.length);
      NetworkOrder.put16(frame, at + header + checksum, InternetChecksum.finish(sum));
    }
    return frame;
  }

  private byte[] udp(IpAddress from, IpAddress to, int fromPort, int toPort, byte[] payload) {
    byte[] datagram = new byte[UdpHeader.SIZE + payload.length];
    UdpHeader.write(datagram, 0, fromPort, toPort, payload.length);
    System.arraycopy(payload, 0, datagram, UdpHeader.SIZE, payload.length);
    return ip(from, to, IpProtocol.UDP, datagram, UdpHeader.CHECKSUM);
  }

  private byte[] dhcp() {
    Map<Integer, byte[]> options = new LinkedHashMap<>();
    options.put(53, new byte[] {(byte) (1 + random.nextInt(8))});
    options.put(50, new byte[] {10, 0, 2, (byte) random.nextInt(256)});
    options.put(12, "fern".getBytes(StandardCharsets.US_ASCII));
    byte[] hardware = new byte[16];
    hardware[5] = (byte) random.nextInt(256);
    hardware[4] = (byte) random.nextInt(32);
    return new DhcpMessage(
            1,
            random.nextInt(),
            0,
            random.nextInt(65_536),
            random.nextBoolean() ? GUEST : IpAddress.ANY4,
            IpAddress.ANY4,
            IpAddress.ANY4,
            IpAddress.ANY4,
            hardware,
            options)
        .write(new byte[0]);
  }

  private byte[] dhcp6() {
    byte[] duid = new byte[10];
    duid[9] = (byte) random.nextInt(256);
    byte[] association = new byte[12];
    association[3] = (byte) random.nextInt(16);
    return new Dhcp6Message(
            1 + random.nextInt(11),
            random.nextInt(1 << 24),
            List.of(new Dhcp6Message.Option(1, duid), new Dhcp6Message.Option(3, association)))
        .write();
  }

  private byte[] dns() {
    String[] names = {"gateway.wardian.internal", "fern.wardian.internal", "2.2.0.10.in-addr.arpa"};
    byte[] name = DnsName.encode(names[random.nextInt(names.length)]);
    byte[] query = new byte[12 + name.length + 4];
    NetworkOrder.put16(query, 0, random.nextInt(65_536));
    NetworkOrder.put16(query, 4, 1);
    System.arraycopy(name, 0, query, 12, name.length);
    int[] types = {1, 12, 28, 255};
    NetworkOrder.put16(query, 12 + name.length, types[random.nextInt(types.length)]);
    NetworkOrder.put16(query, 14 + name.length, 1);
    return query;
  }

  private byte[] tftp() {
    String text = "\0\1boot\0octet\0blksize\000" + random.nextInt(3000) + "\0windowsize\0008\0";
    return random.nextInt(3) > 0
        ? text.getBytes(StandardCharsets.ISO_8859_1)
        : new byte[] {0, 4, 0, (byte) random.nextInt(8)};
  }

  private byte[] echo() {
    byte[] message = new byte[8 + random.nextInt(100)];
    boolean v4 = random.nextBoolean();
    message[0] = (byte) (v4 ? 8 : 128);
    return v4
        ? ip(GUEST, GATEWAY, IpProtocol.ICMP, message, 2)
        : ip(GUEST6, GATEWAY6, IpProtocol.ICMP6, message, 2);
  }

  private byte[] neighbour() {
    byte[] message = new byte[24 + 8];
    message[0] = (byte) (133 + random.nextInt(4));
    GATEWAY6.write(message, 8);
    return ip(GUEST6, GATEWAY6.solicitedNode(), IpProtocol.ICMP6, message, 2);
  }

  private byte[] fragment() {
    byte[] frame = ip(GUEST, GATEWAY, IpProtocol.UDP, new byte[8 * random.nextInt(1, 100)], -1);
    int more = random.nextBoolean() ? 0x2000 : 0;
    IpPacket.write4(
        frame,
        Ethernet.HEADER,
        frame.length - Ethernet.HEADER,
        random.nextInt(100),
        more | random.nextInt(200),
        64,
        IpProtocol.UDP,
        GUEST,
        GATEWAY);
    return frame;
  }

  private byte[] tcp() {
    int index = random.nextInt(PORTS);
    Conversation now = conversations[index];
    int kind = random.nextInt(12);
    int flags =
        switch (kind) {
          case 0, 1 -> TcpHeader.SYN;
          case 2 -> TcpHeader.FIN | TcpHeader.ACK;
          case 3 -> random.nextInt(64);
          case 4 -> random.nextInt(4) == 0 ? TcpHeader.RST : TcpHeader.ACK;
          case 5 -> TcpHeader.SYN | TcpHeader.ACK;
          default -> TcpHeader.ACK;
        };
    if ((flags & TcpHeader.SYN) != 0 && random.nextBoolean()) {
      now.next = random.nextInt();
    }
    int count =
        flags == TcpHeader.ACK ? random.nextInt(random.nextInt(20) == 0 ? 40_000 : 1400) : 0;
    int jump = random.nextInt(6) == 0 ? random.nextInt(-3000, 3000) : 0;
    int back = random.nextInt(4) == 0 ? random.nextInt(2000) : 0;
    byte[] segment = new byte[40 + count];
    int size = TcpHeader.SIZE;
    if ((flags & TcpHeader.SYN) != 0) {
      size +=
          TcpHeader.writeSynOptions(
              segment, size, random.nextInt(1500), random.nextInt(16) - 1, random.nextBoolean());
    } else if (random.nextInt(4) == 0) {
      int[] edges = {now.expected + random.nextInt(3000), now.expected + random.nextInt(6000)};
      size += TcpHeader.writeSack(segment, size, edges, 1);
    }
    int port = now.peer.equals(service) ? FIRST_PORT + index : 22;
    TcpHeader.write(
        segment,
        0,
        port,
        now.peerPort,
        now.next + jump,
        now.expected - back,
        size,
        flags,
        random.nextInt(8) == 0 ? 0 : random.nextInt(65_536));
    byte[] exact = Arrays.copyOf(segment, size + count);
    if (jump == 0) {
      now.next += count + ((flags & (TcpHeader.SYN | TcpHeader.FIN)) != 0 ? 1 : 0);
    }
    return ip(GUEST, now.peer, IpProtocol.TCP, exact, TcpHeader.CHECKSUM);
  }

  /** Takes a frame of the network: it must be sound. */
  void hear(Frame frame, Offloads offloads) {
    byte[] bytes = frame.bytes();
    int at = frame.offset() + Ethernet.HEADER;
    int length = frame.length() - Ethernet.HEADER;
    int type = Ethernet.type(bytes, frame.offset());
    if (frame.offset() < 0 || frame.offset() + frame.length() > bytes.length || length < 20) {
      problems.add("a frame outside of its array");
      return;
    }
    if (type == Ethernet.ARP) {
      return;
    }
    IpPacket packet =
        type == Ethernet.IPV4
            ? IpPacket.parse4(bytes, at, length, false)
            : IpPacket.parse6(bytes, at, length);
    if (packet == null) {
      problems.add("a malformed packet");
      return;
    }
    boolean whole = !packet.fragment();
    if (frame.segmentation() == Segmentation.NONE && length > MTU) {
      problems.add("a frame of " + length + " bytes");
    }
    if (frame.checksumStart() >= 0 && !offloads.checksum() && problems.size() < 10) {
      // What was kept while the card had no room may be older than its wish.
      return;
    }
    if (whole && frame.checksumStart() < 0 && !checksumRight(packet)) {
      problems.add("a wrong checksum in protocol " + packet.protocol());
    }
    if (whole && packet.protocol() == IpProtocol.TCP) {
      note(packet);
    }
  }

  private static boolean checksumRight(IpPacket packet) {
    long pseudo =
        packet.protocol() == IpProtocol.ICMP
            ? 0
            : InternetChecksum.pseudoHeader(
                packet.source(), packet.destination(), packet.protocol(), packet.length());
    long sum = InternetChecksum.add(pseudo, packet.bytes(), packet.payload(), packet.length());
    return InternetChecksum.fold(sum) == 0xffff;
  }

  private void note(IpPacket packet) {
    TcpHeader header = TcpHeader.parse(packet.bytes(), packet.payload(), packet.length());
    if (header == null) {
      problems.add("a malformed TCP header");
      return;
    }
    int index = header.destinationPort() - FIRST_PORT;
    Conversation now;
    if (index >= 0 && index < PORTS) {
      now = conversations[index];
      now.peer = service;
      now.peerPort = header.sourcePort();
    } else if (header.destinationPort() == 22 && header.has(TcpHeader.SYN)) {
      now = conversations[random.nextInt(PORTS)];
      now.peer = packet.source();
      now.peerPort = header.sourcePort();
    } else {
      return;
    }
    now.expected = header.sequence() + header.span();
    if (random.nextInt(8) > 0) {
      now.next = header.acknowledgment();
    }
  }
}

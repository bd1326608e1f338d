package org.wardian.network.nat;

import java.util.Arrays;
import org.wardian.network.Frame;
import org.wardian.network.Frame.Segmentation;
import org.wardian.network.NetworkPort.Offloads;
import org.wardian.network.NetworkPort.Receiver;
import org.wardian.network.wire.Arp;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.InternetChecksum;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;
import org.wardian.network.wire.UdpHeader;

/**
 * The way to the guest: puts headers before what the protocols send, finds the station, cuts what
 * is longer than the link allows, and keeps what the card has no room for.
 */
final class Link {
  /** Bytes before the transport header in an array of {@link #take}. */
  static final int HEADROOM = Ethernet.HEADER + IpPacket.HEADER6;

  private static final int HOP_LIMIT = 64;
  private static final int DONT_FRAGMENT = 0x4000;
  private static final int MORE_FRAGMENTS = 0x2000;
  private final NatConfiguration configuration;
  private final NatCounters counters;
  private final long mac;
  private final FramePool pool = new FramePool();
  private final Delivery delivery;
  private final Neighbours neighbours = new Neighbours();
  private NeighbourSolicitor solicitor = address -> {};
  private volatile Offloads offloads = Offloads.NONE;
  private int identification;

  /** Who asks for stations of IPv6. */
  interface NeighbourSolicitor {
    void solicit(IpAddress address);
  }

  Link(NatConfiguration configuration, NatCounters counters, int identification) {
    this.configuration = configuration;
    this.counters = counters;
    this.mac = configuration.mac().bits();
    this.identification = identification;
    delivery = new Delivery(pool, counters);
  }

  void attach(Receiver to) {
    delivery.attach(to);
  }

  void solicitor(NeighbourSolicitor asker) {
    solicitor = asker;
  }

  /** Any thread. */
  void accept(Offloads what) {
    offloads = what;
  }

  Offloads offloads() {
    return offloads;
  }

  long mac() {
    return mac;
  }

  int mtu() {
    return configuration.mtu();
  }

  Neighbours neighbours() {
    return neighbours;
  }

  /** Whether the card has no room: who can wait does. */
  boolean congested() {
    return delivery.congested();
  }

  /** An array with {@link #HEADROOM} and room for {@code length} bytes after it. */
  byte[] take(int length) {
    return pool.take(HEADROOM + length);
  }

  /** Gives back an array of {@link #take} that was not sent. */
  void giveBack(byte[] array) {
    pool.giveBack(array);
  }

  /**
   * Sends a packet. Its transport header and payload stand at {@link #HEADROOM} of an array of
   * {@link #take}, which belongs to the link from then on.
   *
   * @param length bytes of transport header and payload
   * @param checksum where in the transport header the checksum stands, or -1 for none; the field
   *     holds 0
   * @param segmentSize payload of each segment where the card is to cut a TCP segment; 0 otherwise
   */
  void send(
      byte[] array,
      IpAddress source,
      IpAddress destination,
      int protocol,
      int length,
      int checksum,
      int segmentSize) {
    send(array, source, destination, protocol, length, checksum, segmentSize, HOP_LIMIT);
  }

  /** Sends a packet with a hop limit of its own. */
  void send(
      byte[] array,
      IpAddress source,
      IpAddress destination,
      int protocol,
      int length,
      int checksum,
      int segmentSize,
      int hopLimit) {
    boolean v4 = source.isV4();
    int ipHeader = v4 ? IpPacket.HEADER4 : IpPacket.HEADER6;
    int ip = HEADROOM - ipHeader;
    boolean tooLong = segmentSize == 0 && ipHeader + length > configuration.mtu();
    boolean left = false;
    if (checksum >= 0) {
      long pseudo =
          protocol == IpProtocol.ICMP
              ? 0
              : InternetChecksum.pseudoHeader(source, destination, protocol, length);
      int field = HEADROOM + checksum;
      left =
          !tooLong
              && protocol != IpProtocol.ICMP
              && offloads.checksum()
              // What waits for its station waits complete.
              && neighbours.find(destination) != Neighbours.UNKNOWN;
      if (left) {
        NetworkOrder.put16(array, field, InternetChecksum.fold(pseudo));
      } else {
        int sum = InternetChecksum.finish(InternetChecksum.add(pseudo, array, HEADROOM, length));
        // Zero means that there is none (RFC 768).
        NetworkOrder.put16(array, field, sum == 0 && protocol == IpProtocol.UDP ? 0xffff : sum);
      }
    }
    if (tooLong) {
      fragments(array, source, destination, protocol, length, hopLimit);
      return;
    }
    if (v4) {
      identification++;
      IpPacket.write4(
          array,
          ip,
          ipHeader + length,
          identification,
          protocol == IpProtocol.TCP ? DONT_FRAGMENT : 0,
          hopLimit,
          protocol,
          source,
          destination);
    } else {
      IpPacket.write6(array, ip, length, hopLimit, protocol, source, destination);
    }
    Segmentation segmentation =
        segmentSize == 0 ? Segmentation.NONE : v4 ? Segmentation.TCP4 : Segmentation.TCP6;
    resolve(
        array,
        destination,
        ip - Ethernet.HEADER,
        Ethernet.HEADER + ipHeader + length,
        left ? Ethernet.HEADER + ipHeader : -1,
        checksum,
        segmentation,
        segmentSize);
  }

  private void fragments(
      byte[] whole,
      IpAddress source,
      IpAddress destination,
      int protocol,
      int length,
      int hopLimit) {
    boolean v4 = source.isV4();
    int headers = v4 ? IpPacket.HEADER4 : IpPacket.HEADER6 + 8;
    int most = configuration.mtu() - headers & ~7;
    identification++;
    for (int offset = 0; offset < length; offset += most) {
      int part = Math.min(most, length - offset);
      boolean more = offset + part < length;
      byte[] array = pool.take(HEADROOM + 8 + part);
      int ip = HEADROOM - IpPacket.HEADER6;
      if (v4) {
        IpPacket.write4(
            array,
            ip,
            headers + part,
            identification,
            (more ? MORE_FRAGMENTS : 0) | offset / 8,
            hopLimit,
            protocol,
            source,
            destination);
      } else {
        IpPacket.write6(array, ip, 8 + part, hopLimit, IpProtocol.FRAGMENT, source, destination);
        NetworkOrder.put16(array, HEADROOM, protocol << 8);
        NetworkOrder.put16(array, HEADROOM + 2, offset | (more ? 1 : 0));
        NetworkOrder.put32(array, HEADROOM + 4, identification);
      }
      System.arraycopy(whole, HEADROOM + offset, array, ip + headers, part);
      int total = Ethernet.HEADER + headers + part;
      resolve(array, destination, ip - Ethernet.HEADER, total, -1, 0, Segmentation.NONE, 0);
    }
    pool.giveBack(whole);
  }

  private void resolve(
      byte[] array,
      IpAddress destination,
      int offset,
      int length,
      int checksumStart,
      int checksumOffset,
      Segmentation segmentation,
      int segmentSize) {
    long station;
    if (destination.multicast()) {
      station =
          destination.isV4()
              ? 0x0100_5e00_0000L | destination.v4() & 0x7f_ffff
              : 0x3333_0000_0000L | destination.low() & 0xffff_ffffL;
    } else if (destination.equals(IpAddress.BROADCAST4)) {
      station = 0xffff_ffff_ffffL;
    } else {
      station = neighbours.find(destination);
    }
    if (station == Neighbours.UNKNOWN) {
      // Only what opens a connection comes here, which is neither long nor left to the card.
      if (segmentation == Segmentation.NONE && checksumStart < 0) {
        byte[] copy = new byte[length];
        System.arraycopy(array, offset, copy, 0, length);
        neighbours.await(new Neighbours.Waiting(destination, copy, 0, length));
      } else {
        counters.undelivered.increment();
      }
      pool.giveBack(array);
      if (destination.isV4()) {
        ask(destination);
      } else {
        solicitor.solicit(destination);
      }
      return;
    }
    int type = destination.isV4() ? Ethernet.IPV4 : Ethernet.IPV6;
    Ethernet.write(array, offset, station, mac, type);
    deliver(
        new Frame(
            array,
            offset,
            length,
            checksumStart,
            checksumStart < 0 ? 0 : checksumOffset,
            false,
            segmentation,
            segmentSize),
        array);
  }

  private void ask(IpAddress address) {
    byte[] array = pool.take(Ethernet.SHORTEST);
    Arp request = new Arp(Arp.REQUEST, mac, configuration.gateway4(), address);
    sendArp(array, request, 0xffff_ffff_ffffL, 0);
  }

  /** Answers a request for one of our addresses. */
  void answer(Arp request) {
    byte[] array = pool.take(Ethernet.SHORTEST);
    Arp reply = new Arp(Arp.REPLY, mac, request.target(), request.sender());
    sendArp(array, reply, request.senderMac(), request.senderMac());
  }

  private void sendArp(byte[] array, Arp message, long station, long targetMac) {
    Arrays.fill(array, 0, Ethernet.SHORTEST, (byte) 0);
    Ethernet.write(array, 0, station, mac, Ethernet.ARP);
    message.write(array, Ethernet.HEADER, targetMac);
    deliver(Frame.complete(array, 0, Ethernet.SHORTEST), array);
  }

  /**
   * Sends a UDP datagram of IPv4 to a station that has no address yet.
   *
   * @param station 48 bits of its Ethernet address, or all ones
   */
  void sendToStation(
      long station,
      IpAddress source,
      IpAddress destination,
      int sourcePort,
      int destinationPort,
      byte[] payload) {
    int length = UdpHeader.SIZE + payload.length;
    byte[] array = take(length);
    UdpHeader.write(array, HEADROOM, sourcePort, destinationPort, payload.length);
    System.arraycopy(payload, 0, array, HEADROOM + UdpHeader.SIZE, payload.length);
    long pseudo = InternetChecksum.pseudoHeader(source, destination, IpProtocol.UDP, length);
    int sum = InternetChecksum.finish(InternetChecksum.add(pseudo, array, HEADROOM, length));
    NetworkOrder.put16(array, HEADROOM + UdpHeader.CHECKSUM, sum == 0 ? 0xffff : sum);
    int ip = HEADROOM - IpPacket.HEADER4;
    identification++;
    IpPacket.write4(
        array,
        ip,
        IpPacket.HEADER4 + length,
        identification,
        0,
        HOP_LIMIT,
        IpProtocol.UDP,
        source,
        destination);
    Ethernet.write(array, ip - Ethernet.HEADER, station, mac, Ethernet.IPV4);
    deliver(
        Frame.complete(array, ip - Ethernet.HEADER, Ethernet.HEADER + IpPacket.HEADER4 + length),
        array);
  }

  /** Sends a UDP datagram. */
  void sendUdp(
      IpAddress source,
      int sourcePort,
      IpAddress destination,
      int destinationPort,
      byte[] payload,
      int offset,
      int count) {
    byte[] array = take(UdpHeader.SIZE + count);
    System.arraycopy(payload, offset, array, HEADROOM + UdpHeader.SIZE, count);
    sendUdp(array, source, sourcePort, destination, destinationPort, count);
  }

  /** Sends a UDP datagram whose payload already stands behind the header's place. */
  void sendUdp(
      byte[] array,
      IpAddress source,
      int sourcePort,
      IpAddress destination,
      int destinationPort,
      int count) {
    UdpHeader.write(array, HEADROOM, sourcePort, destinationPort, count);
    int length = UdpHeader.SIZE + count;
    send(array, source, destination, IpProtocol.UDP, length, UdpHeader.CHECKSUM, 0);
  }

  /** A station has shown itself: what waited for it goes. */
  void learned(IpAddress address, long station) {
    if (!neighbours.learn(address, station)) {
      return;
    }
    Neighbours.Waiting packet;
    while ((packet = neighbours.next(address)) != null) {
      byte[] array = pool.take(packet.length());
      System.arraycopy(packet.frame(), packet.offset(), array, 0, packet.length());
      int type = address.isV4() ? Ethernet.IPV4 : Ethernet.IPV6;
      Ethernet.write(array, 0, station, mac, type);
      deliver(Frame.complete(array, 0, packet.length()), array);
    }
  }

  private void deliver(Frame frame, byte[] array) {
    delivery.deliver(frame, array);
  }

  /**
   * The card may have room again.
   *
   * @return whether everything that was kept is gone
   */
  boolean retry() {
    return delivery.retry();
  }

  /** Lets the card interrupt the guest for what was delivered. */
  void batchEnd() {
    delivery.batchEnd();
  }
}

package org.wardian.daemon.network;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.hub.SharedSwitch;
import org.wardian.network.hub.SwitchPort;
import org.wardian.network.wire.Arp;
import org.wardian.network.wire.DhcpMessage;
import org.wardian.network.wire.DnsName;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;
import org.wardian.network.wire.UdpHeader;

/** A machine's card on a network's switch, with as much of a guest behind it as a test needs. */
final class FrameGuest implements AutoCloseable {
  private final SharedSwitch hub;
  private final SwitchPort port;
  private final MacAddress mac;
  private final BlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();
  private IpAddress address = IpAddress.ANY4;

  /** Joins the switch as a machine's process does. */
  FrameGuest(Path folder, String name, String mac) throws Exception {
    this.mac = MacAddress.parse(mac);
    hub = new SharedSwitch(folder, name, 1500);
    port = hub.port();
    port.attach(frame -> {
      byte[] copy = new byte[frame.length()];
      System.arraycopy(frame.bytes(), frame.offset(), copy, 0, copy.length);
      return arrived.add(copy);
    });
    port.start();
  }

  IpAddress address() {
    return address;
  }

  /** A DHCP client's whole exchange; the options of the acknowledgement. */
  DhcpMessage lease(String hostName, IpAddress wanted) throws Exception {
    DhcpMessage offer = ask(1, hostName, wanted, 2);
    DhcpMessage taken = ask(3, hostName, offer.yours(), 5);
    address = taken.yours();
    return taken;
  }

  /** Sends a message of DHCP until one of a type answers it. */
  DhcpMessage ask(int type, String hostName, IpAddress wanted, int answer) throws Exception {
    Map<Integer, byte[]> options = new LinkedHashMap<>();
    options.put(53, new byte[] {(byte) type});
    if (wanted != null) {
      options.put(50, wanted.bytes());
    }
    if (hostName != null) {
      options.put(12, hostName.getBytes(StandardCharsets.US_ASCII));
    }
    byte[] hardware = new byte[16];
    mac.write(hardware, 0);
    int transaction = (int) System.nanoTime();
    byte[] message =
        new DhcpMessage(
                DhcpMessage.REQUEST,
                transaction,
                0,
                0,
                IpAddress.ANY4,
                IpAddress.ANY4,
                IpAddress.ANY4,
                IpAddress.ANY4,
                hardware,
                options)
            .write(new byte[0]);
    byte[] frame = udp(MacAddress.BROADCAST, IpAddress.ANY4, IpAddress.BROADCAST4, 68, 67, message);
    return exchange(
        frame,
        packet -> {
          UdpHeader header = UdpHeader.parse(packet.bytes(), packet.payload(), packet.length());
          DhcpMessage reply =
              header == null || header.destinationPort() != 68
                  ? null
                  : DhcpMessage.parse(packet.bytes(), header.payload(), header.length());
          return reply != null && reply.transaction() == transaction && reply.number(53) == answer
              ? reply
              : null;
        });
  }

  /** Asks the name server at an address; the whole response. */
  byte[] resolve(IpAddress server, String name, int type) throws Exception {
    byte[] encoded = DnsName.encode(name);
    byte[] query = new byte[12 + encoded.length + 4];
    int id = (int) System.nanoTime() & 0xffff;
    NetworkOrder.put16(query, 0, id);
    NetworkOrder.put16(query, 2, 0x0100);
    NetworkOrder.put16(query, 4, 1);
    System.arraycopy(encoded, 0, query, 12, encoded.length);
    NetworkOrder.put16(query, query.length - 4, type);
    NetworkOrder.put16(query, query.length - 2, 1);
    byte[] frame = udp(MacAddress.BROADCAST, address, server, 5353, 53, query);
    return exchange(
        frame,
        packet -> {
          UdpHeader header = UdpHeader.parse(packet.bytes(), packet.payload(), packet.length());
          if (header == null
              || header.destinationPort() != 5353
              || NetworkOrder.get16(packet.bytes(), header.payload()) != id) {
            return null;
          }
          byte[] response = new byte[header.length()];
          System.arraycopy(packet.bytes(), header.payload(), response, 0, response.length);
          return response;
        });
  }

  /**
   * Sends a frame, again and again, until something answers; requests for the address meanwhile.
   */
  <R> R exchange(byte[] frame, Function<IpPacket, R> reader) throws Exception {
    while (true) {
      send(frame);
      byte[] got = arrived.poll(500, TimeUnit.MILLISECONDS);
      while (got != null) {
        int length = got.length - Ethernet.HEADER;
        if (Ethernet.type(got, 0) == Ethernet.ARP) {
          answer(Arp.parse(got, Ethernet.HEADER, length));
        } else if (Ethernet.type(got, 0) == Ethernet.IPV4) {
          IpPacket packet = IpPacket.parse4(got, Ethernet.HEADER, length, true);
          R result = packet == null ? null : reader.apply(packet);
          if (result != null) {
            return result;
          }
        }
        got = arrived.poll(500, TimeUnit.MILLISECONDS);
      }
    }
  }

  private void answer(Arp request) {
    if (request != null && request.operation() == Arp.REQUEST && request.target().equals(address)) {
      byte[] bytes = new byte[Ethernet.SHORTEST];
      Ethernet.write(bytes, 0, request.senderMac(), mac.bits(), Ethernet.ARP);
      new Arp(Arp.REPLY, mac.bits(), address, request.sender())
          .write(bytes, Ethernet.HEADER, request.senderMac());
      send(bytes);
    }
  }

  private void send(byte[] frame) {
    port.send(Frame.complete(frame.clone(), 0, frame.length));
  }

  /** A datagram in a frame, without a checksum. */
  byte[] udp(
      MacAddress to, IpAddress source, IpAddress destination, int from, int at, byte[] payload) {
    int length = UdpHeader.SIZE + payload.length;
    byte[] frame = new byte[Ethernet.HEADER + IpPacket.HEADER4 + length];
    Ethernet.write(frame, 0, to.bits(), mac.bits(), Ethernet.IPV4);
    int ip = Ethernet.HEADER;
    IpPacket.write4(
        frame, ip, IpPacket.HEADER4 + length, 1, 0, 64, IpProtocol.UDP, source, destination);
    UdpHeader.write(frame, ip + IpPacket.HEADER4, from, at, payload.length);
    System.arraycopy(payload, 0, frame, ip + IpPacket.HEADER4 + UdpHeader.SIZE, payload.length);
    return frame;
  }

  @Override
  public void close() {
    port.close();
    hub.close();
  }
}

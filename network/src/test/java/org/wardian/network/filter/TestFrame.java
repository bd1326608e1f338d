package org.wardian.network.filter;

import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.NetworkOrder;

/** A frame that is put together field by field; checksums are left at 0. */
final class TestFrame {
  private static final int PAYLOAD = Ethernet.HEADER;

  private byte[] bytes = new byte[PAYLOAD];
  private boolean six;

  TestFrame ethernet(String source, String destination) {
    MacAddress.parse(destination).write(bytes, 0);
    MacAddress.parse(source).write(bytes, 6);
    return this;
  }

  TestFrame type(int type) {
    NetworkOrder.put16(bytes, 12, type);
    return this;
  }

  private void room(int length) {
    byte[] longer = new byte[length];
    System.arraycopy(bytes, 0, longer, 0, Math.min(length, bytes.length));
    bytes = longer;
  }

  TestFrame vlan(int id, int within) {
    room(PAYLOAD + 4 + 40);
    NetworkOrder.put16(bytes, PAYLOAD, id);
    NetworkOrder.put16(bytes, PAYLOAD + 2, within);
    return type(Ethernet.VLAN);
  }

  TestFrame arp(int operation, String sender, String source, String target) {
    room(PAYLOAD + 28);
    NetworkOrder.put32(bytes, PAYLOAD, 0x0001_0800);
    NetworkOrder.put16(bytes, PAYLOAD + 4, 0x0604);
    NetworkOrder.put16(bytes, PAYLOAD + 6, operation);
    MacAddress.parse(sender).write(bytes, PAYLOAD + 8);
    NetworkOrder.put32(bytes, PAYLOAD + 14, IpAddress.parse(source).v4());
    NetworkOrder.put32(bytes, PAYLOAD + 24, IpAddress.parse(target).v4());
    return type(Ethernet.ARP);
  }

  TestFrame spanningTree(int cost) {
    room(PAYLOAD + 3 + 35);
    MacAddress.parse("01:80:c2:00:00:00").write(bytes, 0);
    NetworkOrder.put16(bytes, PAYLOAD, 0x4242);
    bytes[PAYLOAD + 2] = 3;
    NetworkOrder.put32(bytes, PAYLOAD + 3 + 13, cost);
    return type(38);
  }

  TestFrame ip(String source, String destination) {
    IpAddress from = IpAddress.parse(source);
    six = !from.isV4();
    room(PAYLOAD + (six ? 40 : 20));
    if (six) {
      NetworkOrder.put32(bytes, PAYLOAD, 0x6000_0000);
      from.write(bytes, PAYLOAD + 8);
      IpAddress.parse(destination).write(bytes, PAYLOAD + 24);
    } else {
      bytes[PAYLOAD] = 0x45;
      from.write(bytes, PAYLOAD + 12);
      IpAddress.parse(destination).write(bytes, PAYLOAD + 16);
    }
    return type(six ? Ethernet.IPV6 : Ethernet.IPV4);
  }

  private int transport() {
    return PAYLOAD + (six ? 40 : 20);
  }

  private void payload(int protocol, int length) {
    room(transport() + length);
    bytes[PAYLOAD + (six ? 6 : 9)] = (byte) protocol;
    lengths();
  }

  private void lengths() {
    int packet = bytes.length - PAYLOAD;
    NetworkOrder.put16(bytes, PAYLOAD + (six ? 4 : 2), six ? packet - 40 : packet);
  }

  private void ports(int source, int destination) {
    NetworkOrder.put16(bytes, transport(), source);
    NetworkOrder.put16(bytes, transport() + 2, destination);
  }

  TestFrame tcp(int source, int destination, int flags) {
    payload(6, 20);
    ports(source, destination);
    bytes[transport() + 12] = 0x50;
    bytes[transport() + 13] = (byte) flags;
    return this;
  }

  TestFrame udp(int source, int destination) {
    payload(17, 8);
    ports(source, destination);
    return this;
  }

  TestFrame icmp(int type, int code) {
    payload(six ? 58 : 1, 8);
    bytes[transport()] = (byte) type;
    bytes[transport() + 1] = (byte) code;
    return this;
  }

  /** The packet that an error is about. */
  TestFrame quote(TestFrame about) {
    int at = bytes.length;
    room(at + about.bytes.length - PAYLOAD);
    System.arraycopy(about.bytes, PAYLOAD, bytes, at, about.bytes.length - PAYLOAD);
    lengths();
    return this;
  }

  /** Leaves so many bytes of the transport header. */
  TestFrame cut(int left) {
    room(transport() + left);
    lengths();
    return this;
  }

  /** A message of DHCP with its options. */
  TestFrame dhcp(boolean toClient, String client, String given, byte[] options) {
    payload(17, 8 + 240 + options.length);
    ports(toClient ? 67 : 68, toClient ? 68 : 67);
    int message = transport() + 8;
    NetworkOrder.put32(bytes, message + 16, IpAddress.parse(given).v4());
    MacAddress.parse(client).write(bytes, message + 28);
    NetworkOrder.put32(bytes, message + 236, 0x6382_5363);
    System.arraycopy(options, 0, bytes, message + 240, options.length);
    return this;
  }

  Frame frame() {
    return Frame.complete(bytes, 0, bytes.length);
  }

  byte[] bytes() {
    return bytes.clone();
  }
}

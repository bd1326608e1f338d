package org.wardian.network.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each parser takes any bytes: it returns null or something that lies within them. */
class WireFuzzTest {
  private static final IpAddress GUEST = IpAddress.parse("10.0.2.15");
  private static final IpAddress GATEWAY = IpAddress.parse("10.0.2.2");
  private static final IpAddress GUEST6 = IpAddress.parse("fec0::15");
  private static final IpAddress GATEWAY6 = IpAddress.parse("fec0::2");

  /** What is read. */
  enum Format {
    ARP,
    IPV4,
    IPV6,
    TCP,
    UDP,
    DHCP,
    DHCP6,
    DNS,
    DNS_LIFE,
    TFTP
  }

  @ParameterizedTest
  @EnumSource(Format.class)
  void aParserIsTotal(Format format) {
    SplittableRandom random = new SplittableRandom(format.name().hashCode());
    byte[] valid = valid(format);
    int understood = 0;
    for (int i = 0; i < Damage.ITERATIONS; i++) {
      byte[] message;
      if (i % 8 == 0) {
        message = new byte[random.nextInt(120)];
        random.nextBytes(message);
      } else {
        message = Damage.apply(valid, random);
      }
      // The message stands in the middle of an array: what lies round it must not be looked at.
      int before = random.nextInt(20);
      byte[] array = new byte[before + message.length];
      System.arraycopy(message, 0, array, before, message.length);
      if (read(format, array, before, message.length)) {
        understood++;
      }
    }
    assertThat(understood).as("damaged messages that are still understood").isPositive();
  }

  private static boolean read(Format format, byte[] bytes, int at, int length) {
    int end = at + length;
    switch (format) {
      case ARP -> {
        return Arp.parse(bytes, at, length) != null;
      }
      case IPV4, IPV6 -> {
        IpPacket packet =
            format == Format.IPV4
                ? IpPacket.parse4(bytes, at, length, true)
                : IpPacket.parse6(bytes, at, length);
        if (packet != null) {
          assertThat(packet.payload()).isBetween(at, end);
          assertThat(packet.length()).isBetween(0, end - packet.payload());
          assertThat(packet.fragmentOffset() + packet.length()).isBetween(0, 65_535);
        }
        return packet != null;
      }
      case TCP -> {
        TcpHeader header = TcpHeader.parse(bytes, at, length);
        if (header != null) {
          assertThat(header.payload() + header.length()).isEqualTo(end);
          assertThat(header.length()).isNotNegative();
          assertThat(header.windowScale()).isBetween(-1, 14);
        }
        return header != null;
      }
      case UDP -> {
        UdpHeader header = UdpHeader.parse(bytes, at, length);
        if (header != null) {
          assertThat(header.length()).isBetween(0, end - header.payload());
        }
        return header != null;
      }
      case DHCP -> {
        DhcpMessage message = DhcpMessage.parse(bytes, at, length);
        if (message != null) {
          assertThat(message.write(new byte[0]).length).isGreaterThanOrEqualTo(300);
        }
        return message != null;
      }
      case DHCP6 -> {
        Dhcp6Message message = Dhcp6Message.parse(bytes, at, length);
        if (message != null) {
          assertThat(message.write()).hasSize(length);
        }
        return message != null;
      }
      case DNS -> {
        DnsMessage message = DnsMessage.parse(bytes, at, length);
        if (message != null) {
          assertThat(message.questionEnd()).isBetween(DnsMessage.HEADER, length);
          assertThat(DnsMessage.respond(bytes, at, message, 3)).hasSize(message.questionEnd());
        }
        assertThat(DnsMessage.withoutOptions(bytes, at, length).length).isLessThanOrEqualTo(length);
        return message != null;
      }
      case DNS_LIFE -> {
        byte[] message = Arrays.copyOfRange(bytes, at, end);
        int life = DnsMessage.life(message, length);
        DnsMessage.age(message, length, 5);
        assertThat(life).isBetween(0, 86_400);
        return life > 0;
      }
      case TFTP -> {
        TftpRequest request = TftpRequest.parse(bytes, at, length);
        if (request != null) {
          assertThat(request.options().size()).isLessThanOrEqualTo(16);
        }
        return request != null;
      }
    }
    throw new IllegalStateException();
  }

  private static byte[] valid(Format format) {
    byte[] bytes = new byte[80];
    switch (format) {
      case ARP -> new Arp(Arp.REQUEST, 0x5254_0012_3456L, GUEST, GATEWAY).write(bytes, 0, 0);
      case IPV4 -> IpPacket.write4(bytes, 0, 80, 7, 0x2000, 64, IpProtocol.UDP, GUEST, GATEWAY);
      case IPV6 -> {
        IpPacket.write6(bytes, 0, 40, 64, IpProtocol.HOP_BY_HOP, GUEST6, GATEWAY6);
        bytes[40] = IpProtocol.FRAGMENT;
        bytes[48] = IpProtocol.UDP;
      }
      case TCP -> {
        TcpHeader.write(bytes, 0, 1000, 80, 1, 2, 32, TcpHeader.SYN, 1000);
        TcpHeader.writeSynOptions(bytes, 20, 1460, 7, true);
      }
      case UDP -> UdpHeader.write(bytes, 0, 1000, 53, 72);
      case DHCP -> {
        Map<Integer, byte[]> options = new LinkedHashMap<>();
        options.put(53, new byte[] {1});
        options.put(12, new byte[] {'f', 'e', 'r', 'n'});
        return new DhcpMessage(
                1, 7, 0, 0, IpAddress.ANY4, GUEST, GATEWAY, IpAddress.ANY4, new byte[16], options)
            .write(new byte[0]);
      }
      case DHCP6 -> {
        return new Dhcp6Message(
                1,
                77,
                List.of(
                    new Dhcp6Message.Option(1, new byte[10]),
                    new Dhcp6Message.Option(3, new byte[12])))
            .write();
      }
      case DNS -> {
        return query();
      }
      case DNS_LIFE -> {
        byte[] query = query();
        DnsMessage message = DnsMessage.parse(query, 0, query.length);
        return DnsMessage.answer(query, 0, message, new byte[4], 300);
      }
      case TFTP -> {
        return "\0\1boot.ipxe\0octet\0blksize\0001400\0tsize\0000\0"
            .getBytes(StandardCharsets.ISO_8859_1);
      }
    }
    return bytes;
  }

  /** A query with an option of EDNS. */
  private static byte[] query() {
    byte[] name = DnsName.encode("fern.example.org");
    byte[] query = new byte[12 + name.length + 4 + 11 + 12];
    NetworkOrder.put16(query, 2, DnsMessage.RECURSION_DESIRED);
    NetworkOrder.put16(query, 4, 1);
    NetworkOrder.put16(query, 10, 1);
    System.arraycopy(name, 0, query, 12, name.length);
    int at = 12 + name.length;
    NetworkOrder.put16(query, at, DnsMessage.A);
    NetworkOrder.put16(query, at + 2, DnsMessage.INTERNET);
    NetworkOrder.put16(query, at + 5, 41);
    NetworkOrder.put16(query, at + 13, 12);
    NetworkOrder.put16(query, at + 15, 10);
    NetworkOrder.put16(query, at + 17, 8);
    return query;
  }
}

package org.wardian.network.nat;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.wardian.network.wire.DnsMessage;
import org.wardian.network.wire.DnsName;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.NetworkOrder;

/** What a network's name server answers by itself: its table, and the names of its guests. */
final class NameAnswers {
  private static final int LIFE = 60;
  private static final int LONGEST_PART = 255;
  private static final String REVERSE4 = ".in-addr.arpa";
  private static final String REVERSE6 = ".ip6.arpa";

  private final NameTable names;
  private final NatConfiguration configuration;
  private final DhcpServer dhcp;

  NameAnswers(NameTable names, NatConfiguration configuration, DhcpServer dhcp) {
    this.names = names;
    this.configuration = configuration;
    this.dhcp = dhcp;
  }

  /** The response; null where others are to be asked. */
  byte[] answer(byte[] query, int at, DnsMessage message) {
    String name = message.name();
    if (message.type() == DnsMessage.PTR) {
      IpAddress address = reverse(name);
      return address == null ? null : pointer(query, at, message, address);
    }
    List<IpAddress> addresses = addresses(name);
    List<byte[]> data = new ArrayList<>();
    switch (message.type()) {
      case DnsMessage.A, DnsMessage.AAAA -> {
        for (IpAddress address : addresses) {
          if (address.isV4() == (message.type() == DnsMessage.A)) {
            data.add(address.bytes());
          }
        }
      }
      case DnsMessage.TXT ->
          names.texts().stream()
              .filter(text -> text.name().equals(name))
              .forEach(text -> data.add(text(text.value())));
      case DnsMessage.SRV ->
          names.services().stream()
              .filter(service -> service.name().equals(name))
              .forEach(service -> data.add(service(service)));
      default -> {
        // Nothing of other types is known here.
      }
    }
    if (!data.isEmpty()) {
      return DnsMessage.answers(query, at, message, data, LIFE);
    }
    if (!addresses.isEmpty()) {
      return DnsMessage.respond(query, at, message, 0);
    }
    boolean plain = name.indexOf('.') < 0;
    String domain = names.domain();
    boolean ours = names.local() && domain != null && name.endsWith("." + domain);
    return ours || plain && !names.plain()
        ? DnsMessage.respond(query, at, message, DnsMessage.NAME_ERROR)
        : null;
  }

  private List<IpAddress> addresses(String name) {
    String domain = names.domain();
    boolean within = domain != null && name.endsWith("." + domain);
    String label = within ? name.substring(0, name.length() - domain.length() - 1) : name;
    List<IpAddress> found = new ArrayList<>();
    for (NameTable.Host host : names.hosts()) {
      // A name without a dot is also one of the domain, as dnsmasq's expand-hosts has it.
      if (host.names().contains(name) || within && host.names().contains(label)) {
        found.add(host.address());
      }
    }
    if (label.indexOf('.') < 0) {
      IpAddress guest = dhcp.byName(label);
      if (guest != null) {
        found.add(guest);
      }
    }
    return found;
  }

  private byte[] pointer(byte[] query, int at, DnsMessage message, IpAddress address) {
    String name = null;
    for (NameTable.Host host : names.hosts()) {
      if (name == null && host.address().equals(address) && !host.names().isEmpty()) {
        name = host.names().getFirst();
      }
    }
    if (name == null) {
      name = dhcp.nameOf(address);
    }
    if (name == null) {
      boolean ours =
          configuration.network4().contains(address)
              || configuration.ipv6() && configuration.network6().contains(address);
      return ours ? DnsMessage.respond(query, at, message, DnsMessage.NAME_ERROR) : null;
    }
    String full =
        name.indexOf('.') < 0 && names.domain() != null ? name + "." + names.domain() : name;
    byte[] encoded = DnsName.encode(full);
    return encoded.length == 0
        ? DnsMessage.respond(query, at, message, DnsMessage.NAME_ERROR)
        : DnsMessage.answer(query, at, message, encoded, LIFE);
  }

  /** The address that a name of the reverse tree is for (RFC 1035 §3.5, RFC 3596 §2.5), or null. */
  private static IpAddress reverse(String name) {
    if (name.endsWith(REVERSE4) && name.matches("(\\d{1,3}\\.){4}in-addr\\.arpa")) {
      String[] parts = name.split("\\.");
      int value = 0;
      for (int i = 3; i >= 0; i--) {
        value = value << 8 | Integer.parseInt(parts[i]) & 0xff;
      }
      return IpAddress.v4(value);
    }
    if (name.endsWith(REVERSE6) && name.matches("(\\p{XDigit}\\.){32}ip6\\.arpa")) {
      long high = 0;
      long low = 0;
      for (int i = 0; i < 16; i++) {
        high = high << 4 | Character.digit(name.charAt(62 - 2 * i), 16);
        low = low << 4 | Character.digit(name.charAt(30 - 2 * i), 16);
      }
      return new IpAddress(high, low);
    }
    return null;
  }

  private static byte[] text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int from = 0; from == 0 || from < bytes.length; from += LONGEST_PART) {
      int size = Math.min(LONGEST_PART, bytes.length - from);
      out.write(size);
      out.write(bytes, from, size);
    }
    return out.toByteArray();
  }

  private static byte[] service(NameTable.Service service) {
    byte[] target = service.target().equals(".") ? new byte[1] : DnsName.encode(service.target());
    byte[] data = new byte[6 + Math.max(1, target.length)];
    NetworkOrder.put16(data, 0, service.priority());
    NetworkOrder.put16(data, 2, service.weight());
    NetworkOrder.put16(data, 4, service.port());
    System.arraycopy(target, 0, data, 6, target.length);
    return data;
  }

  /** Whom to ask a query: the forwarders of its domain, those of all, or the host's servers. */
  static List<InetSocketAddress> servers(NameTable names, DnsMessage message, Resolvers resolvers) {
    if (names == null) {
      return resolvers.servers();
    }
    List<InetSocketAddress> found = new ArrayList<>();
    int longest = -1;
    for (NameTable.Forwarder forwarder : names.forwarders()) {
      String domain = forwarder.domain();
      int length = domain == null ? 0 : domain.length();
      boolean fits =
          domain == null || message.name().equals(domain) || message.name().endsWith("." + domain);
      if (fits && length >= longest) {
        if (length > longest) {
          found.clear();
          longest = length;
        }
        if (forwarder.address() != null) {
          found.add(new InetSocketAddress(forwarder.address().inet(), Routes.DNS_PORT));
        }
      }
    }
    return found.isEmpty() ? resolvers.servers() : found;
  }
}

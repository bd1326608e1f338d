package org.wardian.daemon.network.gateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.network.MacAddress;
import org.wardian.network.nat.DhcpPlan;
import org.wardian.network.nat.NameTable;
import org.wardian.network.nat.NatConfiguration;
import org.wardian.network.nat.NatConfigurationBuilder;
import org.wardian.network.nat.Reach;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.Subnet;

/** A network's document as the gateway's configuration. */
final class GatewayPlan {
  /** A network of which no guest has an address, for gateways without IPv4 (RFC 7335 §4). */
  private static final Subnet NO_IPV4 = Subnet.parse("192.0.0.0/29");

  private final NetworkDocument network;
  private final XmlElement four;
  private final XmlElement six;

  /**
   * The plan of a network that is active.
   *
   * @throws IOException where it asks for what this gateway cannot do, in words
   */
  GatewayPlan(NetworkDocument network) throws IOException {
    this.network = network;
    four = only(true);
    six = only(false);
    check();
  }

  private XmlElement only(boolean ipv4) throws IOException {
    XmlElement found = null;
    for (XmlElement ip : network.addresses()) {
      if (IpAddress.parse(ip.attribute("address")).isV4() == ipv4) {
        if (found != null) {
          throw cannot("has several addresses of one family; the gateway has one of each");
        }
        found = ip;
      }
    }
    return found;
  }

  private IOException cannot(String what) {
    return new IOException("network '" + network.name() + "' " + what);
  }

  private void check() throws IOException {
    if (network.element("route") != null && !HostRoute.isFor(network)) {
      throw cannot(
          "has a static <route>, which only a network of mode 'route' or 'open' can have, and only"
              + " where the daemon may make interfaces of the host");
    }
    String mask = four == null ? null : four.attribute("netmask");
    int bits = mask == null ? 0 : IpAddress.parse(mask).v4();
    if (Integer.bitCount(bits) != Integer.numberOfLeadingZeros(~bits)) {
      throw cannot("has the netmask " + mask + ", whose ones are not together");
    }
    XmlElement boot = four == null ? null : four.find("dhcp/bootp").orElse(null);
    String server = boot == null ? null : boot.attribute("server");
    if (server != null && !server.equals(four.attribute("address"))) {
      throw cannot("has another boot server, " + server + ", than its gateway");
    }
  }

  /** Whether there is a gateway at all: without addresses the network is a switch and no more. */
  boolean gateway() {
    return four != null || six != null;
  }

  /** The configuration of the gateway. */
  NatConfiguration configuration() throws IOException {
    NatConfigurationBuilder builder = NatConfiguration.builder();
    try {
      if (four != null) {
        IpAddress address = IpAddress.parse(four.attribute("address"));
        Subnet subnet = new Subnet(address, NetworkDocument.prefix(four));
        builder.network4(subnet).gateway4(address);
        tftp(builder);
      } else {
        builder.network4(NO_IPV4).gateway4(NO_IPV4.first().plus(1));
      }
      builder.ipv6(six != null);
      if (six != null) {
        IpAddress address = IpAddress.parse(six.attribute("address"));
        builder.network6(new Subnet(address, NetworkDocument.prefix(six))).gateway6(address);
      }
      if (network.mac() != null) {
        builder.mac(MacAddress.parse(network.mac()));
      }
      return builder
          .mtu(network.mtu())
          .domain(network.domain())
          .reach(network.mode().equals("none") ? Reach.NOWHERE : Reach.OUTSIDE)
          .limits(new NatConfiguration.Limits(4096, 512, 2048, 64L << 20))
          .dhcp(dhcp())
          .names(names())
          .build();
    } catch (IllegalArgumentException e) {
      throw new IOException("network '" + network.name() + "': " + e.getMessage(), e);
    }
  }

  private void tftp(NatConfigurationBuilder builder) {
    String root = four.find("tftp").map(tftp -> tftp.attribute("root")).orElse(null);
    String file = four.find("dhcp/bootp").map(boot -> boot.attribute("file")).orElse(null);
    if (root != null) {
      builder.tftpFolder(Path.of(root));
    }
    if (file != null) {
      builder.bootFile(file);
    }
  }

  /** What is leased. */
  DhcpPlan dhcp() {
    List<DhcpPlan.Range> ranges = new ArrayList<>();
    List<DhcpPlan.Host> hosts = new ArrayList<>();
    for (XmlElement ip : network.addresses()) {
      XmlElement dhcp = ip.child("dhcp");
      if (dhcp == null) {
        continue;
      }
      for (XmlElement range : dhcp.children("range")) {
        ranges.add(
            new DhcpPlan.Range(
                IpAddress.parse(range.attribute("start")),
                IpAddress.parse(range.attribute("end")),
                seconds(range, DhcpPlan.HOUR)));
      }
      for (XmlElement host : dhcp.children("host")) {
        String mac = host.attribute("mac");
        hosts.add(
            new DhcpPlan.Host(
                mac == null ? -1 : mac(mac),
                duid(host.attribute("id")),
                host.attribute("name"),
                IpAddress.parse(host.attribute("ip")),
                seconds(host, -1)));
      }
    }
    return new DhcpPlan(ranges, hosts, false, false);
  }

  /** An address whose bytes may have one digit each. */
  private static long mac(String text) {
    long bits = 0;
    for (String part : text.split(":")) {
      bits = bits << 8 | Integer.parseInt(part, 16);
    }
    return bits;
  }

  /** A DHCPv6 identifier with two lower-case digits for each byte; null for null. */
  private static String duid(String id) {
    if (id == null) {
      return null;
    }
    StringBuilder out = new StringBuilder();
    for (String part : id.toLowerCase(Locale.ROOT).split(":")) {
      out.append(out.isEmpty() ? "" : ":").append(part.length() == 1 ? "0" : "").append(part);
    }
    return out.toString();
  }

  private static int seconds(XmlElement element, int otherwise) {
    XmlElement lease = element.child("lease");
    return lease == null
        ? otherwise
        : (int) Math.min(Integer.MAX_VALUE, NetworkDocument.leaseSeconds(lease));
  }

  /** What the name server knows. */
  NameTable names() {
    XmlElement dns = network.dns();
    List<NameTable.Host> hosts = new ArrayList<>();
    List<NameTable.Text> texts = new ArrayList<>();
    List<NameTable.Service> services = new ArrayList<>();
    List<NameTable.Forwarder> forwarders = new ArrayList<>();
    for (XmlElement host : dns.children("host")) {
      List<String> names =
          host.children("hostname").stream().map(name -> lower(name.text())).toList();
      hosts.add(new NameTable.Host(IpAddress.parse(host.attribute("ip")), names));
    }
    for (XmlElement text : dns.children("txt")) {
      String value = text.attribute("value", "");
      texts.add(new NameTable.Text(lower(text.attribute("name")), value));
    }
    for (XmlElement service : dns.children("srv")) {
      String domain = service.attribute("domain", network.domain());
      String name = "_" + service.attribute("service") + "._" + service.attribute("protocol");
      services.add(
          new NameTable.Service(
              lower(domain == null ? name : name + "." + domain),
              number(service, "priority"),
              number(service, "weight"),
              service.attribute("port") == null ? 1 : number(service, "port"),
              service.attribute("target", ".")));
    }
    for (XmlElement forwarder : dns.children("forwarder")) {
      String address = forwarder.attribute("addr");
      String domain = forwarder.attribute("domain");
      forwarders.add(
          new NameTable.Forwarder(
              domain == null ? null : lower(domain),
              address == null ? null : IpAddress.parse(address)));
    }
    return new NameTable(
        network.nameServer(),
        network.domain() == null ? null : lower(network.domain()),
        network.domainIsLocal(),
        !"no".equals(dns.attribute("forwardPlainNames")),
        hosts,
        texts,
        services,
        forwarders);
  }

  private static int number(XmlElement element, String key) {
    return Integer.parseInt(element.attribute(key, "0"));
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}

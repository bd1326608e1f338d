package org.wardian.network.nat;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.network.MacAddress;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.Subnet;

/** Builds a {@link NatConfiguration}; what is not said stays as QEMU's user network has it. */
public final class NatConfigurationBuilder {
  private static final int GATEWAY = 2;
  private static final int DNS = 3;
  private static final int GUEST = 15;
  private static final int SMALLEST_ORDINARY = 27;

  private Subnet network4 = Subnet.parse("10.0.2.0/24");
  private Subnet network6 = Subnet.parse("fec0::/64");
  private boolean ipv6 = true;
  private int mtu = 1500;
  private Reach reach = Reach.EVERYWHERE;
  private String hostName;
  private String domain = "wardian.internal";
  private final List<String> search = new ArrayList<>();
  private final List<InetSocketAddress> resolvers = new ArrayList<>();
  private final List<Forward> forwards = new ArrayList<>();
  private final Map<NatConfiguration.ServiceAddress, InetSocketAddress> services = new HashMap<>();
  private Path tftpFolder;
  private String bootFile;
  private NatConfiguration.Limits limits = NatConfiguration.Limits.DEFAULT;

  private IpAddress gateway4;
  private IpAddress gateway6;
  private MacAddress mac;
  private DhcpPlan dhcp;
  private NameTable names;

  NatConfigurationBuilder() {}

  /** The router's address of IPv4, which is the name server's too. */
  public NatConfigurationBuilder gateway4(IpAddress address) {
    gateway4 = address;
    return this;
  }

  /** The router's address of IPv6, which is the name server's too. */
  public NatConfigurationBuilder gateway6(IpAddress address) {
    gateway6 = address;
    return this;
  }

  /** The router's Ethernet address. */
  public NatConfigurationBuilder mac(MacAddress address) {
    mac = address;
    return this;
  }

  /** What is leased to whom. */
  public NatConfigurationBuilder dhcp(DhcpPlan plan) {
    dhcp = plan;
    return this;
  }

  /** What the name server knows. */
  public NatConfigurationBuilder names(NameTable table) {
    names = table;
    return this;
  }

  /** The network of IPv4: gateway .2, name server .3, first guest .15 (.4 in small networks). */
  public NatConfigurationBuilder network4(Subnet subnet) {
    network4 = new Subnet(subnet.first(), subnet.prefix());
    return this;
  }

  /** The network of IPv6, a /64: gateway ::2, name server ::3. */
  public NatConfigurationBuilder network6(Subnet subnet) {
    network6 = new Subnet(subnet.first(), subnet.prefix());
    return this;
  }

  /** Whether there is IPv6. */
  public NatConfigurationBuilder ipv6(boolean present) {
    ipv6 = present;
    return this;
  }

  /** Largest IP packet of the link in bytes. */
  public NatConfigurationBuilder mtu(int bytes) {
    mtu = bytes;
    return this;
  }

  /** Where guests may connect to. */
  public NatConfigurationBuilder reach(Reach where) {
    reach = where;
    return this;
  }

  /** What the guest is told to be called. */
  public NatConfigurationBuilder hostName(String name) {
    hostName = name;
    return this;
  }

  /** Domain of the guests. */
  public NatConfigurationBuilder domain(String name) {
    domain = name;
    return this;
  }

  /** One more domain that the guest is told to search. */
  public NatConfigurationBuilder search(String name) {
    search.add(name);
    return this;
  }

  /** One more name server of the host; the first one takes the place of /etc/resolv.conf. */
  public NatConfigurationBuilder resolver(InetSocketAddress address) {
    resolvers.add(address);
    return this;
  }

  /** One more port of the host that leads to the guest. */
  public NatConfigurationBuilder forward(Forward forward) {
    forwards.add(forward);
    return this;
  }

  /** One more TCP port of the virtual network that leads to another of the host. */
  public NatConfigurationBuilder service(IpAddress address, int port, InetSocketAddress target) {
    services.put(new NatConfiguration.ServiceAddress(address, port), target);
    return this;
  }

  /** A folder whose files TFTP serves from the gateway. */
  public NatConfigurationBuilder tftpFolder(Path folder) {
    tftpFolder = folder;
    return this;
  }

  /** Name of the file that a network boot asks for. */
  public NatConfigurationBuilder bootFile(String name) {
    bootFile = name;
    return this;
  }

  /** What guests may use up. */
  public NatConfigurationBuilder limits(NatConfiguration.Limits most) {
    limits = most;
    return this;
  }

  /**
   * The configuration.
   *
   * @throws IllegalArgumentException where its parts do not fit together
   */
  public NatConfiguration build() {
    IpAddress first = network4.first();
    int guest = network4.prefix() <= SMALLEST_ORDINARY ? GUEST : DNS + 1;
    IpAddress gateway = gateway4 != null ? gateway4 : first.plus(GATEWAY);
    IpAddress six = network6.first();
    IpAddress firstGuest = first.plus(guest);
    if (gateway4 != null) {
      // Forwards lead to it; leases go by the plan.
      firstGuest = gateway.equals(first.plus(1)) ? first.plus(2) : first.plus(1);
    }
    return new NatConfiguration(
        network4,
        gateway,
        gateway4 != null ? gateway : first.plus(DNS),
        firstGuest,
        ipv6,
        network6,
        gateway6 != null ? gateway6 : six.plus(GATEWAY),
        gateway6 != null ? gateway6 : six.plus(DNS),
        // As QEMU's: 52:55 and the gateway's address, so that hosts of one network differ.
        mac != null ? mac : new MacAddress(0x5255_0000_0000L | gateway.v4() & 0xffff_ffffL),
        mtu,
        reach,
        hostName,
        domain,
        search,
        resolvers,
        forwards,
        services,
        tftpFolder,
        bootFile,
        limits,
        dhcp,
        names);
  }
}

package org.wardian.network.nat;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.wardian.network.MacAddress;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.Subnet;

/**
 * How a user-mode network is set up.
 *
 * @param network4 the guests' network of IPv4, /8 to /30
 * @param gateway4 the router's address in it, which leads to the host's loopback
 * @param dns4 the name server's address in it
 * @param guest4 the first address that is leased
 * @param ipv6 whether there is IPv6
 * @param network6 the guests' network of IPv6; guests make addresses of their own in a /64 only
 * @param gateway6 the router's address in it, which leads to the host's loopback
 * @param dns6 the name server's address in it
 * @param mac the Ethernet address of all of them
 * @param mtu largest IP packet of the link in bytes, 1,280 to 65,521
 * @param reach where guests may connect to
 * @param hostName what the guest is told to be called, or null
 * @param domain domain of the guests, or null
 * @param search domains that the guest is told to search, besides {@code domain} and the host's
 * @param resolvers name servers of the host that queries are forwarded to; empty takes those of
 *     /etc/resolv.conf
 * @param forwards ports of the host that lead to the guest
 * @param services addresses and ports of the virtual network that lead to others of the host
 * @param tftpFolder folder whose files TFTP serves from the gateway, or null for no TFTP
 * @param bootFile name of the file that a network boot asks for, or null
 * @param limits what guests may use up
 * @param dhcp what is leased; null for any address from {@code guest4} on
 * @param names what the name server knows; null for gateway, name server and guests
 */
public record NatConfiguration(
    Subnet network4,
    IpAddress gateway4,
    IpAddress dns4,
    IpAddress guest4,
    boolean ipv6,
    Subnet network6,
    IpAddress gateway6,
    IpAddress dns6,
    MacAddress mac,
    int mtu,
    Reach reach,
    String hostName,
    String domain,
    List<String> search,
    List<InetSocketAddress> resolvers,
    List<Forward> forwards,
    Map<ServiceAddress, InetSocketAddress> services,
    Path tftpFolder,
    String bootFile,
    Limits limits,
    DhcpPlan dhcp,
    NameTable names) {

  private static final int SMALLEST_MTU = 1280;
  private static final int LARGEST_MTU = 65_521;

  /**
   * A TCP port of the virtual network.
   *
   * @param address within the guests' network
   * @param port 1 to 65,535
   */
  public record ServiceAddress(IpAddress address, int port) {}

  /**
   * What guests may use up.
   *
   * @param connections TCP connections at once
   * @param handshakes TCP connections that are being opened at once
   * @param flows UDP flows at once
   * @param memory bytes of TCP data that are held for all connections
   */
  public record Limits(int connections, int handshakes, int flows, long memory) {
    /** For a guest or a few of them. */
    public static final Limits DEFAULT = new Limits(1024, 128, 512, 64L << 20);
  }

  /** Checks that the addresses fit together. */
  public NatConfiguration {
    if (!network4.address().isV4() || network4.prefix() < 8 || network4.prefix() > 30) {
      throw new IllegalArgumentException("the guests' network of IPv4 is /8 to /30: " + network4);
    }
    for (IpAddress address : List.of(gateway4, dns4, guest4)) {
      if (!network4.contains(address)
          || address.equals(network4.first())
          || address.equals(network4.broadcast4())) {
        throw new IllegalArgumentException(address + " is no station of " + network4);
      }
    }
    if (gateway4.equals(guest4) || dns4.equals(guest4)) {
      throw new IllegalArgumentException(
          "the first guest needs an address of its own of " + network4);
    }
    if (ipv6
        && (network6.prefix() < 8
            || network6.prefix() > 126
            || !network6.contains(gateway6)
            || !network6.contains(dns6))) {
      throw new IllegalArgumentException(
          "the guests' network of IPv6 is /8 to /126 with the gateway and the name server in it: "
              + network6);
    }
    if (mtu < SMALLEST_MTU || mtu > LARGEST_MTU) {
      throw new IllegalArgumentException(
          "the MTU is " + SMALLEST_MTU + " to " + LARGEST_MTU + ": " + mtu);
    }
    search = List.copyOf(search);
    resolvers = List.copyOf(resolvers);
    forwards = List.copyOf(forwards);
    services = Map.copyOf(services);
  }

  /** A builder with QEMU's addresses: 10.0.2.0/24 and fec0::/64. */
  public static NatConfigurationBuilder builder() {
    return new NatConfigurationBuilder();
  }
}

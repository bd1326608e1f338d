package org.wardian.network.nat;

import java.net.InetSocketAddress;
import org.wardian.network.wire.IpAddress;

/** Where what a guest sends leads to on the host. */
final class Routes {
  static final int DNS_PORT = 53;

  /** The router's address on the link, which its advertisements come from (RFC 4861 §6.1.2). */
  static final IpAddress LINK_LOCAL = new IpAddress(0xfe80L << 48, 2);

  private final NatConfiguration configuration;
  private final Resolvers resolvers;

  Routes(NatConfiguration configuration, Resolvers resolvers) {
    this.configuration = configuration;
    this.resolvers = resolvers;
  }

  /** Whether an address is the gateway's. */
  boolean gateway(IpAddress address) {
    return address.equals(configuration.gateway4())
        || configuration.ipv6()
            && (address.equals(configuration.gateway6()) || address.equals(LINK_LOCAL));
  }

  /** Whether an address is the name server's. */
  boolean dns(IpAddress address) {
    return address.equals(configuration.dns4())
        || configuration.ipv6() && address.equals(configuration.dns6());
  }

  /** Whether an address is one of ours, that stations of the link can ask for. */
  boolean ours(IpAddress address) {
    if (gateway(address) || dns(address)) {
      return true;
    }
    for (NatConfiguration.ServiceAddress service : configuration.services().keySet()) {
      if (service.address().equals(address)) {
        return true;
      }
    }
    return false;
  }

  /** Whether an address belongs to the guests' link. */
  boolean onLink(IpAddress address) {
    return configuration.network4().contains(address)
        || address.linkLocal() && !address.isV4()
        || configuration.ipv6() && configuration.network6().contains(address);
  }

  /** Whether a station may have an address as its own. */
  boolean guest(IpAddress address) {
    return onLink(address) && !ours(address) && !address.equals(broadcast());
  }

  private IpAddress broadcast() {
    return configuration.network4().broadcast4();
  }

  /** Where a TCP connection leads, or null where it may not go. */
  InetSocketAddress tcp(IpAddress destination, int port) {
    InetSocketAddress service =
        configuration.services().isEmpty()
            ? null
            : configuration.services().get(new NatConfiguration.ServiceAddress(destination, port));
    if (service != null) {
      return service;
    }
    if (dns(destination) && port == DNS_PORT && configuration.reach().outside()) {
      return resolvers.first();
    }
    return udp(destination, port);
  }

  /** Where a UDP datagram leads, or null where it may not go. */
  InetSocketAddress udp(IpAddress destination, int port) {
    if (gateway(destination)) {
      IpAddress loopback = destination.isV4() ? IpAddress.LOOPBACK4 : IpAddress.LOOPBACK6;
      return configuration.reach().loopback() ? new InetSocketAddress(loopback.inet(), port) : null;
    }
    return outside(destination) && configuration.reach().outside()
        ? new InetSocketAddress(destination.inet(), port)
        : null;
  }

  /** Whether an address is that of a host beyond the router. */
  boolean outside(IpAddress address) {
    return !onLink(address)
        && !ours(address)
        && !address.martian()
        && !address.multicast()
        && (address.isV4() || configuration.ipv6());
  }
}

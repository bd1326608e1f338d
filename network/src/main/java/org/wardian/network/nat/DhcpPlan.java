package org.wardian.network.nat;

import java.util.List;
import org.wardian.network.wire.IpAddress;

/**
 * Which addresses a network's DHCP servers lease, to whom, and for how long.
 *
 * @param ranges addresses for anybody; none leaves only {@code hosts}
 * @param hosts addresses that are kept for certain cards
 * @param any whether a guest may also ask for an address of the network that is in no range
 * @param search whether guests search the host's domains too
 */
public record DhcpPlan(List<Range> ranges, List<Host> hosts, boolean any, boolean search) {
  /** Seconds of a lease where nothing else is said, as dnsmasq has it. */
  public static final int HOUR = 3600;

  private static final int DAY = 86_400;
  private static final int FIRST6 = 0x15;
  private static final int SIZE6 = 0xffff;

  /** Copies the lists. */
  public DhcpPlan {
    ranges = List.copyOf(ranges);
    hosts = List.copyOf(hosts);
  }

  /**
   * Addresses one after the other.
   *
   * @param first the first of them, of IPv4 or IPv6
   * @param last the last of them, of the same family
   * @param seconds how long a lease holds; 0 for ever
   */
  public record Range(IpAddress first, IpAddress last, int seconds) {
    boolean contains(IpAddress address) {
      return address.isV4() == first.isV4()
          && Long.compareUnsigned(address.high(), first.high()) >= 0
          && Long.compareUnsigned(address.high(), last.high()) <= 0
          && (address.high() != first.high()
              || Long.compareUnsigned(address.low(), first.low()) >= 0)
          && (address.high() != last.high()
              || Long.compareUnsigned(address.low(), last.low()) <= 0);
    }
  }

  /**
   * A guest that is known.
   *
   * @param mac 48 bits of its Ethernet address; -1 where it is known by another property
   * @param duid its identifier of DHCPv6 in hex digits with colons, or null
   * @param name what it is called, or null; without {@code mac} and {@code duid} it is known by it
   * @param address what it gets
   * @param seconds how long a lease holds; 0 for ever, -1 as its range has it
   */
  public record Host(long mac, String duid, String name, IpAddress address, int seconds) {}

  /** Any address from {@code first} on, for a day each: a network that nobody has planned. */
  static DhcpPlan of(NatConfiguration configuration) {
    IpAddress last = configuration.network4().broadcast4().plus(-1);
    IpAddress first6 = configuration.network6().first().plus(FIRST6);
    return new DhcpPlan(
        List.of(
            new Range(configuration.guest4(), last, DAY),
            new Range(first6, first6.plus(SIZE6), DAY)),
        List.of(),
        true,
        true);
  }

  /** No DHCP at all. */
  public static DhcpPlan none() {
    return new DhcpPlan(List.of(), List.of(), false, false);
  }

  /** Whether there is anything to lease of a family. */
  public boolean leases(boolean four) {
    return ranges.stream().anyMatch(range -> range.first().isV4() == four)
        || hosts.stream().anyMatch(host -> host.address().isV4() == four);
  }

  /** The host that an address is kept for, or null. */
  Host holder(IpAddress address) {
    for (Host host : hosts) {
      if (host.address().equals(address)) {
        return host;
      }
    }
    return null;
  }

  /** For how many seconds a lease of an address holds; 0 for ever. */
  int seconds(IpAddress address) {
    Host host = holder(address);
    if (host != null && host.seconds() >= 0) {
      return host.seconds();
    }
    for (Range range : ranges) {
      if (range.contains(address) || host != null && range.first().isV4() == address.isV4()) {
        return range.seconds();
      }
    }
    return HOUR;
  }
}

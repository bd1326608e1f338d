package org.wardian.daemon.network;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.network.gateway.LeaseFile;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.wire.remote.NetworkDhcpLease;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.Subnet;

/** Leases as clients are told of them. */
final class LeaseReport {
  private static final int IPV4 = 0;
  private static final int IPV6 = 1;

  private LeaseReport() {}

  /**
   * The leases of an active network that have not run out.
   *
   * @param mac of the one card that is asked for, or null
   */
  static List<NetworkDhcpLease> read(Path file, NetworkDocument network, String mac) {
    long now = Instant.now().getEpochSecond();
    List<NetworkDhcpLease> found = new ArrayList<>();
    for (LeaseFile.Lease lease : LeaseFile.read(file)) {
      if (lease.expiry() != 0 && lease.expiry() <= now
          || mac != null && !mac.equalsIgnoreCase(lease.mac())) {
        continue;
      }
      IpAddress address = IpAddress.parse(lease.address());
      found.add(
          new NetworkDhcpLease(
              network.bridge(),
              lease.expiry(),
              address.isV4() ? IPV4 : IPV6,
              lease.mac(),
              lease.iaid(),
              lease.address(),
              prefix(network, address),
              lease.hostName(),
              lease.clientId()));
    }
    return found;
  }

  private static int prefix(NetworkDocument network, IpAddress address) {
    for (XmlElement ip : network.addresses()) {
      int prefix = NetworkDocument.prefix(ip);
      if (new Subnet(IpAddress.parse(ip.attribute("address")), prefix).contains(address)) {
        return prefix;
      }
    }
    return address.isV4() ? 32 : 128;
  }
}

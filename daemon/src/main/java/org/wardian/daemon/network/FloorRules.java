package org.wardian.daemon.network;

import java.util.Collection;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.network.NetworkPortDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * What a network may promise its ports: the sum of their {@code floor}s is not above its own
 * inbound peak, or its average where it has no peak (libvirt, "Network XML format", "Quality of
 * service").
 */
final class FloorRules {
  private FloorRules() {}

  /**
   * Fails where a network cannot promise what a port asks for.
   *
   * @param ports those that it has; one with the same UUID is replaced
   */
  static void check(
      NetworkDocument network, Collection<NetworkPortDocument> ports, NetworkPortDocument port)
      throws LibvirtException {
    if (floor(port) == 0) {
      return;
    }
    XmlElement bandwidth = network.element("bandwidth");
    XmlElement inbound = bandwidth == null ? null : bandwidth.child("inbound");
    if (inbound == null) {
      throw NetworkRefusal.of(
          ErrorNumber.OPERATION_UNSUPPORTED,
          "Invalid use of 'floor' on interface with MAC address %s - network '%s' has no inbound QoS set"
              .formatted(port.mac(), network.name()));
    }
    String limit = inbound.attribute("peak") == null ? "average" : "peak";
    long sum =
        ports.stream()
            .filter(one -> !one.uuid().equals(port.uuid()))
            .mapToLong(FloorRules::floor)
            .sum();
    sum += floor(port);
    if (sum > Long.parseLong(inbound.attribute(limit, "0"))) {
      throw NetworkRefusal.notNow(
          ("Cannot plug '%s' interface into '%s' because new combined inbound floor=%d would"
                  + " overcommit %s=%s on network '%s'")
              .formatted(
                  port.mac(),
                  network.bridge(),
                  sum,
                  limit,
                  inbound.attribute(limit),
                  network.name()));
    }
  }

  private static long floor(NetworkPortDocument port) {
    XmlElement bandwidth = port.bandwidth();
    XmlElement inbound = bandwidth == null ? null : bandwidth.child("inbound");
    return inbound == null ? 0 : Long.parseLong(inbound.attribute("floor", "0"));
  }
}

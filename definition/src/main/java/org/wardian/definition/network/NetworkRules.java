package org.wardian.definition.network;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** What the parts of a network's document must not be together. */
final class NetworkRules {
  private static final Set<String> ROUTED = Set.of("none", "nat", "route", "open");

  private final XmlElement network;
  private final String name;
  private final String mode;

  NetworkRules(XmlElement network, String name) {
    this.network = network;
    this.name = name;
    mode = mode(network);
  }

  /** The mode of a document in libvirt's form; {@code none} without {@code <forward>}. */
  static String mode(XmlElement network) {
    XmlElement forward = network.child("forward");
    return forward == null ? "none" : forward.attribute("mode");
  }

  /** Whether a network of a mode is a switch of its own with a gateway. */
  static boolean routed(String mode) {
    return ROUTED.contains(mode);
  }

  void check() throws DefinitionException {
    forward();
    bridge();
    if (!routed(mode)) {
      onlyRouted();
    }
    addresses();
    portGroups();
    vlans();
    floor(network.child("bandwidth"));
  }

  private void forward() throws DefinitionException {
    int interfaces =
        network.child("forward") == null
            ? 0
            : network.child("forward").children("interface").size();
    switch (mode) {
      case "nat", "route" -> {
        if (network.child("ip") == null) {
          throw DefinitionException.xml(
              mode
                  + " forwarding requested, but no IP address provided for network '"
                  + name
                  + "'");
        }
        if (interfaces > 1) {
          throw DefinitionException.xml(
              "multiple forwarding interfaces specified for network '"
                  + name
                  + "', only one is supported");
        }
      }
      case "open" -> {
        if (interfaces > 0) {
          throw DefinitionException.xml(
              "forward dev not allowed for network '" + name + "' with forward mode='open'");
        }
      }
      default -> {
        // The others have no rules of this kind.
      }
    }
  }

  private void bridge() throws DefinitionException {
    XmlElement bridge = network.child("bridge");
    if (bridge == null || routed(mode)) {
      if (network.child("mtu") != null && !routed(mode)) {
        throw mtuNotAllowed();
      }
      return;
    }
    String in = mode + " mode (network '" + name + "')";
    if (!mode.equals("bridge")) {
      if (bridge.attribute("name") != null) {
        throw DefinitionException.xml("bridge name not allowed in " + in);
      }
      if (bridge.attribute("macTableManager") != null) {
        throw DefinitionException.xml("bridge macTableManager setting not allowed in " + in);
      }
    }
    if (bridge.attribute("delay") != null
        || bridge.attribute("stp") != null
        || bridge.attribute("zone") != null) {
      throw DefinitionException.xml(
          "bridge delay/stp/zone options only allowed in route, nat, and isolated mode, not in "
              + mode
              + " (network '"
              + name
              + "')");
    }
    XmlElement forward = network.child("forward");
    if (bridge.attribute("name") != null
        && (forward.child("interface") != null || forward.child("pf") != null)) {
      throw DefinitionException.xml(
          "A network with forward mode='"
              + mode
              + "' can specify a bridge name or a forward dev, but not both (network '"
              + name
              + "')");
    }
    if (network.child("mtu") != null) {
      throw mtuNotAllowed();
    }
  }

  private DefinitionException mtuNotAllowed() {
    return DefinitionException.xml(
        "mtu size only allowed in open, route, nat, and isolated mode, not in "
            + mode
            + " (network '"
            + name
            + "')");
  }

  private void onlyRouted() throws DefinitionException {
    for (String element : List.of("mac", "ip", "dns", "domain")) {
      if (network.child(element) != null) {
        throw DefinitionException.unsupported(
            "Unsupported <"
                + element
                + "> element in network "
                + name
                + " with forward mode='"
                + mode
                + "'");
      }
    }
    boolean openVirtualSwitch =
        "openvswitch".equals(network.attributeAt("virtualport", "type")) && mode.equals("bridge");
    if (network.child("bandwidth") != null && !openVirtualSwitch) {
      throw DefinitionException.unsupported(
          "Unsupported network-wide <bandwidth> element in network "
              + name
              + " with forward mode='"
              + mode
              + "'");
    }
  }

  private void addresses() throws DefinitionException {
    boolean dhcp4 = false;
    boolean dhcp6 = false;
    for (XmlElement ip : network.children("ip")) {
      XmlElement dhcp = ip.child("dhcp");
      if (dhcp == null) {
        continue;
      }
      boolean four = HostAddress.parse(ip.attribute("address")).four();
      if (four ? dhcp4 : dhcp6) {
        String family = four ? "IPv4" : "IPv6";
        throw DefinitionException.unsupported(
            "Multiple "
                + family
                + " dhcp sections found -- dhcp is supported only for a single "
                + family
                + " address on each network");
      }
      dhcp4 |= four;
      dhcp6 |= !four;
    }
    for (XmlElement route : network.children("route")) {
      HostAddress gateway = HostAddress.parse(route.attribute("gateway"));
      boolean reached =
          network.children("ip").stream()
              .anyMatch(ip ->
                  HostAddress.parse(ip.attribute("address"))
                      .sameNetwork(gateway, NetworkAddressing.prefix(ip)));
      if (!reached) {
        throw DefinitionException.unsupported(
            "unreachable static route gateway '"
                + gateway
                + "' specified for network '"
                + name
                + "'");
      }
    }
  }

  private void portGroups() throws DefinitionException {
    Set<String> names = new HashSet<>();
    String standard = null;
    for (XmlElement group : network.children("portgroup")) {
      String groupName = group.attribute("name");
      if ("yes".equals(group.attribute("default"))) {
        if (standard != null) {
          throw DefinitionException.unsupported(
              "network '"
                  + name
                  + "' has multiple default <portgroup> elements ("
                  + standard
                  + " and "
                  + groupName
                  + "), but only one default is allowed");
        }
        standard = groupName;
      }
      if (!names.add(groupName)) {
        throw DefinitionException.unsupported(
            "multiple <portgroup> elements with the same name ("
                + groupName
                + ") in network '"
                + name
                + "'");
      }
      floor(group.child("bandwidth"));
    }
  }

  private void floor(XmlElement bandwidth) throws DefinitionException {
    if (bandwidth != null
        && bandwidth.find("inbound").map(rate -> rate.attribute("floor")).isPresent()) {
      throw DefinitionException.unsupported("floor attribute is not supported for this config");
    }
  }

  private void vlans() throws DefinitionException {
    boolean allowed =
        mode.equals("hostdev")
            || mode.equals("passthrough")
            || mode.equals("bridge")
                && "openvswitch".equals(network.attributeAt("virtualport", "type"));
    boolean used = network.child("vlan") != null;
    boolean groupsUse = false;
    for (XmlElement group : network.children("portgroup")) {
      boolean own = "openvswitch".equals(group.attributeAt("virtualport", "type"));
      groupsUse |= group.child("vlan") != null && !own;
    }
    if (!allowed && (used || groupsUse)) {
      throw DefinitionException.unsupported(
          "<vlan> element specified for network "
              + name
              + ", whose type doesn't support vlan configuration");
    }
  }
}

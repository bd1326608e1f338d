package org.wardian.definition.network;

import java.math.BigInteger;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** {@code <ip>} with {@code <dhcp>}, and {@code <route>}. */
final class NetworkAddressing {
  private static final BigInteger MOST_ADDRESSES = BigInteger.valueOf(65_535);
  private static final Set<String> UNITS = Set.of("seconds", "minutes", "hours");

  private NetworkAddressing() {}

  /** An {@code <ip>} in libvirt's form. */
  static XmlElement ip(XmlElement from, String network) throws DefinitionException {
    String in = " in network '" + network + "'";
    String text = Fields.text(from, "address");
    if (text == null) {
      throw DefinitionException.xml("Missing required address attribute" + in);
    }
    HostAddress address = HostAddress.parse(text);
    if (address == null) {
      throw DefinitionException.xml("Invalid address '" + text + "'" + in);
    }
    String family = Fields.text(from, "family");
    String maskText = Fields.text(from, "netmask");
    HostAddress mask = maskText == null ? null : HostAddress.parse(maskText);
    if (maskText != null && mask == null) {
      throw DefinitionException.xml("Invalid netmask '" + maskText + "'" + in);
    }
    long prefix = Fields.unsigned(from, "prefix");
    family(family, address, text, in);
    if (mask != null && prefix >= 0) {
      throw DefinitionException.unsupported(
          "Network '" + network + "' IP address cannot have both a prefix and a netmask");
    }
    if (mask != null && !address.four()) {
      throw DefinitionException.unsupported(
          "netmask not allowed for IPv6 address '" + text + "'" + in);
    }
    if (mask != null && !mask.four()) {
      throw DefinitionException.unsupported(
          "Invalid netmask '"
              + maskText
              + "' for address '"
              + text
              + "'"
              + in
              + " (both must be IPv4)");
    }
    if (prefix > address.bits()) {
      throw DefinitionException.unsupported(
          "Invalid " + (address.four() ? "IPv4" : "IPv6") + " prefix '" + prefix + "'" + in);
    }
    XmlElement ip = new XmlElement("ip").set("family", family);
    ip.set("address", address.toString());
    ip.set("netmask", mask == null ? null : mask.toString());
    ip.set("prefix", prefix < 0 ? null : Long.toString(prefix));
    ip.set("localPtr", Fields.yesNo(from, "localPtr"));
    XmlElement tftp = from.child("tftp");
    if (tftp != null && !address.four()) {
      throw DefinitionException.unsupported("Unsupported <tftp> element in an IPv6 element" + in);
    }
    if (Fields.text(tftp, "root") != null) {
      ip.append("tftp").set("root", tftp.attribute("root"));
    }
    XmlElement dhcp = from.child("dhcp");
    if (dhcp != null) {
      dhcp(dhcp, ip, network, address, mask != null ? mask.maskPrefix() : (int) prefix);
    }
    return ip;
  }

  private static void family(String family, HostAddress address, String text, String in)
      throws DefinitionException {
    if (family == null) {
      if (!address.four()) {
        throw DefinitionException.unsupported(
            "no family specified for non-IPv4 address '" + text + "'" + in);
      }
    } else if (family.equals("ipv4")) {
      if (!address.four()) {
        throw DefinitionException.unsupported(
            "IPv4 family specified for non-IPv4 address '" + text + "'" + in);
      }
    } else if (family.equals("ipv6")) {
      if (address.four()) {
        throw DefinitionException.unsupported(
            "Family 'ipv6' specified for non-IPv6 address '" + text + "'" + in);
      }
    } else {
      throw DefinitionException.xml("Unrecognized family '" + family + "'" + in);
    }
  }

  private static void dhcp(
      XmlElement from, XmlElement ip, String network, HostAddress address, int prefix)
      throws DefinitionException {
    XmlElement dhcp = new XmlElement("dhcp");
    for (XmlElement child : from.children("range")) {
      dhcp.add(range(child, network, address, prefix));
    }
    for (XmlElement child : from.children("host")) {
      dhcp.add(host(child, network, address, false));
    }
    XmlElement bootp = from.child("bootp");
    if (address.four() && Fields.text(bootp, "file") != null) {
      XmlElement boot = dhcp.append("bootp");
      Fields.copy(bootp, boot, "file", "server");
    }
    if (!dhcp.children().isEmpty()) {
      ip.add(dhcp);
    }
  }

  /** The prefix of an {@code <ip>}; what its class has where it says nothing. */
  static int prefix(XmlElement ip) {
    HostAddress address = HostAddress.parse(ip.attribute("address"));
    String mask = ip.attribute("netmask");
    if (mask != null) {
      return HostAddress.parse(mask).maskPrefix();
    }
    String prefix = ip.attribute("prefix");
    return prefix == null ? address.naturalPrefix() : Integer.parseInt(prefix);
  }

  /** A {@code <range>} of an {@code <ip>}. */
  static XmlElement range(XmlElement from, XmlElement ip, String network)
      throws DefinitionException {
    return range(from, network, HostAddress.parse(ip.attribute("address")), prefix(ip));
  }

  private static XmlElement range(
      XmlElement from, String network, HostAddress address, int givenPrefix)
      throws DefinitionException {
    String startText = end(from, "start", network);
    String endText = end(from, "end", network);
    HostAddress start = literal(startText);
    HostAddress end = literal(endText);
    int prefix = givenPrefix < 0 ? address.naturalPrefix() : givenPrefix;
    String range = startText + " - " + endText;
    if (start.four() != address.four() || end.four() != address.four()) {
      throw DefinitionException.internal(
          "mismatch of address family in range " + range + " for network " + address);
    }
    String where = " of range " + range + " in network " + address + "/" + prefix;
    if (!start.sameNetwork(address, prefix) || !end.sameNetwork(address, prefix)) {
      throw DefinitionException.internal(
          "range " + range + " is not entirely within network " + address + "/" + prefix);
    }
    BigInteger size = start.distance(end);
    if (size.signum() < 0) {
      throw DefinitionException.internal("range " + range + " is reversed ");
    }
    if (start.four() && start.firstOf(prefix)) {
      throw DefinitionException.internal("start" + where + " is the network address");
    }
    if (start.four() && end.lastOf(prefix)) {
      throw DefinitionException.internal("end" + where + " is the broadcast address");
    }
    if (size.compareTo(MOST_ADDRESSES) > 0) {
      throw DefinitionException.internal("range " + range + " is too large (> 65535)");
    }
    XmlElement to = new XmlElement("range");
    to.set("start", start.toString());
    to.set("end", end.toString());
    lease(from, to);
    return to;
  }

  private static HostAddress literal(String text) throws DefinitionException {
    HostAddress address = HostAddress.parse(text);
    if (address == null) {
      // The words are those of getaddrinfo, which libvirt asks.
      throw new DefinitionException(
          DefinitionException.Kind.XML_DETAIL,
          "Cannot parse socket address '" + text + "': Name or service not known");
    }
    return address;
  }

  private static String end(XmlElement from, String attribute, String network)
      throws DefinitionException {
    String text = Fields.text(from, attribute);
    if (text == null) {
      throw DefinitionException.xml(
          "Missing '" + attribute + "' attribute in dhcp range for network '" + network + "'");
    }
    return text;
  }

  private static void lease(XmlElement from, XmlElement to) throws DefinitionException {
    XmlElement lease = from.child("lease");
    if (lease == null) {
      return;
    }
    String unit = Fields.oneOf(lease, "unit", UNITS);
    long expiry = Fields.unsigned(lease, "expiry");
    if (expiry < 0) {
      throw DefinitionException.xml("Missing required attribute 'expiry' in element 'lease'");
    }
    if (leaseSeconds(expiry, unit) < 120 && expiry != 0) {
      throw DefinitionException.unsupported(
          "The minimum lease time should be greater than 2 minutes");
    }
    XmlElement kept = to.append("lease").set("expiry", expiry);
    // Where it never ends there is nothing to measure.
    kept.set("unit", expiry == 0 ? null : unit == null ? "minutes" : unit);
  }

  /** Seconds of a {@code <lease>}; without a unit it counts minutes. */
  static long leaseSeconds(long expiry, String unit) {
    return "seconds".equals(unit) ? expiry : "hours".equals(unit) ? expiry * 3600 : expiry * 60;
  }

  /**
   * A static {@code <host>}.
   *
   * @param partial whether it only has to say enough to be found
   */
  static XmlElement host(XmlElement from, String network, HostAddress address, boolean partial)
      throws DefinitionException {
    String mac = Fields.text(from, "mac");
    String id = Fields.text(from, "id");
    String name = Fields.text(from, "name");
    String ip = Fields.text(from, "ip");
    boolean four = address.four();
    if (mac != null) {
      if (!four) {
        throw DefinitionException.xml(
            "Invalid to specify MAC address '"
                + mac
                + "' in network '"
                + network
                + "' IPv6 static host definition");
      }
      if (!Fields.mac(mac)) {
        throw DefinitionException.xml(
            "Cannot parse MAC address '" + mac + "' in network '" + network + "'");
      }
      if (Fields.group(mac)) {
        throw DefinitionException.xml(
            "expected unicast mac address, found multicast '"
                + mac
                + "' in network '"
                + network
                + "'");
      }
    }
    for (int i = 0; id != null && i < id.length(); i++) {
      if (Character.digit(id.charAt(i), 16) < 0 && id.charAt(i) != ':') {
        throw DefinitionException.xml(
            "Invalid character '"
                + id.charAt(i)
                + "' in id '"
                + id
                + "' of network '"
                + network
                + "'");
      }
    }
    if (name != null && !Character.isLetter(name.charAt(0)) && !four) {
      throw DefinitionException.xml(
          "Cannot use host name '" + name + "' in network '" + network + "'");
    }
    HostAddress fixed = ip == null ? null : HostAddress.parse(ip);
    if (ip != null && fixed == null) {
      throw DefinitionException.xml(
          "Invalid IP address in static host definition for network '" + network + "'");
    }
    if (partial) {
      if (mac == null && name == null && ip == null && id == null) {
        throw DefinitionException.xml(
            "At least one of name, mac, or ip attribute must be specified for static host"
                + " definition in network '"
                + network
                + "' ");
      }
    } else {
      if (four && mac == null && name == null) {
        throw DefinitionException.xml(
            "Static host definition in IPv4 network '"
                + network
                + "' must have mac or name attribute");
      }
      if (!four && id == null && name == null) {
        throw DefinitionException.xml(
            "Static host definition in IPv6 network '"
                + network
                + "' must have id or name attribute");
      }
      if (ip == null) {
        throw DefinitionException.xml(
            "Missing IP address in static host definition for network '" + network + "'");
      }
    }
    XmlElement host = new XmlElement("host").set("id", id).set("mac", mac).set("name", name);
    host.set("ip", fixed == null ? null : fixed.toString());
    lease(from, host);
    return host;
  }

  /** A {@code <route>}. */
  static XmlElement route(XmlElement from, String network) throws DefinitionException {
    String text = Fields.text(from, "address");
    String gatewayText = Fields.text(from, "gateway");
    String family = Fields.text(from, "family");
    String maskText = Fields.text(from, "netmask");
    final String in = " in route definition";
    long prefix = Fields.unsigned(from, "prefix");
    if (text == null) {
      throw routeError(network, "Missing required address attribute" + in);
    }
    if (gatewayText == null) {
      throw routeError(network, "Missing required gateway attribute" + in);
    }
    HostAddress address = HostAddress.parse(text);
    HostAddress gateway = HostAddress.parse(gatewayText);
    HostAddress mask = maskText == null ? null : HostAddress.parse(maskText);
    if (address == null) {
      throw routeError(network, "Bad network address '" + text + "'" + in);
    }
    if (gateway == null) {
      throw routeError(network, "Bad gateway address '" + gatewayText + "'" + in);
    }
    if (maskText != null && (mask == null || !mask.four())) {
      throw routeError(network, "Bad netmask address '" + maskText + "'" + in);
    }
    long metric = Fields.positive(from, "metric");
    boolean six = "ipv6".equals(family);
    if (family != null && !six && !family.equals("ipv4")) {
      throw routeError(network, "Unrecognized family '" + family + "'" + in);
    }
    if (six == address.four()) {
      throw routeError(
          network,
          (six
                  ? "ipv6 family specified for non-IPv6 address '"
                  : family == null
                      ? "No family specified for non-IPv4 address '"
                      : "IPv4 family specified for non-IPv4 address '")
              + text
              + "'"
              + in);
    }
    if (six == gateway.four()) {
      throw routeError(
          network,
          (six
                  ? "ipv6 specified for non-IPv6 gateway address '"
                  : family == null
                      ? "No family specified for non-IPv4 gateway '"
                      : "IPv4 family specified for non-IPv4 gateway '")
              + gatewayText
              + "'"
              + in);
    }
    if (mask != null && six) {
      throw routeError(network, "Specifying netmask invalid for IPv6 address '" + text + "'" + in);
    }
    if (mask != null && prefix >= 0) {
      throw routeError(network, "Route definition cannot have both a prefix and a netmask");
    }
    if (prefix > address.bits()) {
      throw routeError(
          network,
          "Invalid prefix " + prefix + " specified" + in + ", must be 0 - " + address.bits());
    }
    int bits = mask != null ? mask.maskPrefix() : prefix >= 0 ? (int) prefix : address.bits();
    boolean whole = mask == null && prefix < 0;
    boolean nowhere = address.distance(address).signum() == 0 && address.firstOf(0);
    if (!address.firstOf(whole && nowhere ? 0 : bits)) {
      throw routeError(network, "Address '" + text + "'" + in + " is not a network address");
    }
    XmlElement route = new XmlElement("route").set("family", family);
    route.set("address", address.toString());
    route.set("netmask", mask == null ? null : mask.toString());
    route.set("prefix", prefix < 0 ? null : Long.toString(prefix));
    route.set("gateway", gateway.toString());
    route.set("metric", metric < 0 ? null : Long.toString(metric));
    return route;
  }

  private static DefinitionException routeError(String network, String message) {
    return DefinitionException.xml(network + ": " + message);
  }
}

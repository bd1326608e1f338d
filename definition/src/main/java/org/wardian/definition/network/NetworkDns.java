package org.wardian.definition.network;

import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** {@code <dns>} and the records in it. */
final class NetworkDns {
  private static final int LARGEST = 65_535;

  private NetworkDns() {}

  /** The element in libvirt's form; null where it says nothing. */
  static XmlElement dns(XmlElement from, String network) throws DefinitionException {
    XmlElement dns = new XmlElement("dns");
    dns.set("enable", Fields.oneOf(from, "enable", Set.of("yes", "no")));
    dns.set("forwardPlainNames", Fields.oneOf(from, "forwardPlainNames", Set.of("yes", "no")));
    for (XmlElement child : from.children("forwarder")) {
      dns.add(forwarder(child, network));
    }
    for (XmlElement child : from.children("txt")) {
      dns.add(txt(child, network, false));
    }
    for (XmlElement child : from.children("srv")) {
      dns.add(srv(child, network, false));
    }
    for (XmlElement child : from.children("host")) {
      dns.add(host(child, network, false));
    }
    if ("no".equals(dns.attribute("enable")) && !dns.children().isEmpty()) {
      throw DefinitionException.xml("Extra data in disabled network '" + network + "'");
    }
    return dns.attributes().isEmpty() && dns.children().isEmpty() ? null : dns;
  }

  private static XmlElement forwarder(XmlElement from, String network) throws DefinitionException {
    String address = Fields.text(from, "addr");
    String domain = Fields.text(from, "domain");
    if (address == null && domain == null) {
      throw DefinitionException.xml(
          "Invalid forwarder element, must contain at least one of addr or domain");
    }
    if (address != null && HostAddress.parse(address) == null) {
      throw DefinitionException.xml(
          "Invalid forwarder IP address '" + address + "' in network '" + network + "'");
    }
    return new XmlElement("forwarder").set("domain", domain).set("addr", address);
  }

  /** A TXT record; a partial one has to have a name. */
  static XmlElement txt(XmlElement from, String network, boolean partial)
      throws DefinitionException {
    String name = Fields.text(from, "name");
    String value = from.attribute("value");
    if (name == null) {
      throw DefinitionException.detail(
          "missing required name attribute in DNS TXT record of network " + network);
    }
    if (name.indexOf(' ') >= 0) {
      throw DefinitionException.detail(
          "prohibited character in DNS TXT record name '" + name + "' of network " + network);
    }
    if (value == null && !partial) {
      throw DefinitionException.detail(
          "missing required value attribute in DNS TXT record named '"
              + name
              + "' of network "
              + network);
    }
    return new XmlElement("txt").set("name", name).set("value", value);
  }

  /** An SRV record; a partial one has to have something. */
  static XmlElement srv(XmlElement from, String network, boolean partial)
      throws DefinitionException {
    String service = Fields.text(from, "service");
    String protocol = Fields.text(from, "protocol");
    if (service == null && !partial) {
      throw DefinitionException.detail(
          "missing required service attribute in DNS SRV record of network '" + network + "'");
    }
    if (protocol == null && !partial) {
      throw DefinitionException.detail(
          "missing required protocol attribute in DNS SRV record '"
              + service
              + "' of network '"
              + network
              + "'");
    }
    if (service != null && service.length() > 63) {
      throw DefinitionException.detail(
          "service attribute '"
              + service
              + "' in network '"
              + network
              + "' is too long, limit is 63 bytes");
    }
    XmlElement srv = new XmlElement("srv").set("service", service).set("protocol", protocol);
    srv.set("domain", Fields.text(from, "domain"));
    String target = Fields.text(from, "target");
    srv.set("target", target);
    number(from, srv, "port", target, 1, network);
    number(from, srv, "priority", target, 0, network);
    number(from, srv, "weight", target, 0, network);
    return srv;
  }

  private static void number(
      XmlElement from, XmlElement srv, String key, String target, int least, String network)
      throws DefinitionException {
    String text = from.attribute(key);
    if (text == null) {
      return;
    }
    String where =
        " for service '" + srv.attribute("service", "(null)") + "' in network '" + network + "'";
    long number = Fields.number(text);
    if (number < least || number > LARGEST) {
      String words = key.equals("priority") ? "Invalid" : "invalid";
      throw DefinitionException.detail(words + " DNS SRV " + key + " attribute" + where);
    }
    if (target == null) {
      throw DefinitionException.detail(
          "DNS SRV " + key + " attribute not permitted without target" + where);
    }
    srv.set(key, number);
  }

  /** A record of a host; a partial one has to have an address or a name. */
  static XmlElement host(XmlElement from, String network, boolean partial)
      throws DefinitionException {
    String ip = Fields.text(from, "ip");
    String where = " in network '" + network + "' DNS HOST record";
    if (ip == null && !partial) {
      throw DefinitionException.detail("Missing IP address" + where);
    }
    if (ip != null && HostAddress.parse(ip) == null) {
      throw DefinitionException.detail("Invalid IP address" + where);
    }
    XmlElement host = new XmlElement("host").set("ip", ip);
    for (XmlElement name : from.children("hostname")) {
      if (name.text().isEmpty()) {
        throw DefinitionException.detail("Missing hostname" + where);
      }
      host.append("hostname").text(name.text());
    }
    if (host.children().isEmpty() && !partial) {
      throw DefinitionException.detail("Missing hostname" + where);
    }
    if (host.children().isEmpty() && ip == null) {
      throw DefinitionException.detail("Missing ip and hostname" + where);
    }
    return host;
  }
}

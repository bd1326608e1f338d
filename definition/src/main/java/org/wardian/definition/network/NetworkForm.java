package org.wardian.definition.network;

import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.wardian.definition.xml.XmlElement;

/**
 * Puts a document of a network into libvirt's form: known elements in their order, values checked,
 * what is not known left out.
 */
final class NetworkForm {
  private static final String DNSMASQ = "http://libvirt.org/schemas/network/dnsmasq/1.0";

  private final XmlElement from;
  private final XmlElement to = new XmlElement("network");
  private final String name;

  private NetworkForm(XmlElement from) throws DefinitionException {
    this.from = from;
    name = nameOf(from);
  }

  /** The document in libvirt's form. */
  static XmlElement of(XmlElement from) throws DefinitionException {
    if (!from.name().equals("network")) {
      throw DefinitionException.xml(
          "expecting root element of 'network', not '" + from.name() + "'");
    }
    NetworkForm form = new NetworkForm(from);
    form.convert();
    new NetworkRules(form.to, form.name).check();
    return form.to;
  }

  private static String nameOf(XmlElement from) throws DefinitionException {
    String name = from.textAt("name");
    if (name == null || name.isEmpty()) {
      throw new DefinitionException(DefinitionException.Kind.NO_NAME, "");
    }
    for (String illegal : List.of("\n", "/")) {
      if (name.contains(illegal)) {
        throw DefinitionException.detail("invalid char in name: " + illegal);
      }
    }
    return name;
  }

  private void convert() throws DefinitionException {
    root();
    to.append("name").text(name);
    uuid();
    XmlElement metadata = from.child("metadata");
    if (metadata != null && !metadata.children().isEmpty()) {
      to.add(metadata.copy());
    }
    XmlElement forward = from.child("forward");
    if (forward != null) {
      to.add(new ForwardForm(forward, name).convert());
    }
    bridge();
    mtu();
    mac();
    domain();
    one("dns", element -> NetworkDns.dns(element, name));
    one("vlan", PortSettings::vlan);
    one("bandwidth", PortSettings::bandwidth);
    isolated();
    for (XmlElement ip : from.children("ip")) {
      to.add(NetworkAddressing.ip(ip, name));
    }
    for (XmlElement route : from.children("route")) {
      to.add(NetworkAddressing.route(route, name));
    }
    one("virtualport", PortSettings::virtualPort);
    for (XmlElement group : from.children("portgroup")) {
      to.add(PortSettings.portGroup(group));
    }
    options();
  }

  /** Makes an element of another. */
  private interface Conversion {
    XmlElement apply(XmlElement element) throws DefinitionException;
  }

  private void one(String child, Conversion conversion) throws DefinitionException {
    XmlElement element = from.child(child);
    XmlElement converted = element == null ? null : conversion.apply(element);
    if (converted != null) {
      to.add(converted);
    }
  }

  private void root() throws DefinitionException {
    String ipv6 = from.attribute("ipv6");
    if (ipv6 != null && !ipv6.equals("yes") && !ipv6.equals("no")) {
      throw DefinitionException.xml(
          "Invalid ipv6 setting '" + ipv6 + "' in network '" + name + "'");
    }
    to.set("ipv6", "yes".equals(ipv6) ? "yes" : null);
    to.set("trustGuestRxFilters", Fields.yesNo(from, "trustGuestRxFilters"));
  }

  private void uuid() throws DefinitionException {
    String text = from.textAt("uuid");
    if (text == null || text.isEmpty()) {
      return;
    }
    UUID uuid = Fields.uuid(text);
    if (uuid == null) {
      throw DefinitionException.internal("malformed uuid element");
    }
    to.append("uuid").text(uuid.toString());
  }

  private void bridge() throws DefinitionException {
    XmlElement bridge = from.child("bridge");
    if (bridge == null) {
      return;
    }
    String delay = Fields.text(bridge, "delay");
    if (delay != null && Fields.number(delay) < 0) {
      throw DefinitionException.xml("Invalid delay value in network '" + name + "'");
    }
    String table = Fields.text(bridge, "macTableManager");
    if (table != null && !table.equals("kernel") && !table.equals("libvirt")) {
      throw DefinitionException.xml(
          "Invalid macTableManager setting '" + table + "' in network '" + name + "'");
    }
    XmlElement kept = to.append("bridge");
    Fields.copy(bridge, kept, "name", "zone", "stp", "delay");
    kept.set("macTableManager", table);
  }

  private void mtu() throws DefinitionException {
    String size = Fields.text(from.child("mtu"), "size");
    if (size == null) {
      return;
    }
    long bytes = Fields.number(size);
    if (bytes < 0 || bytes > 0xffff_ffffL) {
      throw DefinitionException.xml("Invalid mtu size '" + size + "' in network '" + name + "'");
    }
    if (bytes > 0) {
      to.append("mtu").set("size", bytes);
    }
  }

  private void mac() throws DefinitionException {
    String mac = Fields.text(from.child("mac"), "address");
    if (mac == null) {
      return;
    }
    if (!Fields.mac(mac)) {
      throw DefinitionException.xml(
          "Invalid bridge mac address '" + mac + "' in network '" + name + "'");
    }
    if (Fields.group(mac)) {
      throw DefinitionException.xml(
          "Invalid multicast bridge mac address '" + mac + "' in network '" + name + "'");
    }
    to.append("mac").set("address", Fields.canonicalMac(mac));
  }

  private void domain() throws DefinitionException {
    XmlElement domain = from.child("domain");
    String local = Fields.oneOf(domain, "localOnly", Set.of("yes", "no"));
    if (Fields.text(domain, "name") != null) {
      to.append("domain").set("name", domain.attribute("name")).set("localOnly", local);
    }
  }

  private void isolated() throws DefinitionException {
    XmlElement port = from.child("port");
    String isolated = port == null ? null : Fields.yesNo(port, "isolated");
    if (isolated != null) {
      to.append("port").set("isolated", isolated);
    }
  }

  /** Options for dnsmasq, which are kept for whoever reads them. */
  private void options() throws DefinitionException {
    for (XmlElement child : from.children()) {
      int colon = child.name().indexOf(':');
      if (colon > 0
          && child.name().endsWith(":options")
          && DNSMASQ.equals(from.attribute("xmlns:" + child.name().substring(0, colon)))) {
        XmlElement options = new XmlElement("dnsmasq:options");
        for (XmlElement option : child.children()) {
          if (option.attribute("value") == null) {
            throw DefinitionException.internal("No dnsmasq option value specified");
          }
          options.append("dnsmasq:option").set("value", option.attribute("value"));
        }
        if (!options.children().isEmpty()) {
          to.set("xmlns:dnsmasq", DNSMASQ);
          to.add(options);
        }
        return;
      }
    }
  }
}

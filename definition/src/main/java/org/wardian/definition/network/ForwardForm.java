package org.wardian.definition.network;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** {@code <forward>}: how a network is joined to others. */
final class ForwardForm {
  private static final Set<String> MODES =
      Set.of("none", "nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev");
  private static final int LARGEST_PORT = 65_535;

  private final XmlElement from;
  private final String network;

  ForwardForm(XmlElement from, String network) {
    this.from = from;
    this.network = network;
  }

  XmlElement convert() throws DefinitionException {
    String mode = Fields.text(from, "mode");
    if (mode == null) {
      mode = "nat";
    }
    if (!MODES.contains(mode)) {
      throw DefinitionException.unsupported("unknown forwarding type '" + mode + "'");
    }
    XmlElement to = new XmlElement("forward");
    XmlElement devices = new XmlElement("devices");
    devices(devices);
    String first = devices.children("interface").isEmpty() ? null : firstDevice(devices);
    to.set("dev", first).set("mode", mode);
    if (mode.equals("hostdev")) {
      to.set("managed", "yes".equals(Fields.yesNo(from, "managed")) ? "yes" : "no");
    }
    driver(to);
    List<XmlElement> nats = from.children("nat");
    if (nats.size() > 1) {
      throw DefinitionException.xml(
          "Only one <nat> element is allowed in <forward> of network " + network);
    }
    if (!nats.isEmpty() && !mode.equals("nat")) {
      throw DefinitionException.xml(
          "The <nat> element can only be used when <forward> 'mode' is 'nat' in network "
              + network);
    }
    XmlElement nat = nats.isEmpty() ? null : nat(nats.getFirst());
    if (nat != null) {
      to.add(nat);
    }
    devices.children().forEach(to::add);
    return to;
  }

  private static String firstDevice(XmlElement devices) {
    return devices.child("interface").attribute("dev");
  }

  private void driver(XmlElement to) throws DefinitionException {
    String driver = Fields.text(from.child("driver"), "name");
    if (driver == null) {
      return;
    }
    if (!Set.of("kvm", "vfio", "xen").contains(driver)) {
      throw DefinitionException.xml(
          "Unknown forward <driver name='" + driver + "'/> in network " + network);
    }
    to.append("driver").set("name", driver);
  }

  private void devices(XmlElement to) throws DefinitionException {
    List<XmlElement> functions = from.children("pf");
    List<XmlElement> interfaces = from.children("interface");
    List<XmlElement> addresses = from.children("address");
    String dev = Fields.text(from, "dev");
    int kinds =
        (functions.isEmpty() ? 0 : 1)
            + (interfaces.isEmpty() ? 0 : 1)
            + (addresses.isEmpty() ? 0 : 1);
    if (kinds > 1) {
      throw DefinitionException.xml(
          "<address>, <interface>, and <pf> elements of <forward> in network "
              + network
              + " are mutually exclusive");
    }
    if (dev != null && (!functions.isEmpty() || !addresses.isEmpty())) {
      throw DefinitionException.xml(
          "the <forward> 'dev' attribute cannot be used when <address> or <pf> sub-elements are"
              + " present in network "
              + network);
    }
    if (functions.size() > 1) {
      throw DefinitionException.xml(
          "Only one <pf> element is allowed in <forward> of network " + network);
    }
    if (!functions.isEmpty()) {
      String pf = Fields.text(functions.getFirst(), "dev");
      if (pf == null) {
        throw DefinitionException.xml(
            "Missing required dev attribute in <pf> element of network '" + network + "'");
      }
      to.append("pf").set("dev", pf);
    } else if (!addresses.isEmpty()) {
      addresses(addresses, to);
    } else if (!interfaces.isEmpty()) {
      interfaces(interfaces, dev, to);
    } else if (dev != null) {
      to.append("interface").set("dev", dev);
    }
  }

  private void interfaces(List<XmlElement> interfaces, String dev, XmlElement to)
      throws DefinitionException {
    Set<String> seen = new HashSet<>();
    for (XmlElement child : interfaces) {
      String name = Fields.text(child, "dev");
      if (name == null) {
        throw DefinitionException.xml(
            "Missing required dev attribute in <forward> <interface> element of network "
                + network);
      }
      if (dev != null && seen.isEmpty() && !dev.equals(name)) {
        throw DefinitionException.xml(
            "<forward dev='"
                + dev
                + "'> must match first <interface dev='"
                + name
                + "'/> in network "
                + network);
      }
      if (!seen.add(name)) {
        throw DefinitionException.xml(
            "interface '" + name + "' can only be listed once in network " + network);
      }
      to.append("interface").set("dev", name);
    }
  }

  private void addresses(List<XmlElement> addresses, XmlElement to) throws DefinitionException {
    for (XmlElement address : addresses) {
      String type = Fields.text(address, "type");
      if (type == null) {
        throw DefinitionException.xml("missing address type in network " + network);
      }
      if (!type.equals("pci")) {
        throw DefinitionException.xml("unknown address type '" + type + "' in network " + network);
      }
      XmlElement pci = to.append("address").set("type", "pci");
      for (String part : new String[] {"domain", "bus", "slot", "function"}) {
        String text = address.attribute(part, "0");
        long number;
        try {
          number = Long.decode(text);
        } catch (NumberFormatException e) {
          throw DefinitionException.xml(
              "Invalid value for attribute '"
                  + part
                  + "' in element 'address': '"
                  + text
                  + "'. Expected non-negative integer value");
        }
        int digits = part.equals("domain") ? 4 : part.equals("function") ? 1 : 2;
        if (number < 0 || number >= 1L << 4 * digits) {
          throw DefinitionException.xml("Invalid PCI address " + part + "='" + text + "'");
        }
        pci.set(part, String.format("0x%0" + digits + "x", number));
      }
    }
  }

  private XmlElement nat(XmlElement from) throws DefinitionException {
    XmlElement nat = new XmlElement("nat").set("ipv6", yes(from));
    List<XmlElement> addresses = from.children("address");
    List<XmlElement> ports = from.children("port");
    if (addresses.size() > 1) {
      throw DefinitionException.xml(
          "Only one <address> element is allowed in <nat> in <forward> in network " + network);
    }
    if (ports.size() > 1) {
      throw DefinitionException.xml(
          "Only one <port> element is allowed in <nat> in <forward> in network " + network);
    }
    if (!addresses.isEmpty()) {
      nat.add(natAddress(addresses.getFirst()));
    }
    if (!ports.isEmpty()) {
      XmlElement port = nat.append("port");
      for (String end : new String[] {"start", "end"}) {
        long number = Fields.number(ports.getFirst().attribute(end, ""));
        boolean reversed =
            end.equals("end") && number < Fields.number(port.attribute("start", "0"));
        if (number < 0 || number > LARGEST_PORT || reversed) {
          throw DefinitionException.detail(
              "Missing or invalid '"
                  + end
                  + "' attribute in <port> in <nat> in <forward> in network "
                  + network);
        }
        port.set(end, number);
      }
    }
    return nat.attributes().isEmpty() && nat.children().isEmpty() ? null : nat;
  }

  private static String yes(XmlElement nat) throws DefinitionException {
    return Fields.yesNo(nat, "ipv6");
  }

  private XmlElement natAddress(XmlElement from) throws DefinitionException {
    HostAddress[] ends = new HostAddress[2];
    for (int i = 0; i < 2; i++) {
      String end = i == 0 ? "start" : "end";
      String text = Fields.text(from, end);
      if (text == null) {
        throw DefinitionException.xml(
            "missing '"
                + end
                + "' attribute in <address> element in <nat> in <forward> in network "
                + network);
      }
      ends[i] = HostAddress.parse(text);
      if (ends[i] == null || !ends[i].four()) {
        throw DefinitionException.xml(
            "Bad ipv4 "
                + end
                + " address '"
                + text
                + "' in <nat> in <forward> in network '"
                + network
                + "'");
      }
    }
    if (ends[0].distance(ends[1]).signum() < 0) {
      throw DefinitionException.internal("range " + ends[0] + " - " + ends[1] + " is reversed ");
    }
    XmlElement address = new XmlElement("address");
    return address.set("start", ends[0].toString()).set("end", ends[1].toString());
  }
}

package org.wardian.definition.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * A change of one part of a network's definition, as {@code virNetworkUpdate} has it.
 *
 * @param command what to do
 * @param section with which part
 * @param parent which {@code <ip>} is meant, from 0; -1 for the one with DHCP
 * @param document the element
 */
public record NetworkUpdate(Command command, Section section, int parent, String document) {
  /** What to do, in the protocol's order. */
  public enum Command {
    /** Nothing. */
    NONE,
    /** Put in the place of an element of the same key. */
    MODIFY,
    /** Remove. */
    DELETE,
    /** Add behind the others. */
    ADD_LAST,
    /** Add before the others. */
    ADD_FIRST;

    boolean adds() {
      return this == ADD_LAST || this == ADD_FIRST;
    }
  }

  /** A part of a definition, in the protocol's order. */
  public enum Section {
    /** None. */
    NONE,
    /** {@code <bridge>}. */
    BRIDGE,
    /** {@code <domain>}. */
    DOMAIN,
    /** {@code <ip>}. */
    IP,
    /** A static host of DHCP. */
    IP_DHCP_HOST,
    /** A range of DHCP. */
    IP_DHCP_RANGE,
    /** {@code <forward>}. */
    FORWARD,
    /** An interface of {@code <forward>}. */
    FORWARD_INTERFACE,
    /** The physical function of {@code <forward>}. */
    FORWARD_PF,
    /** A group of ports. */
    PORTGROUP,
    /** Names of an address. */
    DNS_HOST,
    /** A text record. */
    DNS_TXT,
    /** A service record. */
    DNS_SRV;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * A definition with the change.
   *
   * @throws DefinitionException where it cannot be made
   */
  public NetworkDocument apply(NetworkDocument network) throws DefinitionException {
    XmlElement root = network.tree();
    String name = network.name();
    switch (section) {
      case IP_DHCP_HOST -> host(root, name);
      case IP_DHCP_RANGE -> range(root, name);
      case FORWARD_INTERFACE -> forwardInterface(root, name);
      case PORTGROUP -> portGroup(root, name);
      case DNS_HOST -> dnsHost(root, name);
      case DNS_TXT -> dnsText(root, name);
      case DNS_SRV -> dnsService(root, name);
      default ->
          throw operation("can't update '" + section + "' section of network '" + name + "'", true);
    }
    return NetworkDocument.of(root);
  }

  private static DefinitionException operation(String message, boolean unsupported) {
    return new DefinitionException(
        unsupported
            ? DefinitionException.Kind.OPERATION_UNSUPPORTED
            : DefinitionException.Kind.OPERATION_INVALID,
        message);
  }

  private static DefinitionException invalid(String message) {
    return operation(message, false);
  }

  private XmlElement read(String expected, String network) throws DefinitionException {
    XmlElement element;
    try {
      element = XmlReader.read(document);
    } catch (XmlException e) {
      throw new DefinitionException(e, "network_update_xml");
    }
    if (!element.name().equals(expected)) {
      throw DefinitionException.xml(
          "unexpected element <"
              + element.name()
              + ">, expecting <"
              + expected
              + ">, while updating network '"
              + network
              + "'");
    }
    return element;
  }

  private XmlElement parentOf(XmlElement root, String network) throws DefinitionException {
    List<XmlElement> all = root.children("ip");
    if (parent >= 0) {
      if (parent >= all.size()) {
        throw invalid(
            "couldn't update dhcp host entry - no <ip> element found at index "
                + parent
                + " in network '"
                + network
                + "'");
      }
      return all.get(parent);
    }
    for (XmlElement ip : all) {
      if (ip.child("dhcp") != null) {
        return ip;
      }
    }
    if (all.isEmpty()) {
      throw invalid(
          "couldn't update dhcp host entry - no <ip> element found in network '" + network + "'");
    }
    return all.getFirst();
  }

  /** Adds a child where those of its name end or begin. */
  private void insert(XmlElement to, XmlElement child) {
    if (command == Command.ADD_LAST) {
      to.add(child);
      return;
    }
    int at = 0;
    for (XmlElement one : to.children()) {
      if (one.name().equals(child.name())) {
        to.add(at, child);
        return;
      }
      at++;
    }
    to.add(child);
  }

  private static boolean same(XmlElement one, XmlElement other, String attribute) {
    String value = one.attribute(attribute);
    return value != null
        && other.attribute(attribute) != null
        && (attribute.equals("mac")
            ? Fields.canonicalMac(value).equals(Fields.canonicalMac(other.attribute(attribute)))
            : value.equals(other.attribute(attribute)));
  }

  private void host(XmlElement root, String network) throws DefinitionException {
    XmlElement given = read("host", network);
    XmlElement ip = parentOf(root, network);
    HostAddress address = HostAddress.parse(ip.attribute("address"));
    boolean partial = command == Command.DELETE;
    XmlElement host = NetworkAddressing.host(given, network, address, partial);
    if (host.attribute("ip") != null
        && HostAddress.parse(host.attribute("ip")).four() != address.four()) {
      throw DefinitionException.unsupported(
          "the address family of a host entry IP must match the address family of the dhcp"
              + " element's parent");
    }
    XmlElement dhcp = ip.childOrNew("dhcp");
    String words =
        "mac='"
            + host.attribute("mac", "unknown")
            + "' name='"
            + host.attribute("name", "unknown")
            + "' ip='"
            + host.attribute("ip", "unknown")
            + "'";
    switch (command) {
      case ADD_FIRST, ADD_LAST -> {
        for (XmlElement one : dhcp.children("host")) {
          if (same(host, one, "mac") || same(host, one, "name") || same(host, one, "ip")) {
            throw invalid(
                "there is an existing dhcp host entry in network '"
                    + network
                    + "' that matches \"<host "
                    + words
                    + "/>\"");
          }
        }
        insert(dhcp, host);
      }
      case MODIFY -> {
        for (XmlElement one : dhcp.children("host")) {
          if (same(host, one, "mac") || same(host, one, "name") || same(host, one, "id")) {
            dhcp.replace(one, host);
            return;
          }
        }
        throw invalid(
            "couldn't locate an existing dhcp host entry with \""
                + words.replace("' ", "'\" \"")
                + "\" in network '"
                + network
                + "'");
      }
      case DELETE -> {
        for (XmlElement one : dhcp.children("host")) {
          if (matches(host, one, "mac", "name", "ip", "id")) {
            dhcp.removeIf(child -> child == one);
            return;
          }
        }
        throw invalid("couldn't locate a matching dhcp host entry in network '" + network + "'");
      }
      default -> throw unknown();
    }
  }

  private DefinitionException unknown() {
    return new DefinitionException(
        DefinitionException.Kind.INVALID_ARGUMENT,
        "unrecognized network update command code " + command.ordinal());
  }

  /** Whether all attributes that one has, the other has too. */
  private static boolean matches(XmlElement one, XmlElement other, String... attributes) {
    for (String attribute : attributes) {
      if (one.attribute(attribute) != null && !same(one, other, attribute)) {
        return false;
      }
    }
    return true;
  }

  private void range(XmlElement root, String network) throws DefinitionException {
    XmlElement given = read("range", network);
    XmlElement ip = parentOf(root, network);
    XmlElement range = NetworkAddressing.range(given, ip, network);
    if (command == Command.MODIFY) {
      throw operation("dhcp ranges cannot be modified, only added or deleted", true);
    }
    XmlElement dhcp = ip.childOrNew("dhcp");
    XmlElement known = null;
    for (XmlElement one : dhcp.children("range")) {
      if (matches(range, one, "start", "end")) {
        known = one;
      }
    }
    if (command.adds()) {
      if (known != null) {
        throw invalid(
            "there is an existing dhcp range entry in network '"
                + network
                + "' that matches \"<range start='"
                + range.attribute("start")
                + "' end='"
                + range.attribute("end")
                + "'/>\"");
      }
      insert(dhcp, range);
    } else if (command == Command.DELETE) {
      if (known == null) {
        throw invalid("couldn't locate a matching dhcp range entry in network '" + network + "'");
      }
      XmlElement gone = known;
      dhcp.removeIf(child -> child == gone);
    } else {
      throw unknown();
    }
  }

  private void forwardInterface(XmlElement root, String network) throws DefinitionException {
    XmlElement given = read("interface", network);
    String device = Fields.text(given, "dev");
    if (device == null) {
      throw DefinitionException.xml(
          "Missing required dev attribute in <forward> <interface> element of network " + network);
    }
    if (command == Command.MODIFY) {
      throw operation("forward interface entries cannot be modified, only added or deleted", true);
    }
    XmlElement forward = root.childOrNew("forward");
    XmlElement known = null;
    for (XmlElement one : forward.children("interface")) {
      known = device.equals(one.attribute("dev")) ? one : known;
    }
    if (command.adds()) {
      if (known != null) {
        throw invalid(
            "there is an existing interface entry in network '"
                + network
                + "' that matches \"<interface dev='"
                + device
                + "'>\"");
      }
      insert(forward, new XmlElement("interface").set("dev", device));
    } else if (command == Command.DELETE) {
      if (known == null) {
        throw invalid(
            "couldn't find an interface entry in network '"
                + network
                + "' matching <interface dev='"
                + device
                + "'>");
      }
      XmlElement gone = known;
      forward.removeIf(child -> child == gone);
    } else {
      throw unknown();
    }
    // The attribute repeats the first interface.
    forward.set("dev", null);
  }

  private void portGroup(XmlElement root, String network) throws DefinitionException {
    XmlElement group = PortSettings.portGroup(read("portgroup", network));
    String name = group.attribute("name");
    XmlElement known = null;
    XmlElement standard = null;
    for (XmlElement one : root.children("portgroup")) {
      known = name.equals(one.attribute("name")) ? one : known;
      standard = "yes".equals(one.attribute("default")) ? one : standard;
    }
    if (known == null && (command == Command.MODIFY || command == Command.DELETE)) {
      throw invalid(
          "couldn't find a portgroup entry in network '"
              + network
              + "' matching <portgroup name='"
              + name
              + "'>");
    }
    if (known != null && command.adds()) {
      throw invalid(
          "there is an existing portgroup entry in network '"
              + network
              + "' that matches \"<portgroup name='"
              + name
              + "'>\"");
    }
    if (group.attribute("default") != null
        && standard != null
        && command != Command.DELETE
        && !Objects.equals(standard.attribute("name"), name)) {
      throw invalid(
          "a different portgroup entry in network '"
              + network
              + "' is already set as the default. Only one default is allowed.");
    }
    if (command.adds()) {
      insert(root, group);
    } else if (command == Command.MODIFY) {
      root.replace(known, group);
    } else if (command == Command.DELETE) {
      XmlElement gone = known;
      root.removeIf(child -> child == gone);
    } else {
      throw unknown();
    }
  }

  private void dnsHost(XmlElement root, String network) throws DefinitionException {
    XmlElement host = NetworkDns.host(read("host", network), network, command == Command.DELETE);
    record(
        "HOST",
        root,
        host,
        network,
        one -> {
          if (same(host, one, "ip")) {
            return true;
          }
          List<String> names = one.children("hostname").stream().map(XmlElement::text).toList();
          // An address may have several names, and a name several addresses.
          return !command.adds()
              && host.children("hostname").stream().anyMatch(n -> names.contains(n.text()));
        });
  }

  private void dnsText(XmlElement root, String network) throws DefinitionException {
    XmlElement text = NetworkDns.txt(read("txt", network), network, command == Command.DELETE);
    record("TXT", root, text, network, one -> same(text, one, "name"));
  }

  private void dnsService(XmlElement root, String network) throws DefinitionException {
    XmlElement service = NetworkDns.srv(read("srv", network), network, command == Command.DELETE);
    record(
        "SRV",
        root,
        service,
        network,
        one ->
            matches(
                service,
                one,
                "domain",
                "service",
                "protocol",
                "target",
                "port",
                "priority",
                "weight"));
  }

  private void record(
      String kind,
      XmlElement root,
      XmlElement entry,
      String network,
      java.util.function.Predicate<XmlElement> match)
      throws DefinitionException {
    if (command == Command.MODIFY) {
      throw operation("DNS " + kind + " records cannot be modified, only added or deleted", true);
    }
    XmlElement dns = root.childOrNew("dns");
    List<XmlElement> found = new ArrayList<>(dns.children(entry.name()));
    found.removeIf(match.negate());
    if (command.adds()) {
      if (!found.isEmpty()) {
        throw invalid(
            switch (kind) {
              case "TXT" ->
                  "there is already a DNS TXT record with name '"
                      + entry.attribute("name")
                      + "' in network "
                      + network;
              case "SRV" ->
                  "there is already at least one DNS SRV record matching all specified fields in"
                      + " network "
                      + network;
              default ->
                  "there is already at least one DNS HOST record with a matching field in network "
                      + network;
            });
      }
      insert(dns, entry);
    } else if (command == Command.DELETE) {
      if (found.isEmpty()) {
        throw invalid("couldn't locate a matching DNS " + kind + " record in network " + network);
      }
      if (found.size() > 1) {
        throw invalid(
            kind.equals("SRV")
                ? "multiple DNS SRV records matching all specified fields were found in network "
                    + network
                : "multiple matching DNS " + kind + " records were found in network " + network);
      }
      dns.removeIf(child -> child == found.getFirst());
    } else {
      throw unknown();
    }
  }
}

package org.wardian.definition.network;

import java.util.UUID;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** A port of a network in libvirt's form ("Network port XML format"); it cannot be changed. */
public final class NetworkPortDocument {
  private final XmlElement root;

  private NetworkPortDocument(XmlElement root) {
    this.root = root;
  }

  /**
   * Reads a document.
   *
   * @throws DefinitionException where it is no port of a network
   */
  public static NetworkPortDocument parse(String text) throws DefinitionException {
    try {
      return of(XmlReader.read(text));
    } catch (XmlException e) {
      throw new DefinitionException(e, "(networkport_definition)");
    }
  }

  /** The same of a tree, which is not changed. */
  public static NetworkPortDocument of(XmlElement from) throws DefinitionException {
    if (!from.name().equals("networkport")) {
      throw DefinitionException.internal(
          "unexpected root element <" + from.name() + ">, expecting <networkport>");
    }
    XmlElement to = new XmlElement("networkport");
    to.append("uuid").text(uuid(from.textAt("uuid"), "network port", "uuid").toString());
    XmlElement owner = to.append("owner");
    String name = from.textAt("owner/name");
    if (name == null || name.isEmpty()) {
      throw DefinitionException.internal("network port has no owner name");
    }
    UUID ownerId = uuid(from.textAt("owner/uuid"), "network port", "owner UUID");
    owner.append("name").text(name);
    owner.append("uuid").text(ownerId.toString());
    String group = from.textAt("group");
    if (group != null && !group.isEmpty()) {
      to.append("group").text(group);
    }
    String mac = Fields.text(from.child("mac"), "address");
    if (mac == null) {
      throw DefinitionException.internal("network port has no mac");
    }
    if (!Fields.mac(mac)) {
      throw DefinitionException.internal("unable to parse macaddr '" + mac + "'");
    }
    to.append("mac").set("address", Fields.canonicalMac(mac));
    settings(from, to);
    plug(from, to);
    return new NetworkPortDocument(to);
  }

  private static UUID uuid(String text, String of, String what) throws DefinitionException {
    if (text == null || text.isEmpty()) {
      throw DefinitionException.internal(of + " has no " + what);
    }
    UUID uuid = Fields.uuid(text);
    if (uuid == null) {
      throw DefinitionException.internal("unable to parse UUID '" + text + "'");
    }
    return uuid;
  }

  private static void settings(XmlElement from, XmlElement to) throws DefinitionException {
    if (from.child("virtualport") != null) {
      to.add(PortSettings.virtualPort(from.child("virtualport")));
    }
    XmlElement bandwidth = from.child("bandwidth");
    XmlElement limits = bandwidth == null ? null : PortSettings.bandwidth(bandwidth);
    if (limits != null) {
      to.add(limits);
    }
    if (from.child("vlan") != null) {
      to.add(PortSettings.vlan(from.child("vlan")));
    }
    XmlElement port = from.child("port");
    String isolated = port == null ? null : Fields.yesNo(port, "isolated");
    if (isolated != null) {
      to.append("port").set("isolated", isolated);
    }
    XmlElement filters = from.child("rxfilters");
    String trust = filters == null ? null : Fields.yesNo(filters, "trustGuest");
    if (trust != null) {
      to.append("rxfilters").set("trustGuest", trust);
    }
  }

  private static void plug(XmlElement from, XmlElement to) throws DefinitionException {
    XmlElement plug = from.child("plug");
    String type = Fields.text(plug, "type");
    if (type == null || type.equals("none")) {
      return;
    }
    XmlElement kept = to.append("plug").set("type", type);
    switch (type) {
      case "network", "bridge" -> Fields.copy(plug, kept, "bridge", "macTableManager");
      case "direct" -> Fields.copy(plug, kept, "dev", "mode");
      case "hostdev-pci" -> {
        Fields.copy(plug, kept, "managed");
        plug.children().forEach(child -> kept.add(child.copy()));
      }
      default ->
          throw DefinitionException.internal("unknown network port plug type '" + type + "'");
    }
  }

  /** What identifies it. */
  public UUID uuid() {
    return UUID.fromString(root.textAt("uuid"));
  }

  /** The name of the machine that it belongs to. */
  public String owner() {
    return root.textAt("owner/name");
  }

  /** The UUID of that machine. */
  public UUID ownerId() {
    return UUID.fromString(root.textAt("owner/uuid"));
  }

  /** The card's Ethernet address. */
  public String mac() {
    return root.attributeAt("mac", "address");
  }

  /** The group of the network's ports that it belongs to; null for the default one. */
  public String group() {
    return root.textAt("group");
  }

  /** Whether it is plugged in already. */
  public boolean plugged() {
    return root.child("plug") != null;
  }

  /** The name of the bridge that it is plugged into; null where it is in none. */
  public String bridge() {
    return root.attributeAt("plug", "bridge");
  }

  /** Whether guests of other isolated ports are not reached. */
  public boolean isolated() {
    return "yes".equals(root.attributeAt("port", "isolated"));
  }

  /** Its limits, which must not be changed; null where it has none. */
  public XmlElement bandwidth() {
    return root.child("bandwidth");
  }

  /** The port with what its group sets where it says nothing itself. */
  public NetworkPortDocument within(NetworkDocument network) throws DefinitionException {
    XmlElement copy = root.copy();
    XmlElement group = network.portGroup(group());
    for (String setting : new String[] {"virtualport", "bandwidth", "vlan"}) {
      if (copy.child(setting) == null) {
        XmlElement shared = group == null ? null : group.child(setting);
        if (shared == null && setting.equals("vlan")) {
          shared = network.element(setting);
        }
        if (shared != null) {
          copy.add(shared.copy());
        }
      }
    }
    if (copy.child("port") == null && network.element("port") != null) {
      copy.add(network.element("port").copy());
    }
    return of(copy);
  }

  /** The port plugged into a network's switch, which has the name of a bridge. */
  public NetworkPortDocument plugged(String bridge) throws DefinitionException {
    XmlElement copy = root.copy();
    copy.remove("plug");
    copy.append("plug").set("type", "network").set("bridge", bridge);
    return of(copy);
  }

  /** The port with other limits; null for none. */
  public NetworkPortDocument limited(XmlElement bandwidth) throws DefinitionException {
    XmlElement copy = root.copy();
    copy.remove("bandwidth");
    if (bandwidth != null) {
      copy.add(bandwidth.copy());
    }
    return of(copy);
  }

  /** The document as libvirt writes it. */
  @Override
  public String toString() {
    return root.toString();
  }
}

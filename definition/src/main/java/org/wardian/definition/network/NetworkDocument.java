package org.wardian.definition.network;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * The definition of a network in libvirt's form ("Network XML format"). It cannot be changed;
 * {@link NetworkUpdate} makes others of it.
 */
public final class NetworkDocument {
  private static final int MOST_BRIDGES = 256;
  private static final Pattern OPEN_TAGS =
      Pattern.compile("(?m)^( *)<(ip|portgroup)((?: [^<>]*)?)/>$");

  private final XmlElement root;

  private NetworkDocument(XmlElement root) {
    this.root = root;
  }

  /**
   * Reads a document.
   *
   * @throws DefinitionException where it is no network, or one that libvirt refuses
   */
  public static NetworkDocument parse(String text) throws DefinitionException {
    try {
      return of(XmlReader.read(text));
    } catch (XmlException e) {
      throw new DefinitionException(e, "(network_definition)");
    }
  }

  /** The same of a tree, which is not changed. */
  public static NetworkDocument of(XmlElement element) throws DefinitionException {
    return new NetworkDocument(NetworkForm.of(element));
  }

  /**
   * Fills in what a definition must have and does not say: UUID, name of the bridge, Ethernet
   * address, spanning tree and delay.
   *
   * @param random for UUID and address
   * @param taken whether another network, or an interface of the host, has a bridge's name
   */
  public NetworkDocument complete(Random random, Predicate<String> taken)
      throws DefinitionException {
    XmlElement copy = root.copy();
    if (copy.child("uuid") == null) {
      UUID uuid =
          new UUID(
              random.nextLong() & ~0xf000L | 0x4000L, random.nextLong() & ~(3L << 62) | 1L << 63);
      copy.add(1, new XmlElement("uuid").text(uuid.toString()));
    }
    if (NetworkRules.routed(mode())) {
      bridge(copy, taken);
      if (copy.child("mac") == null) {
        int low = random.nextInt();
        String mac =
            String.format("52:54:00:%02x:%02x:%02x", low >> 16 & 0xff, low >> 8 & 0xff, low & 0xff);
        copy.add(new XmlElement("mac").set("address", mac));
      }
    }
    return of(copy);
  }

  private void bridge(XmlElement copy, Predicate<String> taken) throws DefinitionException {
    XmlElement bridge = copy.childOrNew("bridge");
    String name = bridge.attribute("name");
    if (name == null || name.indexOf('%') >= 0) {
      String format = name == null || !name.matches("[^%]*%d[^%]*") ? "virbr%d" : name;
      String free = null;
      for (int i = 0; i < MOST_BRIDGES && free == null; i++) {
        String candidate = format.replace("%d", Integer.toString(i));
        free = taken.test(candidate) ? null : candidate;
      }
      if (free == null) {
        throw DefinitionException.internal("Bridge generation exceeded max id " + MOST_BRIDGES);
      }
      name = free;
    } else if (taken.test(name)) {
      throw DefinitionException.internal("bridge name '" + name + "' already in use.");
    }
    XmlElement form = new XmlElement("bridge").set("name", name);
    form.set("zone", bridge.attribute("zone"));
    form.set("stp", "off".equals(bridge.attribute("stp")) ? "off" : "on");
    form.set("delay", bridge.attribute("delay", "0"));
    form.set("macTableManager", bridge.attribute("macTableManager"));
    copy.replace(bridge, form);
  }

  /** The form while it is active: a network with NAT says which ports it takes. */
  public NetworkDocument live() throws DefinitionException {
    if (!mode().equals("nat")) {
      return this;
    }
    XmlElement copy = root.copy();
    XmlElement nat = copy.child("forward").childOrNew("nat");
    if (nat.child("port") == null) {
      nat.append("port").set("start", 1024).set("end", 65_535);
    }
    return of(copy);
  }

  /** A copy of the tree. */
  public XmlElement tree() {
    return root.copy();
  }

  /** What libvirt calls it. */
  public String name() {
    return root.textAt("name");
  }

  /** Its UUID; null before {@link #complete}. */
  public UUID uuid() {
    String text = root.textAt("uuid");
    return text == null ? null : UUID.fromString(text);
  }

  /** The name of its bridge; null where it has none. */
  public String bridge() {
    return root.attributeAt("bridge", "name");
  }

  /** How it is joined to others; {@code none} where it is isolated. */
  public String mode() {
    return NetworkRules.mode(root);
  }

  /** Whether it is a switch of its own with a gateway, and not a name for something of the host. */
  public boolean routed() {
    return NetworkRules.routed(mode());
  }

  /** The Ethernet address of its gateway; null where it has none. */
  public String mac() {
    return root.attributeAt("mac", "address");
  }

  /** Largest IP packet in bytes; 1,500 where it does not say. */
  public int mtu() {
    String size = root.attributeAt("mtu", "size");
    return size == null ? 1500 : (int) Math.min(Integer.MAX_VALUE, Long.parseLong(size));
  }

  /** The domain of its guests; null where it does not say. */
  public String domain() {
    return root.attributeAt("domain", "name");
  }

  /** Whether names of the domain are never asked for elsewhere. */
  public boolean domainIsLocal() {
    return "yes".equals(root.attributeAt("domain", "localOnly"));
  }

  /** Whether there is a name server. */
  public boolean nameServer() {
    return !"no".equals(root.attributeAt("dns", "enable"));
  }

  /** Its {@code <dns>}, which must not be changed; an empty one where there is none. */
  public XmlElement dns() {
    XmlElement dns = root.child("dns");
    return dns == null ? new XmlElement("dns") : dns;
  }

  /** Its addresses, which must not be changed. */
  public List<XmlElement> addresses() {
    return root.children("ip");
  }

  /** Its static routes, which must not be changed. */
  public List<XmlElement> routes() {
    return root.children("route");
  }

  /** The length of the prefix of an {@code <ip>} or a {@code <route>}. */
  public static int prefix(XmlElement ip) {
    return NetworkAddressing.prefix(ip);
  }

  /** For how long a {@code <lease>} holds, in seconds; 0 for ever. */
  public static long leaseSeconds(XmlElement lease) {
    return NetworkAddressing.leaseSeconds(
        Long.parseLong(lease.attribute("expiry")), lease.attribute("unit"));
  }

  /**
   * A group of ports, which must not be changed.
   *
   * @param group its name; null for the default one
   * @return null where there is none
   */
  public XmlElement portGroup(String group) {
    for (XmlElement one : root.children("portgroup")) {
      if (group == null
          ? "yes".equals(one.attribute("default"))
          : group.equals(one.attribute("name"))) {
        return one;
      }
    }
    return null;
  }

  /** An element of the first level, which must not be changed; null where there is none. */
  public XmlElement element(String child) {
    return root.child(child);
  }

  /** Modes that a network may have without being one of our own. */
  public static Set<String> modesOfTheHost() {
    return Set.of("bridge", "private", "vepa", "passthrough", "hostdev");
  }

  /** The document as libvirt writes it. */
  @Override
  public String toString() {
    return write(root);
  }

  /** The document with how many ports are connected, as libvirt writes it. */
  public String toString(int connections) {
    XmlElement copy = root.copy();
    XmlElement counted = new XmlElement("network");
    copy.attributes().forEach(counted::set);
    if (connections > 0) {
      counted = new XmlElement("network").set("connections", connections);
      XmlElement target = counted;
      copy.attributes().forEach(target::set);
    }
    copy.children().forEach(counted::add);
    return write(counted);
  }

  private static String write(XmlElement element) {
    // libvirt closes these two by a tag of their own, empty or not.
    return OPEN_TAGS.matcher(element.toString()).replaceAll("$1<$2$3>\n$1</$2>");
  }
}

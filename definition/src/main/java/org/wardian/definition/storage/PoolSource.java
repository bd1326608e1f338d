package org.wardian.definition.storage;

import java.util.List;
import java.util.Map;
import org.wardian.definition.storage.PoolType.Part;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * Where the content of a pool comes from.
 *
 * @param hosts that serve it
 * @param devices of the host, or the target's name
 * @param dir a path on a server; or null
 * @param name of a volume group or remote pool; or null
 * @param format of it; null where the type has none
 * @param protocol version of the protocol; or null
 * @param others elements that are kept as they are: adapter, initiator, auth, vendor, product
 */
public record PoolSource(
    List<Host> hosts,
    List<String> devices,
    String dir,
    String name,
    String format,
    String protocol,
    List<XmlElement> others) {
  private static final int MOST = 1000;

  /** Nothing. */
  static final PoolSource NONE =
      new PoolSource(List.of(), List.of(), null, null, null, null, List.of());

  /**
   * A server.
   *
   * @param port 0 for the usual one
   */
  public record Host(String name, int port) {}

  static PoolSource of(XmlElement pool, PoolType type) throws XmlException {
    XmlElement source = pool.child("source");
    if (source == null) {
      return new PoolSource(
          List.of(), List.of(), null, null, type.defaultSourceFormat(), null, List.of());
    }
    return new PoolSource(
        hosts(source),
        devices(source),
        type.has(Part.DIR) ? path(source.attributeAt("dir", "path")) : null,
        blankless(source.textAt("name")),
        format(source, type),
        source.attributeAt("protocol", "ver"),
        List.of("adapter", "initiator", "auth", "vendor", "product").stream()
            .map(source::child)
            .filter(element -> element != null)
            .map(XmlElement::copy)
            .toList());
  }

  private static String blankless(String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  private static String path(String text) {
    return text == null || text.isEmpty() ? null : Paths.clean(text);
  }

  private static List<Host> hosts(XmlElement source) throws XmlException {
    List<XmlElement> elements = source.children("host");
    if (elements.size() > MOST) {
      throw XmlException.badContent("more than " + MOST + " storage pool source hosts");
    }
    List<Host> hosts = new java.util.ArrayList<>();
    for (XmlElement element : elements) {
      String name = element.attribute("name");
      if (name == null) {
        throw XmlException.badContent("missing storage pool source host name");
      }
      String port = element.attribute("port", "0");
      if (!port.matches("[0-9]{1,5}")) {
        throw XmlException.badContent("Invalid port number: " + port);
      }
      hosts.add(new Host(name, Integer.parseInt(port)));
    }
    return List.copyOf(hosts);
  }

  private static List<String> devices(XmlElement source) throws XmlException {
    List<XmlElement> elements = source.children("device");
    if (elements.size() > MOST) {
      throw XmlException.badContent("more than " + MOST + " storage pool source devices");
    }
    List<String> devices = new java.util.ArrayList<>();
    for (XmlElement element : elements) {
      String path = element.attribute("path");
      if (path == null || path.isEmpty()) {
        throw XmlException.badContent("missing storage pool source device path");
      }
      devices.add(path);
    }
    return List.copyOf(devices);
  }

  private static String format(XmlElement source, PoolType type) throws XmlException {
    String format = source.attributeAt("format", "type");
    if (type.sourceFormats().isEmpty()) {
      return null;
    }
    if (format == null) {
      return type.defaultSourceFormat();
    }
    if (!type.sourceFormats().contains(format)) {
      throw new XmlException(XmlException.Kind.UNSUPPORTED, "unknown pool format type " + format);
    }
    return format;
  }

  /** The same with another name. */
  PoolSource withName(String value) {
    return new PoolSource(hosts, devices, dir, value, format, protocol, others);
  }

  /** Says what is missing for a pool of a type, in the order in which libvirt looks. */
  void check(PoolType type) throws XmlException {
    if (type.needs(Part.HOST) && hosts.isEmpty()) {
      throw XmlException.badContent("missing storage pool source host name");
    }
    if (type.needs(Part.DIR) && dir == null) {
      throw XmlException.badContent("missing storage pool source path");
    }
    if (type.needs(Part.NAME) && name == null) {
      throw XmlException.badContent("missing storage pool source name");
    }
    if (type.needs(Part.ADAPTER) && other("adapter") == null) {
      throw XmlException.badContent("missing storage pool source adapter");
    }
    if (type.needs(Part.DEVICE) && devices.isEmpty()) {
      throw XmlException.badContent("missing storage pool source device name");
    }
    XmlElement initiator = other("initiator");
    if (type.needs(Part.INITIATOR)
        && (initiator == null || initiator.attributeAt("iqn", "name") == null)) {
      throw new XmlException(XmlException.Kind.UNSUPPORTED, "missing initiator IQN");
    }
  }

  private XmlElement other(String element) {
    return others.stream().filter(one -> one.name().equals(element)).findFirst().orElse(null);
  }

  void addTo(XmlElement pool, PoolType type) {
    XmlElement source = pool.append("source");
    if (type.has(Part.HOST)) {
      for (Host host : hosts) {
        source
            .append("host")
            .set("name", host.name())
            .set("port", host.port() == 0 ? null : Integer.toString(host.port()));
      }
    }
    if (type.has(Part.DEVICE)) {
      devices.forEach(device -> source.append("device").set("path", device));
    }
    if (type.has(Part.DIR) && dir != null) {
      source.append("dir").set("path", dir);
    }
    add(source, "adapter");
    if (type.has(Part.NAME) && name != null) {
      source.append("name").text(name);
    }
    add(source, "initiator");
    if (format != null) {
      source.append("format").set("type", format);
    }
    add(source, "auth");
    if (type.has(Part.PROTOCOL) && protocol != null) {
      source.append("protocol").set("ver", protocol);
    }
    add(source, "vendor");
    add(source, "product");
  }

  private void add(XmlElement source, String element) {
    XmlElement one = other(element);
    if (one != null) {
      source.add(one.copy());
    }
  }

  /** Options of a mount that the source asks for. */
  public Map<String, String> mountOptions() {
    return protocol == null ? Map.of() : Map.of("nfsvers", protocol);
  }
}

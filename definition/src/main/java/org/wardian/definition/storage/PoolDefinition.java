package org.wardian.definition.storage;

import java.util.UUID;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * What a pool is. Immutable.
 *
 * @param type its kind
 * @param name unique on its host
 * @param uuid likewise
 * @param source where its content comes from
 * @param target path of the folder on the host; null for pools without one
 * @param permissions of that folder
 */
public record PoolDefinition(
    PoolType type,
    String name,
    UUID uuid,
    PoolSource source,
    String target,
    Permissions permissions) {
  /**
   * Bytes of a pool.
   *
   * @param capacity in all
   * @param allocation used
   * @param available free
   */
  public record Usage(long capacity, long allocation, long available) {
    /** Of a pool that is not active. */
    public static final Usage NONE = new Usage(0, 0, 0);
  }

  /**
   * Reads a document.
   *
   * @throws XmlException what is wrong with it
   */
  public static PoolDefinition parse(String document) throws XmlException {
    XmlElement root = XmlReader.read(document);
    if (!root.name().equals("pool")) {
      throw XmlException.badContent("expecting root element of 'pool', not '" + root.name() + "'");
    }
    return of(root);
  }

  /** The same of an element. */
  public static PoolDefinition of(XmlElement root) throws XmlException {
    PoolType type = type(root.attribute("type"));
    PoolSource source = PoolSource.of(root, type);
    String name = root.textAt("name");
    if (name == null || name.isEmpty()) {
      name = source.name();
    }
    if (name == null) {
      throw XmlException.badContent("missing pool source name element");
    }
    if (name.indexOf('/') >= 0) {
      throw XmlException.badContent("name " + name + " cannot contain '/'");
    }
    UUID uuid = uuid(root.textAt("uuid"));
    source.check(type);
    if (type == PoolType.LOGICAL && source.name() == null) {
      source = source.withName(name);
    }
    String target = target(root, type, source);
    Permissions permissions =
        target == null ? Permissions.UNSAID : Permissions.of(root.child("target"));
    return new PoolDefinition(type, name, uuid, source, target, permissions);
  }

  private static PoolType type(String text) throws XmlException {
    if (text == null) {
      throw XmlException.badContent("Missing required attribute 'type' in element 'pool'");
    }
    return PoolType.of(text)
        .orElseThrow(() ->
            XmlException.badContent(
                "Invalid value for attribute 'type' in element 'pool': '" + text + "'."));
  }

  private static UUID uuid(String text) throws XmlException {
    if (text == null) {
      return UUID.randomUUID();
    }
    String digits = text.strip().replace("-", "");
    if (!digits.matches("[0-9a-fA-F]{32}")) {
      throw XmlException.badContent("malformed uuid element");
    }
    return new UUID(
        Long.parseUnsignedLong(digits.substring(0, 16), 16),
        Long.parseUnsignedLong(digits.substring(16), 16));
  }

  private static String target(XmlElement root, PoolType type, PoolSource source)
      throws XmlException {
    if (type.has(PoolType.Part.NETWORK) || type == PoolType.ISCSI_DIRECT) {
      return null;
    }
    if (type == PoolType.LOGICAL) {
      return "/dev/" + source.name();
    }
    if (type == PoolType.ZFS) {
      return "/dev/zvol/" + source.name();
    }
    String path = root.textAt("target/path");
    if (path == null || path.isEmpty()) {
      throw XmlException.badContent("missing storage pool target path");
    }
    if (path.indexOf('\n') >= 0) {
      throw XmlException.badContent("storage pool target path cannot contain a line end");
    }
    return Paths.clean(path);
  }

  /** The same with what a running pool's folder has. */
  public PoolDefinition withPermissions(Permissions value) {
    return new PoolDefinition(type, name, uuid, source, target, value);
  }

  /** The element, with bytes as they are. */
  public XmlElement element(Usage usage) {
    XmlElement pool = new XmlElement("pool").set("type", type.text());
    pool.append("name").text(name);
    pool.append("uuid").text(uuid.toString());
    pool.append("capacity").set("unit", "bytes").text(Long.toString(usage.capacity()));
    pool.append("allocation").set("unit", "bytes").text(Long.toString(usage.allocation()));
    pool.append("available").set("unit", "bytes").text(Long.toString(usage.available()));
    source.addTo(pool, type);
    if (target != null) {
      XmlElement element = pool.append("target");
      element.append("path").text(target);
      permissions.addTo(element);
    }
    return pool;
  }

  /** The document, with bytes as they are. */
  public String document(Usage usage) {
    // libvirt writes an empty source in two lines, and scripts look for them.
    return element(usage).toString().replace("  <source/>\n", "  <source>\n  </source>\n");
  }
}

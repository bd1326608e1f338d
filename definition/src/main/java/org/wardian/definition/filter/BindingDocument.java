package org.wardian.definition.filter;

import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** A binding of a filter to a port, in libvirt's form; it cannot be changed. */
public final class BindingDocument {
  private final XmlElement root;

  private BindingDocument(XmlElement root) {
    this.root = root;
  }

  /**
   * Reads a document.
   *
   * @throws DefinitionException where it is no binding
   */
  public static BindingDocument parse(String text) throws DefinitionException {
    try {
      return of(XmlReader.read(text));
    } catch (XmlException e) {
      throw new DefinitionException(e, "(nwfilterbinding_definition)");
    }
  }

  /** The same of a tree, which is not changed. */
  public static BindingDocument of(XmlElement from) throws DefinitionException {
    if (!from.name().equals("filterbinding")) {
      throw DefinitionException.xml(
          "expecting root element of 'filterbinding', not '" + from.name() + "'");
    }
    XmlElement to = new XmlElement("filterbinding");
    String port = from.attributeAt("portdev", "name");
    require(port, "filter binding has no port dev name");
    XmlElement owner = to.append("owner");
    String name = from.textAt("owner/name");
    String uuid = from.textAt("owner/uuid");
    require(name, "filter binding has no owner name");
    require(uuid, "filter binding has no owner UUID");
    if (!uuid.strip().replace("-", "").matches("\\p{XDigit}{32}")) {
      throw DefinitionException.internal("Unable to parse UUID '" + uuid + "'");
    }
    owner.append("name").text(name);
    owner.append("uuid").text(uuid.strip());
    to.append("portdev").set("name", port);
    String link = from.attributeAt("linkdev", "name");
    if (link != null) {
      to.append("linkdev").set("name", link);
    }
    String mac = from.attributeAt("mac", "address");
    require(mac, "filter binding has no MAC address");
    String normal = FieldKind.MAC.normal(mac);
    if (normal == null || mac.startsWith("$")) {
      throw DefinitionException.internal("Unable to parse MAC '" + mac + "'");
    }
    to.append("mac").set("address", normal);
    XmlElement reference = from.child("filterref");
    if (reference == null || reference.attribute("filter") == null) {
      throw DefinitionException.internal("filter binding has no filter reference");
    }
    to.add(FilterDocument.reference(reference));
    return new BindingDocument(to);
  }

  private static void require(String value, String message) throws DefinitionException {
    if (value == null || value.isEmpty()) {
      throw DefinitionException.internal(message);
    }
  }

  /** The name of the port's device. */
  public String port() {
    return root.attributeAt("portdev", "name");
  }

  /** The name of the filter. */
  public String filter() {
    return root.attributeAt("filterref", "filter");
  }

  /** The filter with its parameters; a copy. */
  public XmlElement reference() {
    return root.child("filterref").copy();
  }

  /** The card's Ethernet address. */
  public String mac() {
    return root.attributeAt("mac", "address");
  }

  /** The document as libvirt writes it. */
  @Override
  public String toString() {
    return root.toString();
  }
}

package org.wardian.definition.domain;

import java.util.Set;
import org.wardian.definition.xml.ElementTable;
import org.wardian.definition.xml.XmlElement;

/** How a document is written for those who may see some of it. */
final class DomainForm {
  /** The namespace of what is passed to QEMU as it is. */
  static final String QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0";

  /** The elements of a domain in their order. */
  static final ElementTable TABLE =
      ElementTable.read(DomainForm.class.getResourceAsStream("domain.elements"), "domain");

  private DomainForm() {}

  static String write(DomainDocument document, Set<DomainFlag> flags) {
    XmlElement root = document.root().copy();
    boolean isMigratable = flags.contains(DomainFlag.MIGRATABLE);
    if (!flags.contains(DomainFlag.SECURE) && !isMigratable) {
      root.find("devices")
          .ifPresent(devices ->
              devices.children("graphics").forEach(graphics -> graphics.set("passwd", null)));
    }
    if (flags.contains(DomainFlag.INACTIVE) || isMigratable) {
      LiveForm.settle(root);
    }
    if (isMigratable) {
      MigratableForm.reduce(root);
    }
    return root.toString();
  }

  /** An element with another prefix, and those below. */
  static XmlElement withPrefix(XmlElement element, String prefix, String replacement) {
    String name = element.name();
    XmlElement copy =
        new XmlElement(
            name.startsWith(prefix) ? replacement + name.substring(prefix.length()) : name);
    copy.text(element.text());
    element.attributes().forEach(copy::set);
    element.children().forEach(child -> copy.add(withPrefix(child, prefix, replacement)));
    return copy;
  }
}

package org.wardian.definition.domain;

import java.util.Set;
import org.wardian.definition.xml.ElementTable;
import org.wardian.definition.xml.XmlElement;

/** How a document is written for those who may see some of it. */
final class DomainForm {
  /** The elements of a domain in their order. */
  static final ElementTable TABLE =
      ElementTable.read(DomainForm.class.getResourceAsStream("domain.elements"), "domain");

  private DomainForm() {}

  static String write(DomainDocument document, Set<DomainFlag> flags) {
    XmlElement root = document.root().copy();
    if (!flags.contains(DomainFlag.SECURE)) {
      root.find("devices")
          .ifPresent(devices ->
              devices.children("graphics").forEach(graphics -> graphics.set("passwd", null)));
    }
    return root.toString();
  }
}

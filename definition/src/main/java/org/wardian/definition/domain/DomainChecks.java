package org.wardian.definition.domain;

import org.wardian.definition.xml.XmlException;

/** What libvirt refuses when a domain is defined. */
final class DomainChecks {
  private DomainChecks() {}

  static void before(DomainDocument document) throws XmlException {
    if (document.type().isEmpty()) {
      throw XmlException.badContent("Missing required attribute 'type' in element 'domain'");
    }
  }

  static void after(DomainDocument document) throws XmlException {
    if (document.name().isEmpty()) {
      throw XmlException.badContent("missing name");
    }
  }
}

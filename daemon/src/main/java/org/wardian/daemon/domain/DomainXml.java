package org.wardian.daemon.domain;

import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDefaults;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Documents that clients give, and the errors that they get for them. */
final class DomainXml {
  private final DomainDefaults defaults;

  DomainXml(DomainDefaults defaults) {
    this.defaults = defaults;
  }

  /** A document to define or to start, completed. */
  DomainDocument define(String xml) throws LibvirtException {
    try {
      return DomainDocument.define(xml, defaults);
    } catch (XmlException e) {
      throw error(e, "(domain_definition)");
    }
  }

  /**
   * The error of libvirt for a document.
   *
   * @param what a name for the document, as libvirt's parser has it
   */
  static LibvirtException error(XmlException e, String what) {
    return switch (e.kind()) {
      case NOT_WELL_FORMED ->
          new LibvirtException(
              ErrorNumber.XML_DETAIL,
              ErrorDomain.XML,
              e.getMessage().startsWith("line ")
                  ? what + ":" + e.getMessage().substring("line ".length())
                  : what + ":1: " + e.getMessage(),
              e);
      case BAD_CONTENT ->
          new LibvirtException(ErrorNumber.XML_ERROR, ErrorDomain.DOMAIN, e.getMessage(), e);
      case UNSUPPORTED ->
          new LibvirtException(ErrorNumber.CONFIG_UNSUPPORTED, ErrorDomain.QEMU, e.getMessage(), e);
      case INVALID_ARGUMENT ->
          new LibvirtException(ErrorNumber.INVALID_ARG, ErrorDomain.DOMAIN, e.getMessage(), e);
      case INTERNAL ->
          new LibvirtException(ErrorNumber.INTERNAL_ERROR, ErrorDomain.DOMAIN, e.getMessage(), e);
      case OPERATION_FAILED -> Refusal.failed(e.getMessage(), e);
      case NO_DEVICE ->
          new LibvirtException(ErrorNumber.DEVICE_MISSING, ErrorDomain.QEMU, e.getMessage(), e);
      case OPERATION_UNSUPPORTED ->
          new LibvirtException(
              ErrorNumber.OPERATION_UNSUPPORTED, ErrorDomain.QEMU, e.getMessage(), e);
    };
  }
}

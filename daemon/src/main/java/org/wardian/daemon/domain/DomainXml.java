package org.wardian.daemon.domain;

import java.util.function.Function;
import org.wardian.definition.capabilities.HostModel;
import org.wardian.definition.domain.DomainDefaults;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Documents that clients give, and the errors that they get for them. */
final class DomainXml {
  private final DomainDefaults defaults;
  private volatile Function<Boolean, HostModel> hostModels;

  DomainXml(DomainDefaults defaults) {
    this.defaults = defaults;
  }

  /** Sets what {@code host-model} is with the host's processor (true) and with ours (false). */
  void setHostModels(Function<Boolean, HostModel> models) {
    hostModels = models;
  }

  /** A document with the processor that its guest gets; itself where that is not known. */
  DomainDocument withProcessor(DomainDocument document) {
    Function<Boolean, HostModel> models = hostModels;
    if (models == null) {
      return document;
    }
    DomainDocument updated = document.copy();
    models.apply(document.type().equals("kvm")).update(updated);
    return updated;
  }

  /** A document to define or to start, completed. */
  DomainDocument define(String xml) throws LibvirtException {
    try {
      return DomainDocument.define(xml, defaults);
    } catch (XmlException e) {
      throw error(e, "(domain_definition)");
    }
  }

  /** What a document that leaves something out is completed with. */
  DomainDefaults defaults() {
    return defaults;
  }

  /**
   * The error of libvirt for a document.
   *
   * @param what a name for the document, as libvirt's parser has it
   */
  static LibvirtException error(XmlException e, String what) {
    if (e.kind() == XmlException.Kind.NOT_WELL_FORMED) {
      return new LibvirtException(ErrorNumber.XML_DETAIL, ErrorDomain.XML, e.of(what), e);
    }
    ErrorDomain origin =
        e.origin() == XmlException.OWN_ORIGIN ? ErrorDomain.DOMAIN : ErrorDomain.of(e.origin());
    return new LibvirtException(ErrorNumber.of(e.kind().code()), origin, e.getMessage(), e);
  }
}

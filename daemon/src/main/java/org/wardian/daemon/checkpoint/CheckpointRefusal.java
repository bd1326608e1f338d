package org.wardian.daemon.checkpoint;

import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Errors about checkpoints, in libvirt's words. */
final class CheckpointRefusal {
  private CheckpointRefusal() {}

  /** There is no such checkpoint. */
  static LibvirtException none(String name) {
    return Refusal.qemu(
        ErrorNumber.NO_DOMAIN_CHECKPOINT, "no domain checkpoint with matching name '" + name + "'");
  }

  /** What is wrong with a document. */
  static LibvirtException of(XmlException e) {
    if (e.kind() == XmlException.Kind.NOT_WELL_FORMED) {
      return new LibvirtException(
          ErrorNumber.XML_DETAIL,
          ErrorDomain.XML,
          "(domain_checkpoint):" + e.getMessage().replaceFirst("^line ", ""),
          e);
    }
    return new LibvirtException(
        ErrorNumber.of(e.kind().code()), ErrorDomain.DOMAIN_CHECKPOINT, e.getMessage(), e);
  }
}

package org.wardian.daemon.snapshot;

import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Errors about snapshots, in libvirt's words. */
final class SnapshotRefusal {
  private SnapshotRefusal() {}

  /** There is no such snapshot. */
  static LibvirtException none(String detail) {
    return Refusal.qemu(ErrorNumber.NO_DOMAIN_SNAPSHOT, detail);
  }

  /** What is wrong with a document. */
  static LibvirtException of(XmlException e) {
    if (e.kind() == XmlException.Kind.NOT_WELL_FORMED) {
      return new LibvirtException(
          ErrorNumber.XML_DETAIL, ErrorDomain.XML, e.of("(domain_snapshot)"), e);
    }
    return new LibvirtException(
        ErrorNumber.of(e.kind().code()), ErrorDomain.DOMAIN_SNAPSHOT, e.getMessage(), e);
  }

  /** Two flags that go not together. */
  static void exclusive(int flags, int one, String oneName, int other, String otherName)
      throws LibvirtException {
    if ((flags & one) != 0 && (flags & other) != 0) {
      throw Refusal.badArgument(
          "flags '%s' and '%s' are mutually exclusive".formatted(oneName, otherName));
    }
  }
}

package org.wardian.daemon.domain;

import org.wardian.definition.domain.DomainDocument;

/** Puts what was added to a document where libvirt writes it. */
final class DocumentOrder {
  private DocumentOrder() {}

  /** Arranges the elements of the root. */
  static void arrange(DomainDocument document) {
    // The same values again: a setter of the document arranges it.
    document.setProcessors(document.mostProcessors(), document.processors());
  }
}

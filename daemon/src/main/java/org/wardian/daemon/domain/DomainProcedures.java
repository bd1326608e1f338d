package org.wardian.daemon.domain;

import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.wire.remote.DomainRef;

/** A group of procedures about domains, and what all groups use. */
abstract class DomainProcedures implements HandlerFamily {
  private final DomainParts parts;

  DomainProcedures(DomainParts parts) {
    this.parts = parts;
  }

  /** What is changed in a document that nobody else has. */
  @FunctionalInterface
  interface Edit {
    void apply(DomainDocument document) throws LibvirtException;
  }

  final DomainTable table() {
    return parts.table();
  }

  final DomainFiles files() {
    return parts.files();
  }

  final DomainEvents events() {
    return parts.events();
  }

  final Lifecycle life() {
    return parts.life();
  }

  final DomainParts parts() {
    return parts;
  }

  final Domain find(DomainRef ref) throws LibvirtException {
    return table().find(ref);
  }

  /** Changes the definition, on the disk first. The caller holds the lock. */
  final void editConfig(Domain domain, Edit edit) throws LibvirtException {
    DomainDocument changed = domain.facts().config().copy();
    edit.apply(changed);
    files().save(changed);
    domain.update(now -> now.withConfig(changed));
  }

  /** Changes the document of the running machine. The caller holds the lock. */
  final void editLive(Domain domain, Edit edit) throws LibvirtException {
    // Applied to what is there at the end: events of the machine change it too.
    DomainDocument probe = domain.facts().live().copy();
    edit.apply(probe);
    domain.update(now -> {
      if (now.live() == null) {
        return now;
      }
      DomainDocument changed = now.live().copy();
      try {
        edit.apply(changed);
      } catch (LibvirtException e) {
        return now;
      }
      return now.withLive(changed);
    });
    life().writeStatus(domain);
  }

  /** Changes the documents that a change is for. The caller holds the lock. */
  final void edit(Domain domain, Impact impact, Edit edit) throws LibvirtException {
    if (impact.config()) {
      editConfig(domain, edit);
    }
    if (impact.live()) {
      editLive(domain, edit);
    }
  }

  /** The document that a look is for. */
  static DomainDocument document(Domain domain, Impact impact) {
    DomainFacts facts = domain.facts();
    return impact.config() || facts.live() == null ? facts.config() : facts.live();
  }
}

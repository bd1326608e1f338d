package org.wardian.daemon.domain;

import java.util.List;
import java.util.Optional;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainRef;

/** The domains as their snapshots see them. */
public final class SnapshotSubjects {
  private final DomainParts parts;
  private final LiveDocuments documents;

  SnapshotSubjects(DomainParts parts, LiveDocuments documents) {
    this.parts = parts;
    this.documents = documents;
  }

  /**
   * The domain that a client means.
   *
   * @throws LibvirtException where there is none
   */
  public SnapshotSubject find(DomainRef ref) throws LibvirtException {
    return new SnapshotSubject(parts, documents, parts.table().find(ref));
  }

  /** The domain of a name. */
  public Optional<SnapshotSubject> named(String name) {
    return Optional.ofNullable(parts.table().get(name))
        .map(domain -> new SnapshotSubject(parts, documents, domain));
  }

  /** All domains. */
  public List<SnapshotSubject> all() {
    return parts.table().all().stream()
        .map(domain -> new SnapshotSubject(parts, documents, domain))
        .toList();
  }

  /** The volumes of all pools that may have images beneath them. */
  public List<VolumePaths.Layered> volumes() {
    return documents.layered();
  }

  /**
   * A document of a client's, completed.
   *
   * @throws LibvirtException where it is none
   */
  public DomainDocument define(String xml) throws LibvirtException {
    return parts.xml().define(xml);
  }
}

package org.wardian.daemon.domain;

import java.util.function.Supplier;
import org.wardian.daemon.Folders;

/** What the groups of procedures work with. */
record DomainParts(
    Folders folders,
    DomainTable table,
    DomainFiles files,
    DomainEvents events,
    Lifecycle life,
    DomainXml xml,
    MachineLauncher launcher,
    GuestAgents agents,
    Supplier<NetworkPlugs> networks,
    SnapshotSeam seam) {
  /** Who knows of snapshots; it comes after the domains. */
  static final class SnapshotSeam {
    private volatile SnapshotRecords records = SnapshotRecords.NONE;

    void set(SnapshotRecords value) {
      records = value;
    }
  }

  SnapshotRecords snapshots() {
    return seam.records;
  }
}

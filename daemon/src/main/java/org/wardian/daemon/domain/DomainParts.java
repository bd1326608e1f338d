package org.wardian.daemon.domain;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.wardian.daemon.Folders;
import org.wardian.libvirt.error.LibvirtException;

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
  /** Who knows of snapshots and checkpoints; they come after the domains. */
  static final class SnapshotSeam implements SnapshotRecords {
    private final List<SnapshotRecords> all = new CopyOnWriteArrayList<>();
    private volatile CheckpointRecords checkpoints = CheckpointRecords.NONE;

    void add(SnapshotRecords records) {
      all.add(records);
    }

    void set(CheckpointRecords records) {
      checkpoints = records;
    }

    @Override
    public int snapshots(UUID domain) {
      return all.stream().mapToInt(one -> one.snapshots(domain)).sum();
    }

    @Override
    public int checkpoints(UUID domain) {
      return all.stream().mapToInt(one -> one.checkpoints(domain)).sum();
    }

    @Override
    public void renamed(UUID domain, String name) throws LibvirtException {
      for (SnapshotRecords one : all) {
        one.renamed(domain, name);
      }
    }

    @Override
    public void forget(UUID domain) throws LibvirtException {
      for (SnapshotRecords one : all) {
        one.forget(domain);
      }
    }
  }

  SnapshotRecords snapshots() {
    return seam;
  }

  CheckpointRecords checkpoints() {
    return seam.checkpoints;
  }
}

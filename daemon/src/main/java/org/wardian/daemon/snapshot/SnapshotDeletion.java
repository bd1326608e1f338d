package org.wardian.daemon.snapshot;

import static org.wardian.libvirt.constants.DomainSnapshotDeleteFlags.CHILDREN;
import static org.wardian.libvirt.constants.DomainSnapshotDeleteFlags.CHILDREN_ONLY;
import static org.wardian.libvirt.constants.DomainSnapshotDeleteFlags.METADATA_ONLY;

import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.libvirt.error.LibvirtException;

/** Deletes snapshots. */
final class SnapshotDeletion {
  static final int FLAGS = CHILDREN | METADATA_ONLY | CHILDREN_ONLY;

  private final SnapshotStore store;
  private final SnapshotJournal journal;
  private final ExternalDeletion external;
  private final DeadBranches branches;

  SnapshotDeletion(SnapshotSubjects subjects, SnapshotStore store, SnapshotJournal journal) {
    this.store = store;
    this.journal = journal;
    external = new ExternalDeletion(subjects, store);
    branches = new DeadBranches(subjects, store, journal);
  }

  /** What ends a deletion that a daemon which was killed had begun. */
  ExternalDeletion external() {
    return external;
  }

  /** The same for snapshots on branches that a revert left. */
  DeadBranches branches() {
    return branches;
  }

  /** Deletes one, or with its children, or these; the caller holds the domain's lock. */
  void delete(SnapshotQueries.Found found, int flags) throws LibvirtException {
    SnapshotSubject subject = found.subject();
    List<SnapshotDocument> children = found.tree().descendants(found.snapshot().name());
    List<SnapshotDocument> gone = new ArrayList<>();
    if ((flags & (CHILDREN | CHILDREN_ONLY)) != 0) {
      // The last first: each is a leaf then.
      gone.addAll(children.reversed());
    }
    if ((flags & CHILDREN_ONLY) == 0) {
      gone.add(found.snapshot());
    }
    if ((flags & METADATA_ONLY) != 0) {
      for (SnapshotDocument one : gone) {
        store.remove(subject, one.name());
      }
      return;
    }
    check(subject, found.snapshot(), gone, flags);
    for (SnapshotDocument one : gone) {
      if (one.isExternal()) {
        deleteExternal(subject, one);
      } else {
        journal.perform(
            subject, one, SnapshotJournal.Deed.DELETE, () -> deleteWithContent(subject, one));
      }
    }
  }

  private void deleteExternal(SnapshotSubject subject, SnapshotDocument one)
      throws LibvirtException {
    SnapshotDocument current = store.tree(subject).get(one.name());
    ExternalDeletion.requireNoSavedMemory(subject);
    SnapshotDocument rest = branches.delete(subject, current);
    if (rest != null) {
      List<OverlayPart> parts = external.plan(subject, rest);
      journal.perform(
          subject, rest, SnapshotJournal.Deed.MERGE, () -> external.delete(subject, rest, parts));
    }
  }

  /** Refuses what libvirt 9.0 does, in its order. */
  private void check(
      SnapshotSubject subject, SnapshotDocument snapshot, List<SnapshotDocument> gone, int flags)
      throws LibvirtException {
    if (!snapshot.isExternal() && subject.isActive()) {
      requireOwnImages(subject, snapshot);
    }
    boolean anyExternal = gone.stream().anyMatch(SnapshotDocument::isExternal);
    if ((snapshot.isExternal() || anyExternal) && subject.hasJobs()) {
      throw Refusal.notSupported(
          "cannot delete external snapshots when there is another active block job");
    }
    if ((flags & (CHILDREN | CHILDREN_ONLY)) == 0 || anyExternal && allLeft(subject, gone)) {
      return;
    }
    List<SnapshotDocument> children =
        gone.stream().filter(one -> !one.name().equals(snapshot.name())).toList();
    long external = children.stream().filter(SnapshotDocument::isExternal).count();
    if (external > 0) {
      throw Refusal.unsupported(
          external < children.size()
              ? "deletion of external and internal children disk snapshots not supported"
              : "deletion of external children disk snapshots not supported");
    }
    if (snapshot.isExternal() && (flags & CHILDREN) != 0) {
      throw Refusal.unsupported("deletion of external disk snapshots with children not supported");
    }
  }

  /** Whether all are of branches that a revert left. */
  private boolean allLeft(SnapshotSubject subject, List<SnapshotDocument> gone)
      throws LibvirtException {
    for (SnapshotDocument one : gone) {
      if (!one.isExternal() || !branches.has(subject, one)) {
        return false;
      }
    }
    return true;
  }

  /** A machine deletes snapshots within the images that it writes, and in no others. */
  private static void requireOwnImages(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    for (SnapshotDisk disk : snapshot.disks()) {
      Disk then =
          disk.place() != SnapshotPlace.INTERNAL || snapshot.domain() == null
              ? null
              : snapshot.domain().disk(disk.name()).orElse(null);
      Disk now = subject.document().disk(disk.name()).orElse(null);
      if (then == null || now == null) {
        continue;
      }
      if (!subject.image(then).equals(subject.image(now))) {
        throw Refusal.notSupported(
            ("disk image '%s' for internal snapshot '%s' is not the same as disk image currently"
                    + " used by VM")
                .formatted(disk.name(), snapshot.name()));
      }
    }
  }

  private void deleteWithContent(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    if (subject.isActive()) {
      subject.keep("delvm", snapshot.name());
    } else {
      SnapshotImages.delete(subject, snapshot);
    }
    store.remove(subject, snapshot.name());
  }
}

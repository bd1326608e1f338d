package org.wardian.daemon.snapshot;

import static org.wardian.libvirt.constants.DomainSnapshotDeleteFlags.CHILDREN;
import static org.wardian.libvirt.constants.DomainSnapshotDeleteFlags.CHILDREN_ONLY;
import static org.wardian.libvirt.constants.DomainSnapshotDeleteFlags.METADATA_ONLY;

import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.libvirt.error.LibvirtException;

/** Deletes snapshots. */
final class SnapshotDeletion {
  static final int FLAGS = CHILDREN | METADATA_ONLY | CHILDREN_ONLY;

  private final SnapshotStore store;
  private final SnapshotJournal journal;

  SnapshotDeletion(SnapshotStore store, SnapshotJournal journal) {
    this.store = store;
    this.journal = journal;
  }

  /** Deletes one, or with its children, or these; the caller holds the domain's lock. */
  void delete(SnapshotQueries.Found found, int flags) throws LibvirtException {
    SnapshotSubject subject = found.subject();
    SnapshotTree tree = found.tree();
    String name = found.snapshot().name();
    List<SnapshotDocument> gone = new ArrayList<>();
    if ((flags & (CHILDREN | CHILDREN_ONLY)) != 0) {
      // The last first: each is a leaf then.
      gone.addAll(tree.descendants(name).reversed());
    }
    if ((flags & CHILDREN_ONLY) == 0) {
      gone.add(found.snapshot());
    }
    if ((flags & METADATA_ONLY) == 0) {
      long external = gone.stream().filter(SnapshotDocument::isExternal).count();
      SnapshotDocument parent =
          found.snapshot().parent() == null ? null : tree.get(found.snapshot().parent());
      if (external == 1 && gone.size() == 1 && parent != null && !parent.isExternal()) {
        throw Refusal.notSupported(
            "deleting external snapshot that has internal snapshot as parent not supported");
      }
      if (external > 0) {
        throw Refusal.unsupported(
            "deletion of " + external + " external disk snapshots not supported yet");
      }
    }
    for (SnapshotDocument one : gone) {
      if ((flags & METADATA_ONLY) != 0) {
        store.remove(subject, one.name());
      } else {
        journal.perform(
            subject, one, SnapshotJournal.Deed.DELETE, () -> deleteWithContent(subject, one));
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

package org.wardian.daemon.checkpoint;

import static org.wardian.libvirt.constants.DomainCheckpointDeleteFlags.CHILDREN;
import static org.wardian.libvirt.constants.DomainCheckpointDeleteFlags.CHILDREN_ONLY;
import static org.wardian.libvirt.constants.DomainCheckpointDeleteFlags.METADATA_ONLY;

import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.checkpoint.CheckpointDisk;
import org.wardian.definition.checkpoint.CheckpointDocument;
import org.wardian.libvirt.error.LibvirtException;

/** Deletes checkpoints. */
final class CheckpointDeletion {
  static final int FLAGS = CHILDREN | METADATA_ONLY | CHILDREN_ONLY;

  private final CheckpointStore store;

  CheckpointDeletion(CheckpointStore store) {
    this.store = store;
  }

  /** Deletes one, or with its children, or these; the caller holds the domain's lock. */
  void delete(CheckpointQueries.Found found, int flags) throws LibvirtException {
    SnapshotSubject subject = found.subject();
    boolean known = (flags & METADATA_ONLY) != 0;
    if (!known && !subject.isActive()) {
      throw Refusal.notSupported("cannot delete checkpoint for inactive domain");
    }
    String name = found.checkpoint().name();
    List<CheckpointDocument> gone = new ArrayList<>();
    if ((flags & (CHILDREN | CHILDREN_ONLY)) != 0) {
      // The last first: each is a leaf then.
      gone.addAll(found.tree().descendants(name).reversed());
    }
    if ((flags & CHILDREN_ONLY) == 0) {
      gone.add(found.checkpoint());
    }
    for (CheckpointDocument one : gone) {
      if (!known) {
        for (CheckpointDisk disk : one.disks()) {
          if (disk.isTracked()) {
            subject.untrack(disk.name(), disk.bitmap());
          }
        }
      }
      store.remove(subject, one.name());
    }
    if ((flags & CHILDREN_ONLY) != 0) {
      store.setCurrent(subject, name);
    }
  }
}

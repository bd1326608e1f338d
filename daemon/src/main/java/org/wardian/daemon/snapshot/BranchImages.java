package org.wardian.daemon.snapshot;

import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.libvirt.error.LibvirtException;

/** The images of all branches of a domain: of its snapshots, and those that reverts made. */
final class BranchImages {
  /**
   * An image.
   *
   * @param owner who has it, for messages
   */
  record Named(String file, String owner) {}

  private BranchImages() {}

  /** All that snapshots name: overlays, and the images that disks had when they were taken. */
  static List<Named> ofSnapshots(SnapshotStore store, SnapshotSubject subject) {
    List<Named> all = new ArrayList<>();
    for (SnapshotDocument snapshot : store.tree(subject).all()) {
      String owner = "snapshot '" + snapshot.name() + "'";
      for (SnapshotDisk disk : snapshot.disks()) {
        if (disk.place() == SnapshotPlace.EXTERNAL && disk.file() != null) {
          all.add(new Named(disk.file(), owner));
        }
      }
      add(all, snapshot.domain(), owner);
      add(all, snapshot.inactiveDomain(), owner);
    }
    return all;
  }

  private static void add(List<Named> all, DomainDocument document, String owner) {
    if (document == null) {
      return;
    }
    for (Disk disk : document.disks()) {
      DiskChain.of(disk)
          .images()
          .forEach(image -> image.path().ifPresent(file -> all.add(new Named(file, owner))));
    }
  }

  /** These, and those that reverts made. */
  static List<Named> all(SnapshotStore store, SnapshotSubject subject) throws LibvirtException {
    List<Named> all = ofSnapshots(store, subject);
    for (String file : store.reverted().of(subject.uuid())) {
      all.add(new Named(file, "a revert"));
    }
    return all;
  }
}

package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.snapshot.SnapshotDocument;

/**
 * What an external snapshot did to a disk.
 *
 * @param disk the disk's target
 * @param overlay the file that took what was written from then on
 * @param base the image that was written until then
 */
record OverlayPart(String disk, String overlay, DiskChain.Image base) {
  /** The file of the image beneath. */
  String basePath() {
    return base.path().orElse("");
  }

  /** The document of a snapshot, once the overlay is gone: its base is in the overlay's place. */
  SnapshotDocument removedFrom(SnapshotDocument snapshot) {
    DomainDocument domain = removedFrom(snapshot.domain());
    DomainDocument inactive = removedFrom(snapshot.inactiveDomain());
    return domain == snapshot.domain() && inactive == snapshot.inactiveDomain()
        ? snapshot
        : snapshot.taken(snapshot.state(), snapshot.memory(), domain, inactive);
  }

  private DomainDocument removedFrom(DomainDocument document) {
    Disk disk = document == null ? null : document.disk(this.disk).orElse(null);
    if (disk == null || DiskChain.of(disk).indexOf(overlay, 0) < 0) {
      return document;
    }
    DomainDocument changed = document.copy();
    removeFrom(changed);
    return changed;
  }

  /** Takes the overlay out of a document. */
  void removeFrom(DomainDocument document) {
    Disk found = document.disk(disk).orElse(null);
    if (found == null) {
      return;
    }
    DiskChain chain = DiskChain.of(found);
    int place = chain.indexOf(overlay, 0);
    if (place == 0) {
      // What is beneath the base is looked up at the next start.
      new DiskChain(List.of(base), false).writeTo(found);
    } else if (place > 0) {
      chain.without(place, place + 1).writeTo(found);
    }
  }

  /** Whether two paths are of one file, which need not be there. */
  static boolean same(String one, String other) {
    Path first = Path.of(one);
    Path second = Path.of(other);
    try {
      return first.equals(second) || Files.isSameFile(first, second);
    } catch (IOException e) {
      return false;
    }
  }
}

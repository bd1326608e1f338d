package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.BitmapMerge;
import org.wardian.storage.operation.ImageCommit;
import org.wardian.storage.operation.ImageRebase;
import org.wardian.storage.operation.Progress;

/**
 * Deletes snapshots on branches that a revert left: an overlay that nothing stands on goes; one
 * that alone stands on its base goes into it; any other stays, and goes with the last that needs
 * it.
 *
 * <p>What is done can be done again: whoever is killed meanwhile has it ended by the next daemon.
 */
final class DeadBranches {
  private static final System.Logger LOG = System.getLogger(DeadBranches.class.getName());

  private final SnapshotSubjects subjects;
  private final SnapshotStore store;
  private final SnapshotJournal journal;

  DeadBranches(SnapshotSubjects subjects, SnapshotStore store, SnapshotJournal journal) {
    this.subjects = subjects;
    this.store = store;
    this.journal = journal;
  }

  /** Whether all external disks of a snapshot are on branches that a revert left. */
  boolean has(SnapshotSubject subject, SnapshotDocument snapshot) throws LibvirtException {
    return new BranchPlan(subjects, store, subject, snapshot).isLeft();
  }

  /**
   * Deletes what a snapshot has on such branches; the caller holds the domain's lock.
   *
   * @return what is left of the snapshot; null where nothing is
   */
  SnapshotDocument delete(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    List<DeadPart> parts = new BranchPlan(subjects, store, subject, snapshot).fates();
    if (parts.isEmpty()) {
      return snapshot;
    }
    XmlElement entry = SnapshotJournal.entry(snapshot, SnapshotJournal.Deed.PRUNE);
    parts.forEach(part -> part.addTo(entry));
    journal.write(subject, snapshot, entry);
    try {
      return enact(subject, snapshot, parts);
    } finally {
      journal.forget(subject, snapshot);
    }
  }

  private SnapshotDocument enact(
      SnapshotSubject subject, SnapshotDocument snapshot, List<DeadPart> parts)
      throws LibvirtException {
    keep(subject, parts);
    // First of all: its base may be another one soon.
    SnapshotDocument rest = rest(snapshot, parts);
    if (store.tree(subject).get(snapshot.name()) != null) {
      if (rest == null) {
        store.remove(subject, snapshot.name());
      } else {
        store.put(subject, rest);
      }
    }
    List<DeadPart> done = new ArrayList<>();
    for (DeadPart part : parts) {
      done.add(part.fate() == DeadPart.Fate.MERGE ? merge(part) : part);
    }
    keep(subject, done);
    for (DeadPart one : done) {
      if (one.fate() == DeadPart.Fate.MERGE) {
        replace(subject, snapshot, one.part());
      }
      if (one.fate() != DeadPart.Fate.KEEP) {
        remove(one.part().overlay());
      }
      one.after().forEach(DeadBranches::remove);
    }
    if (rest == null && snapshot.memory() == SnapshotPlace.EXTERNAL) {
      remove(snapshot.memoryFile());
    }
    return rest;
  }

  /** Writes down which overlays go with the last that needs them. */
  private void keep(SnapshotSubject subject, List<DeadPart> parts) throws LibvirtException {
    List<String> kept =
        parts.stream()
            .filter(one -> one.fate() == DeadPart.Fate.KEEP)
            .map(one -> one.part().overlay())
            .toList();
    if (!kept.isEmpty()) {
      store.reverted().add(subject.uuid(), kept);
    }
  }

  /** Puts an overlay into its base. Where that fails it stays: it holds all that it held. */
  private static DeadPart merge(DeadPart part) {
    Path overlay = Path.of(part.part().overlay());
    Path base = Path.of(part.part().basePath());
    if (Files.notExists(overlay)) {
      return part; // It went the last time.
    }
    OpenOptions qcow2 = OpenOptions.readWrite().withFormat(ImageFormat.QCOW2);
    ImageFormat format =
        part.part().base().format().equals("raw") ? ImageFormat.RAW : ImageFormat.QCOW2;
    try {
      ImageCommit.run(overlay, qcow2, base, false, Progress.NONE);
      BitmapMerge.run(overlay, base);
      for (String upper : part.above()) {
        if (Files.exists(Path.of(upper))) {
          ImageRebase.unsafe(Path.of(upper), qcow2, base.toString(), format);
        }
      }
      return part;
    } catch (IOException | RuntimeException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "'" + overlay + "' is not put into '" + base + "', and stays: " + e.getMessage());
      return part.kept();
    }
  }

  private void replace(SnapshotSubject subject, SnapshotDocument snapshot, OverlayPart part)
      throws LibvirtException {
    for (SnapshotDocument other : store.tree(subject).all()) {
      SnapshotDocument changed = part.removedFrom(other);
      if (!changed.equals(other) && !other.name().equals(snapshot.name())) {
        store.put(subject, changed);
      }
    }
  }

  /** The snapshot of the other disks. */
  private static SnapshotDocument rest(SnapshotDocument snapshot, List<DeadPart> done) {
    List<SnapshotDisk> disks =
        snapshot.disks().stream()
            .map(disk ->
                done.stream().anyMatch(one -> one.part().disk().equals(disk.name()))
                    ? new SnapshotDisk(disk.name(), SnapshotPlace.NO, null, null)
                    : disk)
            .toList();
    return disks.stream().allMatch(disk -> disk.place() == SnapshotPlace.NO)
        ? null
        : snapshot.withDisks(disks);
  }

  private static void remove(String file) {
    try {
      if (file != null && Files.isRegularFile(Path.of(file))) {
        Files.deleteIfExists(Path.of(file));
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Failed to remove snapshot image '" + file + "': " + e);
    }
  }

  /** Ends what a daemon that was killed, or that failed, had begun. */
  void recover(SnapshotSubject subject, XmlElement entry) throws LibvirtException, XmlException {
    SnapshotDocument snapshot = SnapshotDocument.complete(entry.child("domainsnapshot"));
    LOG.log(
        System.Logger.Level.WARNING,
        "snapshot '" + snapshot.name() + "' of " + subject.name() + " is deleted now");
    List<DeadPart> parts = new ArrayList<>();
    for (XmlElement own : entry.children("disk")) {
      for (SnapshotDisk disk : snapshot.disks()) {
        if (disk.name().equals(own.attribute("name", ""))) {
          parts.add(DeadPart.of(own, ExternalDeletion.part(subject, snapshot, disk)));
        }
      }
    }
    enact(subject, snapshot, parts);
  }
}

package org.wardian.daemon.snapshot;

import static org.wardian.libvirt.constants.DomainSnapshotRevertFlags.PAUSED;
import static org.wardian.libvirt.constants.DomainSnapshotRevertFlags.RUNNING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.definition.snapshot.SnapshotState;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Goes back to a snapshot whose disks are images beneath overlays: each disk gets a new overlay
 * upon its image of then, so that no image that a snapshot stands on is written.
 *
 * <p>Until the entry in the journal says that the new overlays count, all can be put back: the
 * definition that was, and nothing above the images. From then on the next daemon goes on with
 * them.
 */
final class ExternalReturn {
  private static final System.Logger LOG = System.getLogger(ExternalReturn.class.getName());

  private final SnapshotSubjects subjects;
  private final SnapshotStore store;
  private final SnapshotJournal journal;

  ExternalReturn(SnapshotSubjects subjects, SnapshotStore store, SnapshotJournal journal) {
    this.subjects = subjects;
    this.store = store;
    this.journal = journal;
  }

  /** Refuses what cannot be gone back to. */
  private static void check(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    if (!subject.isPersistent()) {
      throw Refusal.notSupported("revert of a transient domain to external snapshot not supported");
    }
    if (snapshot.domain() == null) {
      throw Refusal.notSupported(
          "snapshot '%s' lacks domain '%s' rollback info"
              .formatted(snapshot.name(), subject.name()));
    }
    for (SnapshotDisk disk : snapshot.disks()) {
      if (disk.spoilt()) {
        throw Refusal.notNow(
            "snapshot disk '%s' was target of not completed snapshot delete"
                .formatted(disk.name()));
      }
    }
    boolean within =
        snapshot.disks().stream().anyMatch(disk -> disk.place() == SnapshotPlace.INTERNAL);
    boolean beside = !snapshot.state().isActive() || snapshot.memory() == SnapshotPlace.EXTERNAL;
    if (within || !beside) {
      throw Refusal.notSupported(
          "revert to a snapshot that is partly internal and partly external not supported");
    }
    if (!subject.isActive() && subject.hasSavedMemory()) {
      throw Refusal.notNow(
          "the domain has a managed save image, which goes on with the disks of now");
    }
    if (snapshot.state().isActive()) {
      subject.requireMemory(Path.of(snapshot.memoryFile()));
    }
  }

  /** Does it; the caller holds the domain's lock. */
  void revert(SnapshotSubject subject, SnapshotDocument snapshot, int flags)
      throws LibvirtException {
    check(subject, snapshot);
    DomainDocument was = snapshot.domain().copy();
    DomainDocument next =
        snapshot.inactiveDomain() == null ? was.copy() : snapshot.inactiveDomain().copy();
    BranchReturn branch = new BranchReturn(subjects, store, subject, snapshot);
    List<ExternalSnapshots.Step> steps = branch.plan(next);
    branch.keepOthers(was, next);
    for (DomainDocument document : List.of(was, next)) {
      steps.forEach(step -> BranchReturn.raise(document, step));
    }
    RevertEntry entry =
        new RevertEntry(
            snapshot,
            steps.stream().map(ExternalSnapshots.Step::file).toList(),
            branch.leaves(),
            subject.isActive() ? subject.nextStart() : subject.document(),
            false);
    journal.write(subject, snapshot, entry.tree());
    try {
      ExternalSnapshots.make(steps);
      try {
        enact(subject, entry, was, next, flags);
      } catch (LibvirtException | RuntimeException e) {
        undo(subject, entry, e);
        throw e;
      }
      finish(subject, entry);
    } finally {
      journal.forget(subject, snapshot);
    }
  }

  private void enact(
      SnapshotSubject subject,
      RevertEntry entry,
      DomainDocument was,
      DomainDocument next,
      int flags)
      throws LibvirtException {
    SnapshotDocument snapshot = entry.snapshot();
    store.reverted().add(subject.uuid(), entry.overlays());
    subject.redefine(next);
    if (subject.isActive()) {
      subject.end();
    }
    journal.write(subject, snapshot, entry.counting(true).tree());
    if (snapshot.state().isActive()) {
      boolean paused =
          (flags & RUNNING) == 0
              && (snapshot.state() == SnapshotState.PAUSED || (flags & PAUSED) != 0);
      subject.startWithMemory(was, Path.of(snapshot.memoryFile()), paused);
      return;
    }
    subject.markReverted();
    if ((flags & (RUNNING | PAUSED)) != 0) {
      subject.start(was, Optional.empty(), (flags & PAUSED) != 0);
    }
  }

  /** All is as it was, but that the machine has ended where it had to. */
  private void undo(SnapshotSubject subject, RevertEntry entry, Exception cause) {
    try {
      journal.write(subject, entry.snapshot(), entry.counting(false).tree());
    } catch (LibvirtException e) {
      cause.addSuppressed(e); // Where there is no room for it there may be room for the rest.
    }
    try {
      undo(subject, entry);
    } catch (LibvirtException e) {
      cause.addSuppressed(e);
    }
  }

  private void undo(SnapshotSubject subject, RevertEntry entry) throws LibvirtException {
    List<String> used = BranchReturn.tops(subject);
    if (entry.overlays().stream().anyMatch(one -> isAmong(used, one))) {
      subject.redefine(entry.before());
    }
    removeUnused(subject, entry.overlays());
  }

  private void finish(SnapshotSubject subject, RevertEntry entry) throws LibvirtException {
    store.setCurrent(subject, entry.snapshot().name());
    removeUnused(subject, entry.leaves());
  }

  /** Removes those that no domain and no snapshot has, and that nothing stands on. */
  private void removeUnused(SnapshotSubject subject, List<String> overlays)
      throws LibvirtException {
    List<String> tops = BranchReturn.tops(subject);
    for (String overlay : overlays) {
      KnownImages known = KnownImages.of(subjects, store);
      boolean used =
          isAmong(tops, overlay)
              || !known.above(Path.of(overlay)).isEmpty()
              || known.uses(Path.of(overlay)).stream()
                  .anyMatch(use ->
                      use.kind() != KnownImages.Kind.SPARE
                          && use.kind() != KnownImages.Kind.VOLUME);
      if (!used) {
        remove(overlay);
      }
    }
  }

  private static boolean isAmong(List<String> files, String file) {
    return files.stream().anyMatch(one -> OverlayPart.same(one, file));
  }

  private static void remove(String file) {
    try {
      Files.deleteIfExists(Path.of(file));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Failed to remove overlay '" + file + "': " + e);
    }
  }

  /** Undoes what a daemon that was killed had begun, or ends it. */
  void recover(SnapshotSubject subject, XmlElement tree) throws LibvirtException, XmlException {
    RevertEntry entry = RevertEntry.of(tree);
    String what = "the revert of " + subject.name() + " to '" + entry.snapshot().name() + "' ";
    if (entry.counts()) {
      LOG.log(System.Logger.Level.WARNING, what + "is ended");
      finish(subject, entry);
    } else {
      LOG.log(System.Logger.Level.WARNING, what + "had only begun, and is undone");
      undo(subject, entry);
    }
  }
}

package org.wardian.daemon.snapshot;

import static org.wardian.libvirt.constants.DomainSnapshotRevertFlags.FORCE;
import static org.wardian.libvirt.constants.DomainSnapshotRevertFlags.PAUSED;
import static org.wardian.libvirt.constants.DomainSnapshotRevertFlags.RUNNING;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotState;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Goes back to a snapshot. What the disks hold since is lost where no other snapshot has it. */
final class SnapshotReturn {
  static final int FLAGS = RUNNING | PAUSED | FORCE;

  private final SnapshotSubjects subjects;
  private final SnapshotStore store;
  private final ExternalReturn external;

  SnapshotReturn(SnapshotSubjects subjects, SnapshotStore store, SnapshotJournal journal) {
    this.subjects = subjects;
    this.store = store;
    external = new ExternalReturn(subjects, store, journal);
  }

  /** What undoes or ends a return that a daemon which was killed had begun. */
  ExternalReturn external() {
    return external;
  }

  /** Does it; the caller holds the domain's lock. */
  void revert(SnapshotQueries.Found found, int flags) throws LibvirtException {
    SnapshotSubject subject = found.subject();
    SnapshotDocument snapshot = found.snapshot();
    check(subject, snapshot, flags);
    if (snapshot.isExternal()) {
      external.revert(subject, snapshot, flags);
      return;
    }
    if ((flags & FORCE) == 0) {
      requireNothingAbove(subject, snapshot);
    }
    DomainDocument was = snapshot.domain() == null ? subject.document() : snapshot.domain().copy();
    DomainDocument next =
        snapshot.inactiveDomain() == null ? was.copy() : snapshot.inactiveDomain().copy();
    if (subject.isActive()) {
      subject.end();
    }
    if (snapshot.domain() != null) {
      subject.redefine(next);
    }
    if (snapshot.state().isActive()) {
      boolean paused =
          (flags & RUNNING) == 0
              && (snapshot.state() == SnapshotState.PAUSED || (flags & PAUSED) != 0);
      subject.start(was, Optional.of(snapshot.name()), paused);
    } else {
      SnapshotImages.apply(subject, snapshot);
      subject.markReverted();
      if ((flags & (RUNNING | PAUSED)) != 0) {
        subject.start(was, Optional.empty(), (flags & PAUSED) != 0);
      }
    }
    store.setCurrent(subject, snapshot.name());
  }

  private static void check(SnapshotSubject subject, SnapshotDocument snapshot, int flags)
      throws LibvirtException {
    SnapshotRefusal.exclusive(
        flags,
        RUNNING,
        "VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING",
        PAUSED,
        "VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED");
    boolean started = snapshot.state().isActive() || (flags & (RUNNING | PAUSED)) != 0;
    if (!subject.isPersistent() && !started) {
      throw Refusal.notNow(
          "transient domain needs to request run or pause to revert to inactive snapshot");
    }
    if ((flags & FORCE) != 0) {
      return;
    }
    if (snapshot.domain() == null) {
      throw Refusal.qemu(
          ErrorNumber.SNAPSHOT_REVERT_RISKY,
          "snapshot '%s' lacks domain '%s' rollback info"
              .formatted(snapshot.name(), subject.name()));
    }
    if (subject.isActive() && !snapshot.state().isActive() && started) {
      throw Refusal.qemu(
          ErrorNumber.SNAPSHOT_REVERT_RISKY, "must respawn guest to start inactive snapshot");
    }
  }

  /** What stands on an image has that image's content of now beneath it. */
  private void requireNothingAbove(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    KnownImages known = KnownImages.of(subjects, store);
    for (Path image : SnapshotImages.within(subject, snapshot)) {
      List<KnownImages.Above> above = known.above(image);
      if (!above.isEmpty()) {
        throw Refusal.qemu(
            ErrorNumber.SNAPSHOT_REVERT_RISKY,
            "the image '%s' would change beneath %s"
                .formatted(
                    image,
                    above.stream()
                        .map(one -> "'%s' of %s".formatted(one.file(), one.owner()))
                        .collect(Collectors.joining(", "))));
      }
    }
  }
}

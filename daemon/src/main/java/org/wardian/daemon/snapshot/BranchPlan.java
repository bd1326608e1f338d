package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.daemon.snapshot.KnownImages.Above;
import org.wardian.daemon.snapshot.KnownImages.Kind;
import org.wardian.daemon.snapshot.KnownImages.Use;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageSnapshots;

/** What becomes of the images when a snapshot on a branch is deleted that a revert left. */
final class BranchPlan {
  private final KnownImages known;
  private final SnapshotSubject subject;
  private final SnapshotDocument snapshot;
  private final MomentTree<SnapshotDocument> tree;
  private final UUID uuid;

  /** The images that may go when nobody has them. */
  private final Set<Path> spare = new HashSet<>();

  /** Of this moment; for one snapshot. */
  BranchPlan(
      SnapshotSubjects subjects,
      SnapshotStore store,
      SnapshotSubject subject,
      SnapshotDocument snapshot)
      throws LibvirtException {
    known = KnownImages.of(subjects, store);
    this.subject = subject;
    this.snapshot = snapshot;
    tree = store.tree(subject);
    uuid = subject.uuid();
    store.reverted().of(uuid).forEach(file -> spare.add(KnownImages.real(Path.of(file))));
  }

  /** What the snapshot did to the disks that have left its branch by a revert. */
  List<OverlayPart> left() throws LibvirtException {
    List<OverlayPart> parts = new ArrayList<>();
    for (SnapshotDisk disk : snapshot.disks()) {
      if (disk.place() == SnapshotPlace.EXTERNAL && disk.file() != null) {
        OverlayPart part = ExternalDeletion.part(subject, snapshot, disk);
        if (wasLeft(part)) {
          parts.add(part);
        }
      }
    }
    return parts;
  }

  /** Whether all disks that the snapshot has as external have left its branch. */
  boolean isLeft() throws LibvirtException {
    long external =
        snapshot.disks().stream()
            .filter(disk -> disk.place() == SnapshotPlace.EXTERNAL && disk.file() != null)
            .count();
    return external > 0 && left().size() == external;
  }

  /**
   * Whether the disk is on another way by a revert, which made an overlay for it: a disk whose
   * image somebody has changed otherwise may get it back.
   */
  private boolean wasLeft(OverlayPart part) throws LibvirtException {
    if (subject.document().disk(part.disk()).isEmpty()) {
      return false;
    }
    List<Path> chain =
        subject.images(part.disk()).stream().map(file -> KnownImages.real(Path.of(file))).toList();
    if (chain.contains(KnownImages.real(Path.of(part.overlay())))) {
      return false;
    }
    List<Path> branch = known.chain(Path.of(part.basePath()));
    List<Path> own = chain.stream().takeWhile(image -> !branch.contains(image)).toList();
    return own.size() < chain.size()
        && own.stream().anyMatch(spare::contains)
        && isOfCurrent(chain, part.disk());
  }

  /** Whether a disk stands where the current snapshot says. */
  private boolean isOfCurrent(List<Path> chain, String disk) throws LibvirtException {
    String name = tree.current();
    while (name != null) {
      SnapshotDocument at = tree.get(name);
      for (SnapshotDisk one : at.disks()) {
        if (one.name().equals(disk) && one.place() == SnapshotPlace.EXTERNAL) {
          OverlayPart then = ExternalDeletion.part(subject, at, one);
          int base = chain.indexOf(KnownImages.real(Path.of(then.basePath())));
          return chain.contains(KnownImages.real(Path.of(then.overlay())))
              || base > 0 && spare.contains(chain.get(base - 1));
        }
      }
      name = at.parent();
    }
    return true;
  }

  /** What becomes of the overlays. */
  List<DeadPart> fates() throws LibvirtException {
    List<DeadPart> all = new ArrayList<>();
    for (OverlayPart part : left()) {
      all.add(fate(part));
    }
    return all;
  }

  private DeadPart fate(OverlayPart part) throws LibvirtException {
    Path overlay = Path.of(part.overlay());
    List<Above> above = known.above(overlay);
    List<Use> others = known.uses(overlay).stream().filter(this::isAnothers).toList();
    if (above.isEmpty() && others.isEmpty()) {
      requireUnused(overlay);
      return new DeadPart(part, DeadPart.Fate.REMOVE, List.of(), beneath(overlay));
    }
    if (isMergeable(part, above, others)) {
      List<String> upper = above.stream().map(one -> one.file().toString()).toList();
      return new DeadPart(part, DeadPart.Fate.MERGE, upper, List.of());
    }
    return new DeadPart(part, DeadPart.Fate.KEEP, List.of(), List.of());
  }

  /** Whether somebody has an image other than as a volume, or as one that may go. */
  private boolean isAnothers(Use use) {
    return switch (use.kind()) {
      case VOLUME, SPARE -> false;
      case DOMAIN -> true;
      case TOP, BENEATH, OVERLAY -> !isOwn(use) || !use.snapshot().equals(snapshot.name());
    };
  }

  private boolean isOwn(Use use) {
    return uuid.equals(use.domain());
  }

  /** Somebody may have it whom the daemon does not know. */
  private static void requireUnused(Path overlay) throws LibvirtException {
    if (Files.notExists(overlay)) {
      return;
    }
    OpenOptions alone = OpenOptions.readWrite().withFormat(ImageFormat.QCOW2).withChain(false);
    try (BlockImage image = Images.open(overlay, alone)) {
      if (image.length() < 0) {
        throw new IOException("it has no size");
      }
    } catch (IOException | RuntimeException e) {
      throw Refusal.failed("cannot remove '" + overlay + "': " + e.getMessage(), e);
    }
  }

  /** What lies beneath an overlay that goes, and is nobody's then; the upper first. */
  private List<String> beneath(Path overlay) {
    List<String> all = new ArrayList<>();
    List<Path> chain = known.chain(overlay);
    for (int place = 1; place < chain.size(); place++) {
      Path file = chain.get(place);
      Path upper = chain.get(place - 1);
      boolean free =
          spare.contains(file)
              && known.uses(file).stream().noneMatch(this::isAnothers)
              && known.above(file).stream().allMatch(one -> one.file().equals(upper));
      if (!free) {
        break;
      }
      all.add(file.toString());
    }
    return all;
  }

  /**
   * Whether an overlay may go into its base: no snapshot is of the base but that which goes, only
   * the overlay stands on it, no domain uses one of both, and all that stands on the overlay can be
   * put onto the base.
   */
  private boolean isMergeable(OverlayPart part, List<Above> above, List<Use> others) {
    Path overlay = KnownImages.real(Path.of(part.overlay()));
    Path base = KnownImages.real(Path.of(part.basePath()));
    boolean overlayIsOurs =
        others.stream()
            .allMatch(use -> isOwn(use) && (use.kind() == Kind.TOP || use.kind() == Kind.BENEATH));
    boolean baseIsOurs =
        known.uses(base).stream()
            .filter(this::isAnothers)
            .allMatch(
                use -> isOwn(use) && (use.kind() == Kind.BENEATH || use.kind() == Kind.OVERLAY));
    return Files.isRegularFile(overlay)
        && Files.isRegularFile(base)
        && overlayIsOurs
        && baseIsOurs
        && known.above(base).stream().allMatch(one -> one.file().equals(overlay))
        && above.stream().allMatch(one -> isOwnBranch(one.file()))
        && hasNoSnapshots(overlay);
  }

  private boolean isOwnBranch(Path file) {
    List<Use> all = known.uses(file).stream().filter(use -> use.kind() != Kind.VOLUME).toList();
    return !all.isEmpty() && all.stream().allMatch(use -> isOwn(use) && use.kind() != Kind.DOMAIN);
  }

  private static boolean hasNoSnapshots(Path overlay) {
    OpenOptions reading =
        OpenOptions.readOnly().withLocked(false).withFormat(ImageFormat.QCOW2).withChain(false);
    try {
      return ImageSnapshots.list(overlay, reading).isEmpty();
    } catch (IOException | RuntimeException e) {
      return false; // It stays as it is.
    }
  }
}

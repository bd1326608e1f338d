package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Deletes snapshots whose content is in overlays: what an overlay holds goes into the image beneath
 * it, then the overlay goes. A disk keeps what it holds, and so do the later snapshots.
 *
 * <p>For each disk there is a moment from which the overlay is not in the disk's chain any more,
 * which the machine's document says, or of a stopped domain the images' headers and the definition.
 * Whoever is killed before that moment of the first disk has changed nothing that is seen; who is
 * killed later has left what {@link #recover} does again.
 */
final class ExternalDeletion {
  private static final System.Logger LOG = System.getLogger(ExternalDeletion.class.getName());

  private final SnapshotSubjects subjects;
  private final SnapshotStore store;

  ExternalDeletion(SnapshotSubjects subjects, SnapshotStore store) {
    this.subjects = subjects;
    this.store = store;
  }

  /**
   * What is to be done; nothing for the memory alone.
   *
   * @throws LibvirtException where it cannot be
   */
  List<OverlayPart> plan(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    requireNoSavedMemory(subject);
    List<OverlayPart> parts = new ArrayList<>();
    for (SnapshotDisk disk : snapshot.disks()) {
      if (disk.place() != SnapshotPlace.EXTERNAL || disk.file() == null) {
        continue;
      }
      OverlayPart part = part(subject, snapshot, disk);
      MergedImages.check(subject, part);
      requireNoInternalParent(subject, snapshot, part);
      parts.add(part);
    }
    requireNoBranch(subject, snapshot, parts);
    return parts;
  }

  /** Refuses where the next start goes on with a memory that was saved. */
  static void requireNoSavedMemory(SnapshotSubject subject) throws LibvirtException {
    if (!subject.isActive() && subject.hasSavedMemory()) {
      throw Refusal.notNow(
          "the domain has a managed save image, which goes on with the disks of the snapshot");
    }
  }

  /** What a snapshot did to a disk, by its own document. */
  static OverlayPart part(SnapshotSubject subject, SnapshotDocument snapshot, SnapshotDisk disk)
      throws LibvirtException {
    Disk before =
        snapshot.domain() == null ? null : snapshot.domain().disk(disk.name()).orElse(null);
    if (before == null) {
      throw Refusal.failed("failed to find disk '" + disk.name() + "' in snapshot VM XML");
    }
    Path image =
        subject
            .image(before)
            .orElseThrow(() ->
                Refusal.failed("failed to find disk '" + disk.name() + "' in snapshot VM XML"));
    DiskChain own = DiskChain.of(before);
    DiskChain.Image base =
        before.type().equals("volume")
            ? DiskChain.Image.file(image.toString(), before.format())
            : own.settled().images().getFirst();
    return new OverlayPart(disk.name(), disk.file(), base);
  }

  private void requireNoInternalParent(
      SnapshotSubject subject, SnapshotDocument snapshot, OverlayPart part)
      throws LibvirtException {
    MomentTree<SnapshotDocument> tree = store.tree(subject);
    SnapshotDocument at = snapshot.parent() == null ? null : tree.get(snapshot.parent());
    while (at != null) {
      for (SnapshotDisk disk : at.disks()) {
        if (disk.name().equals(part.disk()) && disk.place() != SnapshotPlace.NO) {
          if (!at.isExternal()) {
            throw Refusal.notSupported(
                "deleting external snapshot that has internal snapshot as parent not supported");
          }
          return;
        }
      }
      at = at.parent() == null ? null : tree.get(at.parent());
    }
  }

  /** No overlay of another branch may be based on an image that is about to change, or to go. */
  private void requireNoBranch(
      SnapshotSubject subject, SnapshotDocument snapshot, List<OverlayPart> parts)
      throws LibvirtException {
    KnownImages known = KnownImages.of(subjects, store);
    for (OverlayPart part : parts) {
      List<Path> chain =
          subject.images(part.disk()).stream().map(one -> KnownImages.real(Path.of(one))).toList();
      for (String changing : List.of(part.overlay(), part.basePath())) {
        for (KnownImages.Above above : known.above(Path.of(changing))) {
          if (!chain.contains(above.file())) {
            throw Refusal.notSupported(
                "the image '%s' of %s is based on an image that deleting '%s' would change"
                    .formatted(above.file(), above.owner(), snapshot.name()));
          }
        }
      }
    }
  }

  /** Does it; the caller holds the domain's lock, and has written down what is done. */
  void delete(SnapshotSubject subject, SnapshotDocument snapshot, List<OverlayPart> parts)
      throws LibvirtException {
    Map<String, FileTime> before = new HashMap<>();
    for (OverlayPart part : parts) {
      before.put(part.disk(), written(part));
    }
    try {
      merge(subject, parts);
    } catch (LibvirtException e) {
      keepRest(subject, snapshot, parts, before, e);
      throw e;
    }
    finish(subject, snapshot, parts);
  }

  /** When the image beneath was written last; null where nobody can tell. */
  private static FileTime written(OverlayPart part) {
    try {
      return Files.getLastModifiedTime(Path.of(part.basePath()));
    } catch (IOException e) {
      return null;
    }
  }

  private static void merge(SnapshotSubject subject, List<OverlayPart> parts)
      throws LibvirtException {
    if (!subject.isActive()) {
      MergedImages.merge(subject, parts);
      return;
    }
    List<SnapshotSubject.Merge> merges = new ArrayList<>();
    for (OverlayPart part : parts) {
      // The name by which the machine knows it.
      String own =
          subject.images(part.disk()).stream()
              .filter(image -> OverlayPart.same(image, part.overlay()))
              .findFirst()
              .orElse(part.overlay());
      merges.add(new SnapshotSubject.Merge(part.disk(), own));
    }
    subject.merge(merges);
  }

  private static boolean isMoved(SnapshotSubject subject, OverlayPart part)
      throws LibvirtException {
    return subject.images(part.disk()).stream()
        .noneMatch(image -> OverlayPart.same(image, part.overlay()));
  }

  /**
   * Some disks may have moved before it failed: the snapshot is of the others from then on.
   *
   * @param before when the images beneath were written last, by disk; none where that is not known
   */
  private void keepRest(
      SnapshotSubject subject,
      SnapshotDocument snapshot,
      List<OverlayPart> parts,
      Map<String, FileTime> before,
      LibvirtException cause) {
    try {
      List<OverlayPart> moved = new ArrayList<>();
      Set<String> changed = new HashSet<>();
      for (OverlayPart part : parts) {
        FileTime was = before.get(part.disk());
        if (isMoved(subject, part)) {
          moved.add(part);
        } else if (was == null || !was.equals(written(part))) {
          changed.add(part.disk());
        }
      }
      if (!moved.isEmpty()) {
        removeFromDocuments(subject, snapshot, moved);
      }
      spoil(subject, snapshot, moved, changed);
      removeFiles(subject, moved);
    } catch (LibvirtException e) {
      cause.addSuppressed(e);
    }
  }

  /**
   * Has the snapshot be of the disks that are left of it, and not be gone back to.
   *
   * @param changed disks of whose overlays the images beneath have an unknown part
   */
  private void spoil(
      SnapshotSubject subject,
      SnapshotDocument snapshot,
      List<OverlayPart> moved,
      Set<String> changed)
      throws LibvirtException {
    List<SnapshotDisk> disks = new ArrayList<>();
    for (SnapshotDisk disk : snapshot.disks()) {
      if (moved.stream().anyMatch(part -> part.disk().equals(disk.name()))) {
        disks.add(new SnapshotDisk(disk.name(), SnapshotPlace.NO, null, null));
      } else {
        disks.add(changed.contains(disk.name()) ? disk.asSpoilt() : disk);
      }
    }
    if (!disks.equals(snapshot.disks())) {
      store.put(subject, snapshot.withDisks(disks));
    }
  }

  private void removeFromDocuments(
      SnapshotSubject subject, SnapshotDocument snapshot, List<OverlayPart> parts)
      throws LibvirtException {
    subject.editConfig(config -> parts.forEach(part -> part.removeFrom(config)));
    for (SnapshotDocument other : store.tree(subject).all()) {
      SnapshotDocument changed = other;
      for (OverlayPart part : parts) {
        changed = part.removedFrom(changed);
      }
      if (!changed.equals(other) && !other.name().equals(snapshot.name())) {
        store.put(subject, changed);
      }
    }
  }

  private void finish(SnapshotSubject subject, SnapshotDocument snapshot, List<OverlayPart> parts)
      throws LibvirtException {
    if (store.tree(subject).get(snapshot.name()) != null) {
      removeFromDocuments(subject, snapshot, parts);
      store.remove(subject, snapshot.name());
    }
    removeFiles(subject, parts);
    if (snapshot.memory() == SnapshotPlace.EXTERNAL && snapshot.memoryFile() != null) {
      remove(Path.of(snapshot.memoryFile()));
    }
  }

  private static void removeFiles(SnapshotSubject subject, List<OverlayPart> parts)
      throws LibvirtException {
    for (OverlayPart part : parts) {
      if (isMoved(subject, part)) {
        remove(Path.of(part.overlay()));
      }
    }
  }

  private static void remove(Path file) {
    try {
      if (Files.isRegularFile(file)) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Failed to remove snapshot image '" + file + "': " + e);
    }
  }

  /** Ends what a daemon that was killed was doing: all of it, where some of it cannot be undone. */
  void recover(SnapshotSubject subject, SnapshotDocument snapshot) throws LibvirtException {
    List<OverlayPart> parts = new ArrayList<>();
    List<OverlayPart> left = new ArrayList<>();
    for (SnapshotDisk disk : snapshot.disks()) {
      if (disk.place() == SnapshotPlace.EXTERNAL && disk.file() != null) {
        OverlayPart part = part(subject, snapshot, disk);
        if (subject.isActive()) {
          subject.endJob(part.disk());
        }
        parts.add(part);
        if (!isMoved(subject, part)) {
          left.add(part);
        }
      }
    }
    if (!parts.isEmpty() && left.size() == parts.size()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "snapshot '"
              + snapshot.name()
              + "' of "
              + subject.name()
              + " is not deleted, and cannot be gone back to");
      spoil(
          subject,
          snapshot,
          List.of(),
          parts.stream().map(OverlayPart::disk).collect(Collectors.toSet()));
      if (!subject.isActive()) {
        MergedImages.tidy(parts);
      }
      return;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "snapshot '" + snapshot.name() + "' of " + subject.name() + " is deleted now");
    try {
      merge(subject, left);
    } catch (LibvirtException e) {
      keepRest(subject, snapshot, parts, Map.of(), e);
      throw e;
    }
    finish(subject, snapshot, parts);
  }
}

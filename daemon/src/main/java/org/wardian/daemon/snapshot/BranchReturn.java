package org.wardian.daemon.snapshot;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.libvirt.error.LibvirtException;

/** Which images a domain has after it went back to an external snapshot. */
final class BranchReturn {
  private static final long MILLISECONDS = 1_000;

  private final SnapshotSubjects subjects;
  private final SnapshotStore store;
  private final SnapshotSubject subject;
  private final SnapshotDocument snapshot;

  BranchReturn(
      SnapshotSubjects subjects,
      SnapshotStore store,
      SnapshotSubject subject,
      SnapshotDocument snapshot) {
    this.subjects = subjects;
    this.store = store;
    this.subject = subject;
    this.snapshot = snapshot;
  }

  /**
   * The overlays that are to be made, each upon the image that the disk had.
   *
   * @param next what the next start had taken
   */
  List<ExternalSnapshots.Step> plan(DomainDocument next) throws LibvirtException {
    List<ExternalSnapshots.Step> steps = new ArrayList<>();
    Set<Path> taken = new HashSet<>();
    long now = System.currentTimeMillis() / MILLISECONDS;
    for (SnapshotDisk disk : snapshot.disks()) {
      if (disk.place() != SnapshotPlace.EXTERNAL) {
        continue;
      }
      Disk then =
          snapshot
              .domain()
              .disk(disk.name())
              .orElseThrow(() ->
                  Refusal.failed("failed to find disk '" + disk.name() + "' in snapshot VM XML"));
      Path below = subject.image(then).orElse(null);
      if (below == null || !Files.isRegularFile(below)) {
        throw below == null || Files.exists(below)
            ? Refusal.unsupported(
                "cannot generate external snapshot name for disk '%s', whose image is no file"
                    .formatted(disk.name()))
            : Refusal.system(
                "Cannot access storage file '" + below + "': No such file or directory", null);
      }
      requireSame(next, then, below);
      Path file = free(below, now, taken);
      taken.add(file);
      steps.add(
          new ExternalSnapshots.Step(then.target(), below, then.format(), file.toString(), 0));
    }
    return steps;
  }

  /** What the next start had may have another disk at that place; an overlay has but one image. */
  private void requireSame(DomainDocument next, Disk then, Path below) throws LibvirtException {
    Disk other = next.disk(then.target()).orElse(null);
    if (other == null) {
      return;
    }
    Optional<Path> image = subject.image(other);
    if (image.isEmpty() || !OverlayPart.same(image.get().toString(), below.toString())) {
      throw Refusal.unsupported(
          "disk '%s' had another image in the definition than in the machine when '%s' was taken"
              .formatted(then.target(), snapshot.name()));
    }
  }

  private static Path free(Path below, long now, Set<Path> taken) {
    String name = below.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = (dot > 0 ? name.substring(0, dot) : name) + "." + now;
    Path file = below.resolveSibling(stem);
    for (int i = 1; Files.exists(file) || taken.contains(file); i++) {
      file = below.resolveSibling(stem + "-" + i);
    }
    return file;
  }

  /** The overlay is the disk's image; what is beneath is looked up at the next start. */
  static void raise(DomainDocument document, ExternalSnapshots.Step step) {
    ExternalSnapshots.raise(document, step, false);
    document.disk(step.target()).ifPresent(disk -> disk.element().remove("backingStore"));
  }

  /**
   * Disks that the snapshot left out keep what they hold now, where that stands on what they had
   * then.
   *
   * @param was of the machine
   * @param next of the next start
   * @throws LibvirtException where a disk would write an image that something else stands on
   */
  void keepOthers(DomainDocument was, DomainDocument next) throws LibvirtException {
    for (DomainDocument document : List.of(was, next)) {
      for (Disk disk : document.disks()) {
        Optional<Path> image = disk.isReadOnly() ? Optional.empty() : subject.image(disk);
        boolean covered =
            snapshot.disks().stream()
                .anyMatch(one ->
                    one.place() == SnapshotPlace.EXTERNAL && one.name().equals(disk.target()));
        if (image.isPresent() && !covered) {
          keep(disk, image.get().toString());
        }
      }
    }
  }

  private void keep(Disk disk, String image) throws LibvirtException {
    Disk now = subject.document().disk(disk.target()).orElse(null);
    List<String> chain = now == null ? List.of() : subject.images(disk.target());
    for (int place = 0; place < chain.size(); place++) {
      if (OverlayPart.same(chain.get(place), image)) {
        if (place > 0) {
          DiskChain.Image top = DiskChain.Image.file(chain.getFirst(), now.format());
          new DiskChain(List.of(top), false).writeTo(disk);
        }
        return;
      }
    }
    for (KnownImages.Above other : KnownImages.of(subjects, store).above(Path.of(image))) {
      throw Refusal.notSupported(
          "the image '%s' of %s is based on the image of disk '%s', which is not part of '%s'"
              .formatted(other.file(), other.owner(), disk.target(), snapshot.name()));
    }
  }

  /** What a domain writes, and will write. */
  static List<String> tops(SnapshotSubject subject) {
    List<DomainDocument> documents = new ArrayList<>(List.of(subject.document()));
    if (subject.nextStart() != null) {
      documents.add(subject.nextStart());
    }
    List<String> files = new ArrayList<>();
    for (DomainDocument document : documents) {
      for (Disk disk : document.disks()) {
        // An overlay is a file and no volume: no pool has to be there for it.
        disk.source().path().ifPresent(files::add);
      }
    }
    return files;
  }

  /** The overlays of earlier reverts that the domain writes. */
  List<String> leaves() throws LibvirtException {
    List<String> tops = tops(subject);
    return store.reverted().of(subject.uuid()).stream()
        .filter(file -> tops.stream().anyMatch(top -> OverlayPart.same(top, file)))
        .toList();
  }
}

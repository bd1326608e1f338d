package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageCheck;
import org.wardian.storage.operation.ImageSnapshots;
import org.wardian.storage.operation.Progress;
import org.wardian.storage.qcow2.Qcow2Check;

/** What snapshots do to images that no machine uses. */
final class SnapshotImages {
  private static final System.Logger LOG = System.getLogger(SnapshotImages.class.getName());

  private SnapshotImages() {}

  private static OpenOptions qcow2() {
    return OpenOptions.readWrite().withFormat(ImageFormat.QCOW2);
  }

  /** The images within which a snapshot is. */
  static List<Path> within(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    DomainDocument domain = snapshot.domain() == null ? subject.document() : snapshot.domain();
    List<Path> images = new ArrayList<>();
    for (SnapshotDisk disk : snapshot.disks()) {
      if (disk.place() == SnapshotPlace.INTERNAL) {
        Disk found =
            domain
                .disk(disk.name())
                .orElseThrow(() -> Refusal.internal("no disk named '" + disk.name() + "'"));
        subject.image(found).ifPresent(images::add);
      }
    }
    return images;
  }

  /** Takes one in all images, or in none. */
  static void create(SnapshotSubject subject, SnapshotDocument snapshot) throws LibvirtException {
    List<Path> made = new ArrayList<>();
    for (Path image : within(subject, snapshot)) {
      try {
        ImageSnapshots.create(image, qcow2(), snapshot.name());
        made.add(image);
      } catch (IOException | RuntimeException e) {
        for (Path undone : made) {
          try {
            ImageSnapshots.delete(undone, qcow2(), snapshot.name());
          } catch (IOException | RuntimeException left) {
            e.addSuppressed(left);
          }
        }
        throw failure("take", image, e);
      }
    }
  }

  /** Makes all images what they were. */
  static void apply(SnapshotSubject subject, SnapshotDocument snapshot) throws LibvirtException {
    for (Path image : within(subject, snapshot)) {
      try {
        ImageSnapshots.apply(image, qcow2(), snapshot.name());
      } catch (IOException | RuntimeException e) {
        throw failure("go back to", image, e);
      }
    }
  }

  /** Deletes it from all images; one that it is not in is told of in the log. */
  static void delete(SnapshotSubject subject, SnapshotDocument snapshot) throws LibvirtException {
    for (Path image : within(subject, snapshot)) {
      try {
        boolean there =
            ImageSnapshots.list(image, qcow2()).stream()
                .anyMatch(one -> one.name().equals(snapshot.name()));
        if (there) {
          ImageSnapshots.delete(image, qcow2(), snapshot.name());
        } else {
          LOG.log(
              System.Logger.Level.WARNING, image + " has no snapshot '" + snapshot.name() + "'");
        }
      } catch (IOException | RuntimeException e) {
        throw failure("delete", image, e);
      }
    }
  }

  /** Gives clusters back that whoever was killed had taken, or was about to give back. */
  static void tidy(SnapshotSubject subject, SnapshotDocument snapshot) throws LibvirtException {
    for (Path image : within(subject, snapshot)) {
      try {
        ImageCheck.run(image, qcow2(), Qcow2Check.Repair.LEAKS, Progress.NONE);
      } catch (IOException | RuntimeException e) {
        throw failure("tidy up after", image, e);
      }
    }
  }

  /** Makes an overlay above an image. */
  static void overlay(Path file, Path below, String format) throws LibvirtException {
    if (Files.exists(file)) {
      throw Refusal.unsupported("external snapshot file for disk already exists: " + file);
    }
    ImageFormat known = format.equals("raw") ? ImageFormat.RAW : ImageFormat.QCOW2;
    try (BlockImage image =
        Images.open(below, OpenOptions.readOnly().withFormat(known).withChain(false))) {
      Images.create(file, CreateOptions.qcow2(image.length()).withBacking(below.toString(), known));
    } catch (IOException | RuntimeException e) {
      throw failure("make the overlay above", below, e);
    }
  }

  private static LibvirtException failure(String what, Path image, Exception e) {
    return Refusal.failed(
        "cannot " + what + " the snapshot of " + image + ": " + e.getMessage(), e);
  }
}

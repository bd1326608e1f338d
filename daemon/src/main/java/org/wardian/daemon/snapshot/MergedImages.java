package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.BitmapMerge;
import org.wardian.storage.operation.ImageCheck;
import org.wardian.storage.operation.ImageCommit;
import org.wardian.storage.operation.ImageRebase;
import org.wardian.storage.operation.ImageSnapshots;
import org.wardian.storage.operation.Progress;
import org.wardian.storage.qcow2.Qcow2Check;

/** Overlays that no machine uses, and the images that they are put into. */
final class MergedImages {
  private MergedImages() {}

  private static OpenOptions reading() {
    return OpenOptions.readOnly().withLocked(false);
  }

  private static OpenOptions qcow2() {
    return OpenOptions.readWrite().withFormat(ImageFormat.QCOW2);
  }

  /**
   * Refuses where an overlay is not right above its base in its disk's chain, or holds more than a
   * disk.
   */
  static void check(SnapshotSubject subject, OverlayPart part) throws LibvirtException {
    List<String> chain = subject.images(part.disk());
    int place = indexOf(chain, part.overlay());
    if (place < 0) {
      throw Refusal.badArgument(
          ("could not find base disk source in disk source chain:"
                  + " disk '%s' is on another branch than '%s'")
              .formatted(part.disk(), part.overlay()));
    }
    requireFile(part.overlay());
    if (place + 1 >= chain.size()) {
      requireBase(part);
      throw Refusal.failed("failed to find parent disk source in backing chain");
    }
    if (!OverlayPart.same(chain.get(place + 1), part.basePath())) {
      throw Refusal.failed("snapshot VM disk source and parent disk source are not the same");
    }
    requireBase(part);
    try {
      if (!ImageSnapshots.list(
              Path.of(part.overlay()), reading().withFormat(ImageFormat.QCOW2).withChain(false))
          .isEmpty()) {
        throw Refusal.notSupported(
            "deleting external snapshot whose image '%s' has internal snapshots not supported"
                .formatted(part.overlay()));
      }
    } catch (IOException | RuntimeException e) {
      throw Refusal.failed("cannot read '" + part.overlay() + "': " + e.getMessage(), e);
    }
  }

  private static void requireFile(String file) throws LibvirtException {
    if (Files.notExists(Path.of(file))) {
      throw Refusal.system(
          "Cannot access storage file '" + file + "': No such file or directory", null);
    }
  }

  private static void requireBase(OverlayPart part) throws LibvirtException {
    if (Files.notExists(Path.of(part.basePath()))) {
      throw Refusal.system(
          "Cannot access backing file '%s' of storage file '%s': No such file or directory"
              .formatted(part.basePath(), part.overlay()),
          null);
    }
  }

  private static int indexOf(List<String> chain, String file) {
    for (int i = 0; i < chain.size(); i++) {
      if (OverlayPart.same(chain.get(i), file)) {
        return i;
      }
    }
    return -1;
  }

  /** Puts overlays of a stopped domain into their bases: first all the content, then the names. */
  static void merge(SnapshotSubject subject, List<OverlayPart> parts) throws LibvirtException {
    for (OverlayPart part : parts) {
      Path overlay = Path.of(part.overlay());
      Path base = Path.of(part.basePath());
      try {
        ImageCommit.run(overlay, qcow2(), base, false, Progress.NONE);
        BitmapMerge.run(overlay, base);
      } catch (IOException | RuntimeException e) {
        throw Refusal.failed(
            "block commit failed while deleting disk '%s' snapshot: '%s'"
                .formatted(part.disk(), e.getMessage()),
            e);
      }
    }
    for (OverlayPart part : parts) {
      unlink(subject, part);
    }
  }

  private static void unlink(SnapshotSubject subject, OverlayPart part) throws LibvirtException {
    List<String> chain = subject.images(part.disk());
    int place = indexOf(chain, part.overlay());
    if (place > 0) {
      try {
        ImageRebase.unsafe(
            Path.of(chain.get(place - 1)),
            qcow2(),
            part.basePath(),
            part.base().format().equals("raw") ? ImageFormat.RAW : ImageFormat.QCOW2);
      } catch (IOException | RuntimeException e) {
        throw Refusal.failed(
            "finishing block job failed while deleting disk '%s' snapshot: '%s'"
                .formatted(part.disk(), e.getMessage()),
            e);
      }
    }
    subject.editConfig(part::removeFrom);
  }

  /** Gives clusters back that whoever was killed had taken. */
  static void tidy(List<OverlayPart> parts) throws LibvirtException {
    List<Path> images = new ArrayList<>();
    for (OverlayPart part : parts) {
      images.add(Path.of(part.overlay()));
      if (part.base().format().equals("qcow2")) {
        images.add(Path.of(part.basePath()));
      }
    }
    for (Path image : images) {
      try {
        ImageCheck.run(image, qcow2(), Qcow2Check.Repair.LEAKS, Progress.NONE);
      } catch (IOException | RuntimeException e) {
        throw Refusal.failed("cannot tidy up '" + image + "': " + e.getMessage(), e);
      }
    }
  }
}

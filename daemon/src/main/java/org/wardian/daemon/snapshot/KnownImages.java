package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.domain.VolumePaths;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageInfo;

/**
 * The images that the daemon knows of at one moment, by all of its domains, their snapshots and its
 * volumes, and by the images' headers what lies beneath each of them. An overlay that nobody here
 * has is seen only where one of these stands on it.
 */
final class KnownImages {
  /** More images than a chain is read through. */
  private static final int MOST_IMAGES = 200;

  /** As what somebody has an image. */
  enum Kind {
    /** A domain writes it, or reads through it. */
    DOMAIN,
    /** It is a disk of a snapshot. */
    TOP,
    /** It lay beneath a disk of a snapshot. */
    BENEATH,
    /** It took what was written after a snapshot. */
    OVERLAY,
    /** It may go when nobody else has it. */
    SPARE,
    /** It is in a pool. */
    VOLUME
  }

  /**
   * That somebody has an image.
   *
   * @param domain whose it is; null for a volume
   * @param snapshot whose it is; null where it is none's
   * @param owner who that is, for messages
   */
  record Use(Path file, boolean raw, Kind kind, UUID domain, String snapshot, String owner) {}

  /**
   * An image right above another one.
   *
   * @param file of the upper
   * @param owner who has it, or what stands on it
   */
  record Above(Path file, String owner) {}

  private final List<Use> uses = new ArrayList<>();
  private final Map<Path, Optional<ImageInfo>> headers = new HashMap<>();

  /** Those of this moment. */
  static KnownImages of(SnapshotSubjects subjects, SnapshotStore store) throws LibvirtException {
    KnownImages known = new KnownImages();
    for (SnapshotSubject subject : subjects.all()) {
      known.add(subject, store);
    }
    for (VolumePaths.Layered volume : subjects.volumes()) {
      known.uses.add(new Use(real(volume.file()), false, Kind.VOLUME, null, null, volume.owner()));
    }
    return known;
  }

  private void add(SnapshotSubject subject, SnapshotStore store) throws LibvirtException {
    String domain = "domain '" + subject.name() + "'";
    for (DomainDocument document : new DomainDocument[] {subject.document(), subject.nextStart()}) {
      add(subject, document, Kind.DOMAIN, null, domain);
    }
    for (SnapshotDocument snapshot : store.tree(subject).all()) {
      String owner = "snapshot '" + snapshot.name() + "' of " + domain;
      for (SnapshotDisk disk : snapshot.disks()) {
        if (disk.place() == SnapshotPlace.EXTERNAL && disk.file() != null) {
          Path file = real(Path.of(disk.file()));
          uses.add(new Use(file, false, Kind.OVERLAY, subject.uuid(), snapshot.name(), owner));
        }
      }
      add(subject, snapshot.domain(), Kind.TOP, snapshot.name(), owner);
      add(subject, snapshot.inactiveDomain(), Kind.TOP, snapshot.name(), owner);
    }
    for (String file : store.reverted().of(subject.uuid())) {
      Path path = real(Path.of(file));
      uses.add(new Use(path, false, Kind.SPARE, subject.uuid(), null, "a revert of " + domain));
    }
  }

  private void add(
      SnapshotSubject subject, DomainDocument document, Kind kind, String snapshot, String owner) {
    if (document == null) {
      return;
    }
    for (Disk disk : document.disks()) {
      Kind as = kind;
      for (DiskChain.Image image : DiskChain.of(disk).images()) {
        Optional<Path> file = image.path().map(Path::of);
        if (file.isEmpty()) {
          file = volume(subject, disk);
        }
        boolean raw = image.format().equals("raw");
        if (file.isPresent()) {
          uses.add(new Use(real(file.get()), raw, as, subject.uuid(), snapshot, owner));
        }
        as = kind == Kind.TOP ? Kind.BENEATH : kind;
      }
    }
  }

  private static Optional<Path> volume(SnapshotSubject subject, Disk disk) {
    try {
      return disk.type().equals("volume") ? subject.image(disk) : Optional.empty();
    } catch (LibvirtException e) {
      return Optional.empty(); // Its pool is not there: nobody can use it, nor find it.
    }
  }

  /** The one name of a file, which need not be there. */
  static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      return file.toAbsolutePath().normalize();
    }
  }

  /** An image and those beneath it, by their headers; as far as they are there. */
  List<Path> chain(Path file) {
    return chain(file, false);
  }

  private List<Path> chain(Path file, boolean raw) {
    List<Path> chain = new ArrayList<>();
    Path next = real(file);
    boolean ends = raw;
    while (next != null && !chain.contains(next) && chain.size() < MOST_IMAGES) {
      chain.add(next);
      ImageInfo header = ends ? null : header(next);
      next = header == null || header.backing() == null ? null : real(header.backing());
      ends = next != null && "raw".equals(header.qcow2().backingFormat());
    }
    return chain;
  }

  private ImageInfo header(Path file) {
    return headers
        .computeIfAbsent(
            file,
            path -> {
              try {
                return Optional.of(ImageInfo.of(path, OpenOptions.readOnly().withLocked(false)));
              } catch (IOException | RuntimeException e) {
                return Optional.empty(); // It is no image, or not there: nothing is beneath it.
              }
            })
        .filter(info -> info.format() == ImageFormat.QCOW2)
        .orElse(null);
  }

  /** Who has an image itself. */
  List<Use> uses(Path file) {
    Path path = real(file);
    return uses.stream().filter(use -> use.file().equals(path)).toList();
  }

  /** What stands right on an image, each once. */
  List<Above> above(Path file) {
    Path path = real(file);
    Map<Path, Above> found = new LinkedHashMap<>();
    for (Use use : uses) {
      List<Path> chain = chain(use.file(), use.raw());
      int place = chain.indexOf(path);
      if (place > 0) {
        Path upper = chain.get(place - 1);
        found.putIfAbsent(upper, new Above(upper, use.owner()));
      }
    }
    return List.copyOf(found.values());
  }
}

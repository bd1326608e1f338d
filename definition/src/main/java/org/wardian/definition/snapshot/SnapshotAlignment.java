package org.wardian.definition.snapshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;

/** Says for each disk of a domain what a snapshot does to it, as libvirt does. */
public final class SnapshotAlignment {
  private final DomainDocument domain;
  private final SnapshotPlace usual;
  private final boolean uniform;

  /**
   * For a domain.
   *
   * @param usual what is done to disks of which a request says nothing
   * @param uniform whether nothing else may be done to those that have a medium
   */
  public SnapshotAlignment(DomainDocument domain, SnapshotPlace usual, boolean uniform) {
    this.domain = domain;
    this.usual = usual;
    this.uniform = uniform;
  }

  /** The request with all disks of the domain, in the domain's order. */
  public SnapshotDocument align(SnapshotDocument request) throws XmlException {
    Map<String, SnapshotDisk> asked = new HashMap<>();
    if (request.disks().size() > domain.disks().size()) {
      throw XmlException.unsupported("too many disk snapshot requests for domain");
    }
    for (SnapshotDisk disk : request.disks()) {
      Disk found =
          domain
              .disk(disk.name())
              .orElseThrow(() -> XmlException.unsupported("no disk named '" + disk.name() + "'"));
      if (asked.put(found.target(), disk) != null) {
        throw XmlException.unsupported("disk '" + found.target() + "' specified twice");
      }
    }
    List<SnapshotDisk> disks = new ArrayList<>();
    Set<String> files = new HashSet<>();
    for (Disk disk : domain.disks()) {
      SnapshotDisk aligned = align(disk, asked.get(disk.target()), request.name());
      if (aligned.place() == SnapshotPlace.EXTERNAL && !files.add(aligned.file())) {
        throw XmlException.unsupported(
            "cannot generate external snapshot name for disk '%s': collision with another disk"
                .formatted(disk.target()));
      }
      disks.add(aligned);
    }
    return request.withDisks(disks);
  }

  private SnapshotDisk align(Disk disk, SnapshotDisk asked, String name) throws XmlException {
    SnapshotPlace place = asked == null ? null : asked.place();
    if (place == null) {
      place = ofDisk(disk);
    } else if (uniform
        && place != usual
        && (place != SnapshotPlace.NO || ofDisk(disk) != SnapshotPlace.NO)) {
      throw XmlException.unsupported(
          "disk '%s' must use snapshot mode '%s'".formatted(disk.target(), usual.text()));
    }
    if (place != SnapshotPlace.EXTERNAL) {
      return new SnapshotDisk(disk.target(), place, null, null);
    }
    String file = asked == null || asked.file() == null ? beside(disk, name) : asked.file();
    String format = asked == null || asked.format() == null ? "qcow2" : asked.format();
    return new SnapshotDisk(disk.target(), place, file, format);
  }

  /** What the disk itself says. Nothing is kept of one that is empty or not written. */
  private SnapshotPlace ofDisk(Disk disk) {
    SnapshotPlace own = SnapshotPlace.of(disk.element().attribute("snapshot", ""));
    if (disk.source().isEmpty()) {
      return SnapshotPlace.NO;
    }
    if (own != null) {
      return own;
    }
    return disk.isReadOnly() ? SnapshotPlace.NO : usual;
  }

  /** The image's path with the snapshot's name for its suffix. */
  private static String beside(Disk disk, String name) throws XmlException {
    String path =
        disk.source()
            .path()
            .filter(text -> disk.type().equals("file"))
            .orElseThrow(() ->
                XmlException.unsupported(
                    "cannot generate external snapshot name for disk '"
                        + disk.target()
                        + "' on a '"
                        + disk.type()
                        + "' device"));
    int dot = path.lastIndexOf('.');
    return (dot > path.lastIndexOf('/') ? path.substring(0, dot) : path) + "." + name;
  }
}

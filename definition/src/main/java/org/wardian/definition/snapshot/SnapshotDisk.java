package org.wardian.definition.snapshot;

import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * What a snapshot does to a disk.
 *
 * @param name the disk's target; in a request also the path of its image
 * @param place where it is kept; null where a request leaves it open
 * @param file that takes what is written, of an external one; null where a request leaves it open
 * @param format of that file, or null
 * @param spoilt whether a deletion of the snapshot was begun and not ended: what the file holds may
 *     be in the image beneath in part, and that image is not what it was
 */
public record SnapshotDisk(
    String name, SnapshotPlace place, String file, String format, boolean spoilt) {
  private static final String SPOILT = "snapshotDeleteInProgress";

  /** What a snapshot does to a disk, and no deletion has begun. */
  public SnapshotDisk(String name, SnapshotPlace place, String file, String format) {
    this(name, place, file, format, false);
  }

  /** The same, and a deletion was begun and not ended. */
  public SnapshotDisk asSpoilt() {
    return new SnapshotDisk(name, place, file, format, true);
  }

  static SnapshotDisk of(XmlElement element) throws XmlException {
    String name = element.attribute("name");
    if (name == null || name.isEmpty()) {
      throw XmlException.badContent("missing name from disk snapshot element");
    }
    String word = element.attribute("snapshot");
    SnapshotPlace place = word == null ? null : SnapshotPlace.of(word);
    if (word != null && place == null) {
      throw XmlException.badContent(
          "Invalid value for attribute 'snapshot' in element 'disk': '" + word + "'.");
    }
    String type = element.attribute("type", "file");
    if (!type.equals("file") && !type.equals("block")) {
      throw XmlException.unsupported(
          "external snapshot of disk '" + name + "' cannot be of type '" + type + "'");
    }
    String file = element.attributeAt("source", type.equals("block") ? "dev" : "file");
    if (file != null && place == null) {
      place = SnapshotPlace.EXTERNAL;
    }
    if (file != null && place != SnapshotPlace.EXTERNAL) {
      throw XmlException.unsupported(
          "file '" + file + "' for disk '" + name + "' requires use of external snapshot mode");
    }
    return new SnapshotDisk(
        name, place, file, element.attributeAt("driver", "type"), element.child(SPOILT) != null);
  }

  void addTo(XmlElement disks) {
    XmlElement disk = disks.append("disk").set("name", name).set("snapshot", place.text());
    if (place == SnapshotPlace.EXTERNAL) {
      disk.set("type", "file");
      disk.append("driver").set("type", format == null ? "qcow2" : format);
      if (file != null) {
        disk.append("source").set("file", file);
      }
      if (spoilt) {
        disk.append(SPOILT);
      }
    }
  }
}

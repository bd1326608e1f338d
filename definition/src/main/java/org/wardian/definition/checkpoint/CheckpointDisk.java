package org.wardian.definition.checkpoint;

import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * What a checkpoint does to a disk.
 *
 * @param name the disk's target; in a request also the path of its image
 * @param tracked whether its changes are noted from then on; null where a request leaves it open
 * @param bitmap in which they are noted, or null
 * @param size bytes that were changed since, where they were asked for
 */
public record CheckpointDisk(String name, Boolean tracked, String bitmap, OptionalLong size) {
  static CheckpointDisk of(XmlElement element) throws XmlException {
    String name = element.attribute("name");
    String word = element.attribute("checkpoint");
    String bitmap = element.attribute("bitmap");
    boolean known = word == null || word.equals("no") || word.equals("bitmap");
    if (name == null
        || !CheckpointDocument.isDiskName(name) && !name.startsWith("/")
        || !known
        || "no".equals(word) && bitmap != null) {
      throw CheckpointDocument.notOfSchema("disks");
    }
    Boolean tracked = bitmap == null ? null : Boolean.TRUE;
    if (word != null) {
      tracked = word.equals("bitmap");
    }
    return new CheckpointDisk(name, tracked, bitmap, OptionalLong.empty());
  }

  /** The same with the bytes that were changed. */
  public CheckpointDisk withSize(long bytes) {
    return new CheckpointDisk(name, tracked, bitmap, OptionalLong.of(bytes));
  }

  /** Whether its changes are noted. */
  public boolean isTracked() {
    return Boolean.TRUE.equals(tracked);
  }

  void addTo(XmlElement disks) {
    XmlElement disk = disks.append("disk").set("name", name);
    if (tracked != null) {
      disk.set("checkpoint", tracked ? "bitmap" : "no");
    }
    disk.set("bitmap", bitmap);
    if (size.isPresent()) {
      disk.set("size", size.getAsLong());
    }
  }
}

package org.wardian.machine.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * By what a disk's file is known again: a machine's memory knows what is on its disks, so that a
 * disk that somebody else has written meanwhile would be destroyed.
 *
 * @param id the device's name
 * @param file the image's, for people
 * @param bytes of the file
 * @param modified when its content changed last, in nanoseconds since 1970
 */
public record DiskMark(String id, String file, long bytes, long modified) {
  private static final String NAME = "disks";
  private static final int VERSION = 1;
  private static final int MOST = 4096;

  /**
   * The mark of a file that nobody writes now.
   *
   * @throws IOException where it cannot be looked at
   */
  public static DiskMark of(String id, Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return new DiskMark(
        id,
        file.toString(),
        attributes.size(),
        attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS));
  }

  private boolean sameContent(DiskMark other) {
    return bytes == other.bytes && modified == other.modified;
  }

  /** What has changed since {@code saved}: a line for each disk, for a person; none if nothing. */
  public static List<String> changes(List<DiskMark> saved, List<DiskMark> now) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < Math.max(saved.size(), now.size()); i++) {
      if (i >= saved.size() || i >= now.size() || !saved.get(i).id.equals(now.get(i).id)) {
        found.add("the disks have other image files behind them than they had");
        break;
      }
      if (!saved.get(i).sameContent(now.get(i))) {
        found.add(
            "%s (%s) was written since the machine was saved"
                .formatted(now.get(i).file, now.get(i).id));
      }
    }
    return found;
  }

  static byte[] save(List<DiskMark> marks) {
    StateWriter out = new StateWriter();
    out.begin(NAME, VERSION);
    out.writeInt(marks.size());
    for (DiskMark mark : marks) {
      out.writeString(mark.id);
      out.writeString(mark.file);
      out.writeLong(mark.bytes);
      out.writeLong(mark.modified);
    }
    out.end();
    return out.toByteArray();
  }

  static List<DiskMark> load(StateReader in) {
    in.begin(NAME, VERSION);
    List<DiskMark> marks = new ArrayList<>();
    for (int left = in.readInt(0, MOST); left > 0; left--) {
      marks.add(new DiskMark(in.readString(), in.readString(), in.readLong(), in.readLong()));
    }
    in.end();
    in.finish();
    return marks;
  }
}

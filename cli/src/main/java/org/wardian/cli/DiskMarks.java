package org.wardian.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.wardian.machine.state.DiskMark;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.nbd.NbdPath;
import org.wardian.storage.operation.ImageInfo;

/** The marks of all image files behind a machine's disks. */
final class DiskMarks {
  private DiskMarks() {}

  /**
   * Looks at the files, which nobody writes now.
   *
   * @throws IOException where one cannot be looked at
   */
  static List<DiskMark> of(DeviceRequest request) throws IOException {
    List<DiskMark> marks = new ArrayList<>();
    int number = 0;
    for (DiskArgument disk : request.disks()) {
      add("disk" + number++, disk, marks);
    }
    number = 0;
    for (DiskArgument disk : request.cdroms()) {
      add("cdrom" + number++, disk, marks);
    }
    if (request.floppy().isPresent()) {
      add("floppy0", request.floppy().get(), marks);
    }
    return marks;
  }

  private static void add(String id, DiskArgument disk, List<DiskMark> marks) throws IOException {
    if (disk.image() instanceof NbdPath export) {
      // Servers do not tell when a disk was written: this mark never differs.
      marks.add(new DiskMark(id, export.toString(), 0, 0));
      return;
    }
    OpenOptions options = OpenOptions.readOnly();
    if (disk.format().isPresent()) {
      options = options.withFormat(disk.format().get());
    }
    for (ImageInfo image : ImageInfo.chain(disk.image(), options)) {
      marks.add(DiskMark.of(id, image.path()));
    }
  }
}

package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.qcow2.CheckReport;
import org.wardian.storage.qcow2.Qcow2Check;

/** Looks for faults in an image's own tables, and repairs them. */
public final class ImageCheck {
  private ImageCheck() {}

  /**
   * Checks an image, not those behind it.
   *
   * @param options format and locks
   * @throws UnsupportedOperationException where the format has nothing to check
   * @throws java.util.concurrent.CancellationException where {@code progress} ends it; a repair
   *     that has begun is to be repeated
   */
  public static CheckReport run(
      Path path, OpenOptions options, Qcow2Check.Repair repair, Progress progress)
      throws IOException {
    boolean write = repair != Qcow2Check.Repair.NONE;
    try (FileStore file = FileStore.open(path, write, options.locked())) {
      ImageFormat format = options.format() == null ? ImageFormat.probe(file) : options.format();
      if (format != ImageFormat.QCOW2) {
        throw new UnsupportedOperationException(
            path + " is a " + format.text() + " image, which has nothing to check");
      }
      return Qcow2Check.run(
          file,
          repair,
          (done, total) -> {
            progress.report(done, total);
            return true;
          });
    }
  }
}

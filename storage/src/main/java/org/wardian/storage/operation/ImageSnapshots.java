package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.qcow2.Qcow2Image;
import org.wardian.storage.qcow2.Snapshot;

/** Snapshots within an image that no machine uses. */
public final class ImageSnapshots {
  /** What is done to an open image. */
  private interface Action<T> {
    T on(Qcow2Image image) throws IOException;
  }

  private ImageSnapshots() {}

  /** All snapshots, the oldest first. */
  public static List<Snapshot> list(Path path, OpenOptions options) throws IOException {
    return with(path, options.withWritable(false), image -> image.snapshots().list());
  }

  /** Keeps what the disk holds now. */
  public static Snapshot create(Path path, OpenOptions options, String name) throws IOException {
    return with(
        path,
        options.withWritable(true),
        image -> image.snapshots().create(name, Duration.ZERO, null));
  }

  /** Makes the disk what it was; what it holds now is lost where no snapshot has it. */
  public static void apply(Path path, OpenOptions options, String idOrName) throws IOException {
    with(
        path,
        options.withWritable(true),
        image -> {
          image.snapshots().apply(idOrName);
          return idOrName;
        });
  }

  /** Forgets a snapshot. */
  public static void delete(Path path, OpenOptions options, String idOrName) throws IOException {
    with(
        path,
        options.withWritable(true),
        image -> {
          image.snapshots().delete(idOrName);
          return idOrName;
        });
  }

  private static <T> T with(Path path, OpenOptions options, Action<T> action) throws IOException {
    try (BlockImage image = Images.open(path, options.withChain(false))) {
      if (image instanceof Qcow2Image qcow2) {
        return action.on(qcow2);
      }
      throw new UnsupportedOperationException(
          path + " keeps no snapshots: only qcow2 images do; use an overlay instead");
    }
  }
}

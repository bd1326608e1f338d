package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.BlockImage;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.ImageNames;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.qcow2.BitmapTracker;
import org.wardian.storage.qcow2.Qcow2Details;
import org.wardian.storage.qcow2.Qcow2Image;
import org.wardian.storage.qcow2.Snapshot;

/**
 * What an image is.
 *
 * @param path its file
 * @param format its format
 * @param size bytes of the disk
 * @param stored bytes of the file that are no holes
 * @param qcow2 what its header says; null for other formats
 * @param backing the file that its backing file's name means; null for none
 * @param snapshots within it
 * @param bitmaps within it
 */
public record ImageInfo(
    Path path,
    ImageFormat format,
    long size,
    long stored,
    Qcow2Details qcow2,
    Path backing,
    List<Snapshot> snapshots,
    List<BitmapTracker.Bitmap> bitmaps) {
  /**
   * Looks at one image; its backing file may be missing.
   *
   * @param options format, and whether to look at an image that is in use
   */
  public static ImageInfo of(Path path, OpenOptions options) throws IOException {
    OpenOptions reading = options.withWritable(false).withChain(false);
    ImageFormat format = reading.format();
    Qcow2Details details = null;
    long stored;
    try (FileStore file = FileStore.open(path, false, reading.locked())) {
      if (format == null) {
        format = ImageFormat.probe(file);
      }
      stored = stored(file);
      if (format == ImageFormat.QCOW2) {
        details = Qcow2Details.of(file);
      }
    }
    Path backing =
        details == null || details.backing() == null
            ? null
            : ImageNames.resolve(path, details.backing());
    try (BlockImage image = Images.open(path, reading.withFormat(format))) {
      List<Snapshot> snapshots = List.of();
      List<BitmapTracker.Bitmap> bitmaps = List.of();
      if (image instanceof Qcow2Image qcow2) {
        snapshots = qcow2.snapshots().list();
        bitmaps = qcow2.bitmaps().list();
      }
      return new ImageInfo(
          path, format, image.length(), stored, details, backing, snapshots, bitmaps);
    }
  }

  /**
   * Looks at an image and at all behind it, the top one first.
   *
   * @throws ImageFormatException where the chain leads back to itself
   */
  public static List<ImageInfo> chain(Path path, OpenOptions options) throws IOException {
    List<ImageInfo> all = new ArrayList<>();
    List<Path> seen = new ArrayList<>();
    Path next = path;
    OpenOptions with = options;
    while (next != null) {
      Path real = next.toRealPath();
      if (seen.contains(real)) {
        throw new ImageFormatException(next + " is a backing file of itself");
      }
      seen.add(real);
      ImageInfo info = of(next, with);
      all.add(info);
      next = info.backing();
      String format = info.qcow2() == null ? null : info.qcow2().backingFormat();
      with = with.withFormat(format == null ? null : ImageFormat.of(format).orElse(null));
    }
    return all;
  }

  private static long stored(FileStore file) throws IOException {
    long size = file.size();
    long sum = 0;
    long at = 0;
    while (at < size) {
      long data = file.nextData(at);
      long hole = data < size ? Math.max(data + 1, file.nextHole(data)) : size;
      sum += Math.max(0, Math.min(hole, size) - Math.min(data, size));
      at = hole;
    }
    return sum;
  }
}

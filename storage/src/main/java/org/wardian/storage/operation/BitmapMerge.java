package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.qcow2.Qcow2Image;

/**
 * Gives an image the bitmaps of an overlay whose content was put into it: what was changed since
 * then stays known when the overlay goes.
 */
public final class BitmapMerge {
  private BitmapMerge() {}

  /**
   * Merges all whole bitmaps of an overlay into those of their names, which are added where the
   * base has none. Nothing where one of both cannot have bitmaps.
   *
   * @param overlay a qcow2 image that nobody writes
   * @param base the image beneath, at least as long
   */
  public static void run(Path overlay, Path base) throws IOException {
    OpenOptions alone = OpenOptions.readOnly().withChain(false);
    try (BlockImage from = Images.open(overlay, alone.withFormat(ImageFormat.QCOW2))) {
      List<DirtyBitmap> bitmaps =
          from.dirtyBitmaps().orElseThrow().list().stream()
              .filter(bitmap -> bitmap.persistent() && !bitmap.inconsistent())
              .toList();
      if (bitmaps.isEmpty() || ImageInfo.of(base, alone).format() != ImageFormat.QCOW2) {
        return;
      }
      OpenOptions writing = alone.withWritable(true).withFormat(ImageFormat.QCOW2);
      try (Qcow2Image into = (Qcow2Image) Images.open(base, writing)) {
        into.beginBitmaps();
        for (DirtyBitmap bitmap : bitmaps) {
          merge(bitmap, into);
        }
      }
    }
  }

  private static void merge(DirtyBitmap bitmap, Qcow2Image into) throws IOException {
    Optional<DirtyBitmap> own = into.dirtyBitmaps().orElseThrow().find(bitmap.name());
    if (own.isEmpty()) {
      if (into.bitmaps().refusal(bitmap.name()) != null) {
        return;
      }
      RangeBits bits = bitmap.bits().copy();
      bits.resize(into.length());
      into.dirtyBitmaps()
          .orElseThrow()
          .add(new DirtyBitmap(bitmap.name(), bits, bitmap.recording(), true));
    } else if (!own.get().inconsistent()) {
      own.get().bits().merge(bitmap.bits());
    }
  }
}

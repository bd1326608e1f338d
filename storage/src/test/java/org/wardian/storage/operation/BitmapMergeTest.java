package org.wardian.storage.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.qcow2.CheckReport;
import org.wardian.storage.qcow2.Qcow2Check;
import org.wardian.storage.qcow2.Qcow2Image;

/** Bitmaps of an overlay, once its content is in the image beneath. */
class BitmapMergeTest {
  private static final long SIZE = 1 << 20;
  private static final int SHIFT = 16;
  private static final int RANGE = 1 << SHIFT;

  @TempDir private Path folder;

  private static void note(Path path, String bitmap, int write) throws Exception {
    try (Qcow2Image image = (Qcow2Image) Images.open(path, OpenOptions.readWrite())) {
      image.beginBitmaps();
      image
          .dirtyBitmaps()
          .orElseThrow()
          .add(new DirtyBitmap(bitmap, new RangeBits(SHIFT, SIZE), true, true));
      image.write((long) write * RANGE, ByteBuffer.allocate(RANGE));
    }
  }

  private static boolean isSet(Path path, String bitmap, int range) throws Exception {
    try (BlockImage image = Images.open(path, OpenOptions.readOnly())) {
      DirtyBitmap found = image.dirtyBitmaps().orElseThrow().find(bitmap).orElseThrow();
      assertThat(found.inconsistent()).isFalse();
      assertThat(found.recording()).isTrue();
      return found.bits().isSet((long) range * RANGE);
    }
  }

  @Test
  void theBaseHasWhatWasNotedAboveIt() throws Exception {
    Path base = folder.resolve("base");
    Path overlay = folder.resolve("overlay");
    Images.create(base, CreateOptions.qcow2(SIZE));
    note(base, "both", 1);
    Images.create(
        overlay, CreateOptions.qcow2(SIZE).withBacking(base.toString(), ImageFormat.QCOW2));
    note(overlay, "both", 2);
    note(overlay, "above", 3);
    BitmapMerge.run(overlay, base);
    for (int range = 0; range < 16; range++) {
      assertThat(isSet(base, "both", range)).isEqualTo(range >= 1 && range <= 3);
      assertThat(isSet(base, "above", range)).isEqualTo(range == 3);
    }
    CheckReport check =
        ImageCheck.run(base, OpenOptions.readOnly(), Qcow2Check.Repair.NONE, Progress.NONE);
    assertThat(check.corruptions()).isZero();
    assertThat(check.leaks()).isZero();
  }

  @Test
  void aRawBaseHasNone() throws Exception {
    Path base = folder.resolve("raw");
    Path overlay = folder.resolve("overlay");
    Images.create(base, CreateOptions.raw(SIZE));
    Images.create(overlay, CreateOptions.qcow2(SIZE).withBacking(base.toString(), ImageFormat.RAW));
    note(overlay, "above", 3);
    BitmapMerge.run(overlay, base);
    assertThat(isSet(overlay, "above", 3)).isTrue();
  }
}

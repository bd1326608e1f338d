package org.wardian.process.control;

import java.io.IOException;
import org.wardian.process.domain.Drive;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.job.JobEnd;

/**
 * What becomes of the bitmap and the target of a backup.
 *
 * @param bitmap frozen since the backup's moment; null for none
 * @param left what is not copied, where the backup fails
 */
record BackupEnd(Drive drive, Targets.Target target, DirtyBitmap bitmap, Mode mode, RangeBits left)
    implements JobEnd {
  /** When the bitmap begins anew (QEMU, qapi/block-core.json, BitmapSyncMode). */
  enum Mode {
    /** Where the backup is whole. */
    ON_SUCCESS,
    /** Not by the backup. */
    NEVER,
    /** Always: where the backup fails, what is not copied counts too. */
    ALWAYS
  }

  @Override
  public void conclude() {
    // The target is complete as it is.
  }

  @Override
  public void clean(boolean good) throws IOException {
    if (bitmap != null) {
      drive.device().drain();
      try {
        if (good && mode != Mode.NEVER) {
          bitmap.abdicate();
        } else if (mode == Mode.ALWAYS) {
          bitmap.abdicate();
          bitmap.bits().merge(left);
        } else {
          bitmap.reclaim();
        }
      } finally {
        drive.device().endDrain();
      }
    }
    if (target.owned()) {
      target.node().close();
    }
  }
}

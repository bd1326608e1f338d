package org.wardian.storage.nbd;

import java.io.IOException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;

/**
 * Something that can be asked of a range of an export.
 *
 * @param name on the wire
 * @param bitmap what was written, or null for what is allocated
 */
record MetaContext(String name, DirtyBitmapView bitmap) {
  /**
   * What is from a byte on.
   *
   * @param flags as the context defines them
   */
  record Status(long length, int flags) {}

  Status status(BlockImage image, long offset, long length) throws IOException {
    if (bitmap != null) {
      DirtyBitmapView.Run run = bitmap.run(offset, length);
      return new Status(cut(run.length(), length), run.dirty() ? Protocol.STATE_DIRTY : 0);
    }
    Extent extent = image.extent(offset, length);
    int flags = extent.kind() == Extent.Kind.DATA ? 0 : Protocol.STATE_HOLE | Protocol.STATE_ZERO;
    return new Status(cut(extent.length(), length), flags);
  }

  private static long cut(long run, long length) {
    return Math.clamp(run, 1, length);
  }
}

package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;

/** Compares what two disks hold. */
public final class ImageCompare {
  private static final int CHUNK = 1 << 20;

  /**
   * How it ended.
   *
   * @param same whether they hold the same
   * @param offset the first byte that differs; -1 where none does
   * @param sizesDiffer whether one is longer
   */
  public record Outcome(boolean same, long offset, boolean sizesDiffer) {}

  private ImageCompare() {}

  /**
   * Compares; a longer disk is the same as a shorter one where the rest is zeroes.
   *
   * @param strict whether sizes must be the same too
   */
  public static Outcome run(BlockImage left, BlockImage right, boolean strict, Progress progress)
      throws IOException {
    long common = Math.min(left.length(), right.length());
    long total = Math.max(left.length(), right.length());
    boolean sizesDiffer = common != total;
    if (strict && sizesDiffer) {
      return new Outcome(false, -1, true);
    }
    ByteBuffer first = ByteBuffer.allocateDirect(CHUNK);
    ByteBuffer second = ByteBuffer.allocateDirect(CHUNK);
    BlockImage longer = left.length() > right.length() ? left : right;
    long at = 0;
    while (at < total) {
      int bytes = (int) Math.min(CHUNK, (at < common ? common : total) - at);
      BlockImage one = at < common ? left : longer;
      BlockImage other = at < common ? right : null;
      boolean firstZero = zero(one, at, bytes);
      boolean secondZero = other == null || zero(other, at, bytes);
      if (!firstZero || !secondZero) {
        fill(first, one, at, bytes);
        fill(second, other, at, bytes);
        int differs = first.mismatch(second);
        if (differs >= 0) {
          return new Outcome(false, at + differs, sizesDiffer);
        }
      }
      at += bytes;
      progress.report(at, total);
    }
    return new Outcome(true, -1, sizesDiffer);
  }

  private static boolean zero(BlockImage image, long offset, int bytes) throws IOException {
    Extent extent = image.extent(offset, bytes);
    return extent.kind() != Extent.Kind.DATA && extent.length() >= bytes;
  }

  private static void fill(ByteBuffer to, BlockImage from, long offset, int bytes)
      throws IOException {
    to.clear().limit(bytes);
    if (from != null) {
      from.read(offset, to);
    } else {
      Zeroes.fill(to);
    }
    to.flip();
  }
}

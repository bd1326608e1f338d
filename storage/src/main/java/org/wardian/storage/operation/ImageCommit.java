package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.qcow2.Qcow2Image;

/** Writes what an overlay holds into the image that it stands on. */
public final class ImageCommit {
  private static final int CHUNK = 1 << 20;

  private ImageCommit() {}

  /**
   * Commits.
   *
   * @param top the overlay
   * @param base the image of its chain that takes all that lies above it; null for the next one
   * @param empty whether the overlay holds nothing afterwards; only where {@code base} is its own
   *     backing file, else images between them would show
   * @param progress ends it between two steps: the base then has a part, and the overlay all
   * @throws IllegalArgumentException where {@code base} is not below {@code top}
   */
  public static void run(Path top, OpenOptions options, Path base, boolean empty, Progress progress)
      throws IOException {
    List<ImageInfo> chain = ImageInfo.chain(top, options);
    int depth = depthOf(chain, base, top);
    ImageInfo below = chain.get(depth);
    OpenOptions baseOptions = options.withWritable(true).withFormat(below.format());
    try (BlockImage target = Images.open(below.path(), baseOptions);
        BlockImage overlay =
            Images.openAbove(top, options.withWritable(true), below.path(), target)) {
      if (target.length() < overlay.length()) {
        target.resize(overlay.length());
      }
      copy(overlay, target, depth, progress);
      target.flush();
      if (empty && depth == 1 && overlay instanceof Qcow2Image qcow2) {
        qcow2.empty();
      }
    }
  }

  private static int depthOf(List<ImageInfo> chain, Path base, Path top) throws IOException {
    for (int i = 1; i < chain.size(); i++) {
      if (base == null || chain.get(i).path().toRealPath().equals(base.toRealPath())) {
        return i;
      }
    }
    throw new IllegalArgumentException(
        base == null
            ? top + " has no backing file to commit to"
            : base + " is not among the images behind " + top);
  }

  private static void copy(BlockImage overlay, BlockImage target, int depth, Progress progress)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    long at = 0;
    while (at < overlay.length()) {
      Extent extent = overlay.extent(at, overlay.length() - at);
      boolean above = extent.depth() < depth && extent.kind() != Extent.Kind.ABSENT;
      long bytes = extent.length();
      if (above && extent.kind() == Extent.Kind.ZERO) {
        target.writeZeroes(at, bytes, true);
      } else if (above) {
        bytes = Math.min(bytes, CHUNK);
        buffer.clear().limit((int) bytes);
        overlay.read(at, buffer);
        target.write(at, buffer.flip());
      }
      at += bytes;
      progress.report(at, overlay.length());
    }
  }
}

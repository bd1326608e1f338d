package org.wardian.storage.job;

import java.io.IOException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.device.ImageDevice;

/**
 * Writes what images beneath the one that is written hold into one further down. What the guest
 * sees stays the same at every moment: each byte that is written is hidden by the image that it
 * comes from.
 */
public final class CommitJob extends Job {
  private final ImageDevice device;
  private final BlockImage top;
  private final int depth;
  private final JobEnd end;
  private final RangeCopy copy;

  /**
   * A commit.
   *
   * @param device the disk
   * @param top the first image that is written down
   * @param base the image that takes it, at least as long
   * @param depth how far {@code base} is beneath {@code top}
   * @param end puts the image above {@code top} onto {@code base}
   */
  public CommitJob(
      JobOptions options,
      JobListener listener,
      ImageDevice device,
      BlockImage top,
      BlockImage base,
      int depth,
      JobEnd end) {
    super("commit", options, listener);
    this.device = device;
    this.top = top;
    this.depth = depth;
    this.end = end;
    copy = new RangeCopy(top, base, true);
  }

  @Override
  void work() throws IOException {
    long size = top.length();
    long at = 0;
    while (at < size) {
      progress(at, size - at);
      checkpoint();
      try {
        Extent extent = copy.extent(at, size - at);
        long bytes = extent.length();
        if (extent.depth() < depth) {
          bytes = extent.kind() == Extent.Kind.DATA ? Math.min(bytes, RangeCopy.CHUNK) : bytes;
          spent(copy.copy(at, bytes));
        }
        at += bytes;
        progress(at, size - at);
      } catch (JobFailure e) {
        failed(e);
      }
    }
    flush(copy);
  }

  @Override
  void conclude() throws IOException {
    end.concludeOn(device);
  }

  @Override
  void clean(boolean good) throws IOException {
    end.clean(good);
  }
}

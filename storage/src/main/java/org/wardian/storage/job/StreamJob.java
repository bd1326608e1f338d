package org.wardian.storage.job;

import java.io.IOException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.device.WriteObserver;

/**
 * Gives the image that is written all that shows through from images beneath. A range is copied
 * while no request of the guest changes it, and only where the image still has nothing of its own.
 */
public final class StreamJob extends Job {
  /** Everything is copied; nothing stays beneath. */
  public static final int WHOLE = Integer.MAX_VALUE;

  private static final int STEP = 512 << 10;

  private final ImageDevice device;
  private final BlockImage image;
  private final int depth;
  private final long baseLength;
  private final JobEnd end;
  private final RangeCopy copy;
  private final RangeLocks locks = new RangeLocks();
  private final WriteObserver observer =
      new WriteObserver() {
        @Override
        public void before(long offset, long length) {
          locks.lock(offset, length);
        }

        @Override
        public void after(long offset, long length) {
          locks.unlock(offset, length);
        }
      };

  /**
   * A stream.
   *
   * @param device the disk
   * @param depth how far beneath the image that stays is; {@link #WHOLE} for none
   * @param baseLength bytes of that image; 0 for none
   * @param end puts the disk's image onto it
   */
  public StreamJob(
      JobOptions options,
      JobListener listener,
      ImageDevice device,
      int depth,
      long baseLength,
      JobEnd end) {
    super("stream", options, listener);
    this.device = device;
    this.image = device.source();
    this.depth = depth;
    this.baseLength = baseLength;
    this.end = end;
    copy = RangeCopy.within(image);
  }

  @Override
  void work() throws IOException {
    device.observe(observer);
    long size = image.length();
    long at = 0;
    while (at < size) {
      progress(at, size - at);
      checkpoint();
      try {
        Extent extent = copy.extent(at, size - at);
        if (missing(extent)) {
          at += fill(at, Math.min(extent.length(), STEP));
        } else {
          at += extent.length();
        }
      } catch (JobFailure e) {
        failed(e);
      }
    }
    progress(size, 0);
    flush(copy);
  }

  /** Whether the image would show something else there once it stands on the base. */
  private boolean missing(Extent extent) {
    if (extent.depth() >= depth) {
      return false;
    }
    boolean zeroes = extent.kind() != Extent.Kind.DATA;
    if (extent.depth() == 0) {
      // Nothing of its own, and what is next beneath is shorter: the base must not show.
      return extent.kind() == Extent.Kind.ABSENT && extent.offset() < baseLength;
    }
    return !zeroes || extent.offset() < baseLength;
  }

  private long fill(long offset, long length) throws JobFailure {
    locks.lock(offset, length);
    try {
      long at = offset;
      while (at < offset + length) {
        Extent extent = copy.extent(at, offset + length - at);
        if (missing(extent)) {
          spent(copy.copy(at, extent.length()));
        }
        at += extent.length();
      }
      return length;
    } finally {
      locks.unlock(offset, length);
    }
  }

  @Override
  void conclude() throws IOException {
    end.concludeOn(device);
  }

  @Override
  void clean(boolean good) throws IOException {
    device.unobserve(observer);
    end.clean(good);
  }
}

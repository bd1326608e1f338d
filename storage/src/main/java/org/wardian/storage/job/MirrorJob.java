package org.wardian.storage.job;

import java.io.IOException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.device.WriteObserver;

/**
 * Copies a disk, and follows what the guest writes until the owner wants the disk to move to the
 * copy, or the copy to stay as it is at one moment. The commit of the image that is written is one
 * too, whose target is an image beneath.
 *
 * <p>What is written is marked when the write has ended; marks are cleared before their ranges are
 * read. So a range that was read while it was written is marked again, and copied again.
 */
public final class MirrorJob extends Job {
  /** All of the chain is copied. */
  public static final int WHOLE = Integer.MAX_VALUE;

  /** What may be left when the guest's requests are held for the end. */
  private static final long LAST_BYTES = 8 << 20;

  private static final long LONGEST_RUN = 1L << 30;

  private final ImageDevice device;
  private final int depth;
  private final boolean blocking;
  private final JobEnd end;
  private final RangeBits dirty;
  private final RangeCopy copy;

  /** Held by who clears marks and copies their ranges. */
  private final Object copying = new Object();

  private final WriteObserver observer = new Observer();
  private long done;
  private long cursor;
  private boolean observed;
  private boolean pivots = true;

  /**
   * A mirror.
   *
   * @param type {@code mirror}, or {@code commit}
   * @param device the disk
   * @param target at least as long as the disk
   * @param depth how many images of the disk's chain are copied, from the one that is written:
   *     {@link #WHOLE}; 0 for new writes only
   * @param shift log2 of the bytes that are copied when any of them is written
   * @param blocking whether a write of the guest ends when the target has it
   * @param end moves the disk
   */
  public MirrorJob(
      String type,
      JobOptions options,
      JobListener listener,
      ImageDevice device,
      BlockImage target,
      int depth,
      int shift,
      boolean blocking,
      JobEnd end) {
    super(type, options, listener);
    this.device = device;
    this.depth = depth;
    this.blocking = blocking;
    this.end = end;
    dirty = new RangeBits(shift, device.length());
    copy = new RangeCopy(device.source(), target, depth != WHOLE);
  }

  private final class Observer implements WriteObserver {
    @Override
    public void before(long offset, long length) {
      // The range is copied afterwards.
    }

    @Override
    public void after(long offset, long length) {
      dirty.set(offset, length);
      if (blocking) {
        copyNow(offset, length);
      }
      wake();
    }
  }

  /** On the thread of the guest's write: the target has it when this returns. */
  private void copyNow(long offset, long length) {
    long start = offset & -dirty.granularity();
    long stop =
        Math.min(dirty.size(), offset + length + dirty.granularity() - 1 & -dirty.granularity());
    synchronized (copying) {
      dirty.clear(start, stop - start);
      try {
        copy.copy(start, stop - start);
      } catch (JobFailure e) {
        // The job meets it too, and there the policies are.
        dirty.set(start, stop - start);
      }
    }
  }

  @Override
  void work() throws IOException {
    device.observe(observer);
    observed = true;
    mark();
    while (true) {
      checkpoint();
      if (step()) {
        continue;
      }
      becomeReady();
      if (completing()) {
        return;
      }
      restSoon(true);
      if (dirty.nextSet(0) < 0) {
        rest();
      }
      restSoon(false);
    }
  }

  private void mark() throws IOException {
    long size = dirty.size();
    if (depth == WHOLE) {
      dirty.set(0, size);
    }
    long at = 0;
    while (at < size && depth > 0 && depth < WHOLE) {
      checkpoint();
      try {
        Extent extent = copy.extent(at, size - at);
        if (extent.depth() < depth) {
          dirty.set(at, extent.length());
        }
        at += extent.length();
      } catch (JobFailure e) {
        failed(e);
      }
    }
    report();
  }

  private void report() {
    progress(done, Math.min(dirty.count(), dirty.size()));
  }

  /** Copies a run of marked ranges; false where there is none. */
  private boolean step() throws IOException {
    long start = dirty.nextSet(cursor);
    start = start < 0 ? dirty.nextSet(0) : start;
    if (start < 0) {
      cursor = 0;
      report();
      return false;
    }
    long run = dirty.nextClear(start, LONGEST_RUN) - start;
    try {
      long bytes = copy(start, run);
      cursor = start + bytes;
    } catch (JobFailure e) {
      dirty.set(start, run);
      failed(e);
    }
    report();
    return true;
  }

  /** Copies the start of a run, whole ranges; returns its bytes. */
  private long copy(long start, long run) throws JobFailure {
    synchronized (copying) {
      Extent extent = copy.extent(start, run);
      boolean zeroes = extent.kind() != Extent.Kind.DATA && extent.length() >= dirty.granularity();
      long bytes =
          zeroes
              ? extent.length() == run ? run : extent.length() & -dirty.granularity()
              : Math.min(run, Math.max(RangeCopy.CHUNK, dirty.granularity()));
      dirty.clear(start, bytes);
      spent(copy.copy(start, bytes));
      done += bytes;
      return bytes;
    }
  }

  @Override
  void conclude() throws IOException {
    while (true) {
      checkpoint();
      JobFailure failure = null;
      device.drain();
      try {
        if (dirty.count() <= LAST_BYTES) {
          last();
          return;
        }
      } catch (JobFailure e) {
        failure = e;
      } finally {
        device.endDrain();
      }
      if (failure != null) {
        failed(failure);
      }
      while (dirty.count() > LAST_BYTES / 2 && step()) {
        checkpoint();
      }
    }
  }

  /** Nothing is under way. */
  private void last() throws IOException {
    long start = dirty.nextSet(0);
    while (start >= 0) {
      long run = dirty.nextClear(start, LONGEST_RUN) - start;
      try {
        copy(start, run);
      } catch (JobFailure e) {
        dirty.set(start, run);
        throw e;
      }
      start = dirty.nextSet(0);
    }
    copy.flush();
    report();
    if (pivots) {
      end.conclude();
    }
    device.unobserve(observer);
    observed = false;
  }

  @Override
  void clean(boolean good) throws IOException {
    if (observed) {
      device.unobserve(observer);
    }
    end.clean(good && pivots);
  }

  @Override
  boolean endsByCancel() {
    return true;
  }

  @Override
  void cancelRequested() {
    pivots = false;
  }
}

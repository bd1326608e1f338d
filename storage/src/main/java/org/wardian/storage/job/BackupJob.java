package org.wardian.storage.job;

import java.io.IOException;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.wardian.storage.BlockImage;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.device.WriteObserver;

/**
 * Copies a disk as it was at one moment: what the guest is about to overwrite is copied first, on
 * the thread of its write. A failure to do that ends the backup, not the guest's write.
 */
public final class BackupJob extends Job {
  private static final long LONGEST_RUN = RangeCopy.CHUNK;

  private final ImageDevice device;
  private final BlockImage source;
  private final BlockImage target;
  private final boolean background;
  private final boolean allZeroes;
  private final JobEnd end;
  private final RangeBits wanted;
  private final long total;
  private final RangeLocks locks = new RangeLocks();

  /** Those that nobody uses: each of the guest's threads may need one. */
  private final Deque<RangeCopy> copies = new ConcurrentLinkedDeque<>();

  private final WriteObserver observer =
      new WriteObserver() {
        @Override
        public void before(long offset, long length) {
          save(offset, length);
        }

        @Override
        public void after(long offset, long length) {
          // What was there is saved.
        }
      };

  private volatile JobFailure broken;
  private volatile boolean ended;
  private boolean begun;

  /**
   * A backup of the moment at which {@link #begin} is called.
   *
   * @param device the disk
   * @param target as long as the disk
   * @param wanted the ranges that are copied; taken over
   * @param background whether they are copied without the guest's writing to them
   * @param allZeroes whether zeroes are written where the target reads as zeroes already
   */
  public BackupJob(
      JobOptions options,
      JobListener listener,
      ImageDevice device,
      BlockImage target,
      RangeBits wanted,
      boolean background,
      boolean allZeroes,
      JobEnd end) {
    super("backup", options, listener);
    this.device = device;
    this.source = device.source();
    this.target = target;
    this.background = background;
    this.allZeroes = allZeroes;
    this.end = end;
    this.wanted = wanted;
    total = background ? Math.min(wanted.count(), wanted.size()) : wanted.size();
  }

  /** From now on what was on the disk is kept; the disk is drained. */
  public void begin() {
    device.observe(observer);
    begun = true;
    progress(0, total);
  }

  /** Takes {@link #begin} back: the job never starts. */
  public void discard() {
    device.unobserve(observer);
    begun = false;
  }

  /** What is still to be copied: all of it where the backup fails. */
  public RangeBits remaining() {
    return wanted;
  }

  /** Copies what of a range is not saved yet. */
  private void save(long offset, long length) {
    if (broken != null) {
      return;
    }
    long start = offset & -wanted.granularity();
    long stop =
        Math.min(wanted.size(), offset + length + wanted.granularity() - 1 & -wanted.granularity());
    long at = wanted.nextSet(start);
    if (at < 0 || at >= stop) {
      return;
    }
    locks.lock(start, stop - start);
    try {
      copyWanted(start, stop);
    } catch (JobFailure e) {
      broken = e;
      wake();
    } finally {
      locks.unlock(start, stop - start);
    }
  }

  /** By who has the range: copies what is wanted of it; returns the bytes that were moved. */
  private long copyWanted(long start, long stop) throws JobFailure {
    RangeCopy idle = copies.poll();
    RangeCopy copy = idle == null ? new RangeCopy(source, target, allZeroes) : idle;
    try {
      long moved = 0;
      long at = wanted.nextSet(start);
      while (at >= 0 && at < stop) {
        long run = wanted.nextClear(at, stop - at) - at;
        moved += copy.copy(at, run);
        wanted.clear(at, run);
        at = wanted.nextSet(at + run);
      }
      return moved;
    } finally {
      copies.push(copy);
    }
  }

  @Override
  void work() throws IOException {
    if (!background) {
      untilCancelled();
    }
    long at = 0;
    while (true) {
      checkpoint();
      checkWhole();
      at = wanted.nextSet(at);
      if (at < 0) {
        break;
      }
      long stop = Math.min(wanted.size(), at + Math.max(LONGEST_RUN, wanted.granularity()));
      try {
        spent(copyLocked(at, stop));
        at = stop;
      } catch (JobFailure e) {
        failed(e);
      }
      report();
    }
    flush(new RangeCopy(source, target, allZeroes));
    checkWhole();
  }

  private long copyLocked(long start, long stop) throws JobFailure {
    locks.lock(start, stop - start);
    try {
      return copyWanted(start, stop);
    } finally {
      locks.unlock(start, stop - start);
    }
  }

  private void untilCancelled() throws IOException {
    while (true) {
      checkpoint();
      restSoon(true);
      checkWhole();
      rest();
    }
  }

  private void report() {
    long left = Math.min(wanted.count(), wanted.size());
    progress(total - left, left);
  }

  private void checkWhole() throws JobFailure {
    JobFailure failure = broken;
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  void conclude() throws IOException {
    end.conclude();
  }

  @Override
  void clean(boolean good) throws IOException {
    // Who reads the moment has it for as long as it takes.
    locks.lock(0, wanted.size());
    ended = true;
    locks.unlock(0, wanted.size());
    if (begun) {
      device.unobserve(observer);
    }
    end.clean(good);
  }

  /**
   * The disk as it was, for reading while the job runs: what is saved from the target, the rest
   * from the disk.
   */
  public BlockImage view() {
    return new BackupView(this, source, target);
  }

  /** Has a range for itself, so that the guest does not change what is not saved of it. */
  void hold(long offset, long length) throws IOException {
    locks.lock(offset, length);
    if (broken != null || ended) {
      locks.unlock(offset, length);
      throw new IOException(
          ended
              ? "the backup that kept this moment has ended"
              : "the backup of this moment is broken: " + broken.getMessage(),
          broken);
    }
  }

  void letGo(long offset, long length) {
    locks.unlock(offset, length);
  }

  /** Whether a range is still on the disk only. */
  boolean unsaved(long offset) {
    return wanted.isSet(offset);
  }

  /** Bytes from a start on of which all are saved, or none; by who holds them. */
  long alike(long offset, long most) {
    if (wanted.isSet(offset)) {
      return wanted.nextClear(offset, most) - offset;
    }
    long next = wanted.nextSet(offset);
    return next < 0 ? most : Math.min(most, next - offset);
  }
}

package org.wardian.storage.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.ReadOnlyImage;
import org.wardian.storage.ReadOnlyImageException;

/** A disk as it was at the moment of a backup that goes on. Closing it closes nothing. */
final class BackupView implements ReadOnlyImage {
  private final BackupJob job;
  private final BlockImage source;
  private final BlockImage target;

  BackupView(BackupJob job, BlockImage source, BlockImage target) {
    this.job = job;
    this.source = source;
    this.target = target;
  }

  @Override
  public long length() {
    return target.length();
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    int limit = to.limit();
    int length = to.remaining();
    job.hold(offset, length);
    try {
      long at = offset;
      while (to.hasRemaining()) {
        int bytes = (int) job.alike(at, to.remaining());
        to.limit(to.position() + bytes);
        (job.unsaved(at) ? source : target).read(at, to);
        to.limit(limit);
        at += bytes;
      }
    } finally {
      to.limit(limit);
      job.letGo(offset, length);
    }
  }

  @Override
  public Extent extent(long offset, long length) throws IOException {
    job.hold(offset, length);
    try {
      BlockImage where = job.unsaved(offset) ? source : target;
      return where.extent(offset, job.alike(offset, length));
    } finally {
      job.letGo(offset, length);
    }
  }

  @Override
  public ReadOnlyImageException refusal() {
    return new ReadOnlyImageException(target + " is a moment that is past: it is read-only");
  }

  @Override
  public void close() {
    // It is the job's.
  }

  @Override
  public String toString() {
    return "a moment of " + source;
  }
}

package org.wardian.storage.qcow2;

import java.io.IOException;
import org.wardian.storage.FileStore;
import org.wardian.storage.Scatter;

/**
 * Makes ranges of any bounds read as zeroes, or gives them up: whole granules by {@link
 * ZeroWriter}, what is left at the ends by bytes.
 */
final class ZeroRanges {
  private final Qcow2Image image;
  private final ZeroWriter granules;
  private final FileStore data;

  ZeroRanges(Qcow2Image image, ZeroWriter granules) {
    this.image = image;
    this.granules = granules;
    this.data = image.data;
  }

  /** Makes a range zeroes; its room may go where {@code unmap}. */
  void write(long offset, long bytes, boolean unmap) throws IOException {
    if (!image.rawData()) {
      zero(offset, bytes, unmap ? ZeroWriter.Mode.UNMAP : ZeroWriter.Mode.KEEP);
      return;
    }
    // A raw data file must itself have the zeroes.
    long stamp = image.gate.readLock();
    try {
      data.writeZeroes(offset, bytes, unmap);
    } finally {
      image.gate.unlockRead(stamp);
    }
  }

  /** Gives the room of a range back. */
  void discard(long offset, long bytes) throws IOException {
    if (!image.rawData()) {
      zero(offset, bytes, ZeroWriter.Mode.DISCARD);
      return;
    }
    long stamp = image.gate.readLock();
    try {
      data.punch(offset, bytes);
    } finally {
      image.gate.unlockRead(stamp);
    }
  }

  /** Makes a range zeroes by the mapping, and gives its room back. */
  void unmap(long offset, long bytes) throws IOException {
    zero(offset, bytes, ZeroWriter.Mode.UNMAP);
  }

  private void zero(long offset, long bytes, ZeroWriter.Mode mode) throws IOException {
    long granule = image.geometry.granule();
    long end = offset + bytes;
    long start = offset + granule - 1 & -granule;
    long stop = end == image.length() ? end : end & -granule;
    if (start >= stop) {
      writeZeroBytes(offset, bytes, mode);
      return;
    }
    writeZeroBytes(offset, start - offset, mode);
    long at = start;
    while (at < stop) {
      long done = zeroStep(at, stop - at, mode);
      if (done < 0) {
        writeZeroBytes(at, -done, mode);
      }
      at += Math.abs(done);
    }
    writeZeroBytes(stop, end - stop, mode);
  }

  private long zeroStep(long offset, long bytes, ZeroWriter.Mode mode) throws IOException {
    long stamp = image.gate.readLock();
    try {
      return granules.zero(offset, bytes, mode);
    } catch (CorruptMappingException e) {
      throw image.marks.corrupt(e);
    } finally {
      image.gate.unlockRead(stamp);
    }
  }

  /** Parts of clusters: nothing to do where they are zeroes already, or of no use. */
  private void writeZeroBytes(long offset, long bytes, ZeroWriter.Mode mode) throws IOException {
    if (mode == ZeroWriter.Mode.DISCARD) {
      return;
    }
    Run run = new Run();
    long at = offset;
    while (at < offset + bytes) {
      long stamp = image.gate.readLock();
      try {
        image.findVisible(at, offset + bytes - at, run);
      } catch (CorruptMappingException e) {
        throw image.marks.corrupt(e);
      } finally {
        image.gate.unlockRead(stamp);
      }
      if (run.kind != Run.Kind.ZERO) {
        run.bytes = Math.min(run.bytes, Zeroes.SIZE);
        image.writeAnywhere(at, Scatter.of(Zeroes.of((int) run.bytes)), run.bytes);
      }
      at += run.bytes;
    }
  }
}

package org.wardian.storage.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;

/** Copies ranges from one image to another; zeroes are not moved. One thread at a time. */
final class RangeCopy {
  /** Bytes that are moved at once, at most. */
  static final int CHUNK = 1 << 20;

  private final BlockImage from;
  private final BlockImage to;
  private final boolean allZeroes;
  private final boolean within;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);

  /**
   * A copy.
   *
   * @param allZeroes whether zeroes are written where the target reads as zeroes already: it may
   *     have nothing of its own there, and be put above another image later
   */
  RangeCopy(BlockImage from, BlockImage to, boolean allZeroes) {
    this(from, to, allZeroes, false);
  }

  private RangeCopy(BlockImage from, BlockImage to, boolean allZeroes, boolean within) {
    this.from = from;
    this.to = to;
    this.allZeroes = allZeroes;
    this.within = within;
  }

  /**
   * A copy of what shows through an image from images beneath into itself: nothing changes for
   * whoever reads it, and no bitmap notes it.
   */
  static RangeCopy within(BlockImage image) {
    return new RangeCopy(image, image, true, true);
  }

  /** What is at the start of a range of the source. */
  Extent extent(long offset, long length) throws JobFailure {
    try {
      return from.extent(offset, length);
    } catch (IOException e) {
      throw new JobFailure(false, e);
    }
  }

  /**
   * Copies a range.
   *
   * @return bytes that were moved
   */
  long copy(long offset, long length) throws JobFailure {
    long moved = 0;
    long at = offset;
    long end = offset + length;
    while (at < end) {
      Extent extent = extent(at, end - at);
      long bytes = extent.length();
      if (extent.kind() == Extent.Kind.DATA) {
        bytes = Math.min(bytes, CHUNK);
        move(at, (int) bytes);
        moved += bytes;
      } else {
        zero(at, bytes);
      }
      at += bytes;
    }
    return moved;
  }

  private void move(long offset, int bytes) throws JobFailure {
    buffer.clear().limit(bytes);
    try {
      from.read(offset, buffer);
    } catch (IOException e) {
      throw new JobFailure(false, e);
    }
    try {
      buffer.flip();
      if (within) {
        to.fill(offset, buffer);
      } else {
        to.write(offset, buffer);
      }
    } catch (IOException e) {
      throw new JobFailure(true, e);
    }
  }

  /** Makes a range of the target read as zeroes. */
  void zero(long offset, long length) throws JobFailure {
    try {
      if (within) {
        to.fillZeroes(offset, length);
        return;
      }
      if (allZeroes) {
        to.writeZeroes(offset, length, true);
        return;
      }
      long at = offset;
      while (at < offset + length) {
        Extent there = to.extent(at, offset + length - at);
        if (there.kind() == Extent.Kind.DATA) {
          to.writeZeroes(at, there.length(), true);
        }
        at += there.length();
      }
    } catch (IOException e) {
      throw new JobFailure(true, e);
    }
  }

  /** Brings the target to stable storage. */
  void flush() throws JobFailure {
    try {
      to.flush();
    } catch (IOException e) {
      throw new JobFailure(true, e);
    }
  }
}

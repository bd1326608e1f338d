package org.wardian.display.vnc.encoding;

import java.util.Arrays;
import java.util.zip.Deflater;

/** A zlib stream that goes on from rectangle to rectangle (RFC 1950). */
final class ZlibStream implements AutoCloseable {
  private static final int START = 4096;

  private final Deflater deflater;
  private byte[] packed = new byte[START];
  private int level;
  private boolean changed;

  ZlibStream(int level) {
    this.level = level;
    this.deflater = new Deflater(level);
  }

  /** Compresses at another level from here on. */
  void level(int newLevel) {
    if (newLevel != level) {
      level = newLevel;
      deflater.setLevel(newLevel);
      changed = true;
    }
  }

  /**
   * Compresses, such that all of it can be read.
   *
   * @return the length of {@link #packed}
   */
  int compress(byte[] plain, int count) {
    int length = 0;
    if (changed) {
      // A deflater that changes its level takes no input in the same call.
      length = deflater.deflate(packed, 0, packed.length, Deflater.SYNC_FLUSH);
      changed = false;
    }
    deflater.setInput(plain, 0, count);
    while (true) {
      length += deflater.deflate(packed, length, packed.length - length, Deflater.SYNC_FLUSH);
      if (length < packed.length) {
        return length;
      }
      packed = Arrays.copyOf(packed, 2 * packed.length);
    }
  }

  /** What {@link #compress} made. */
  byte[] packed() {
    return packed;
  }

  @Override
  public void close() {
    deflater.end();
  }
}

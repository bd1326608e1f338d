package org.wardian.storage.operation;

import java.nio.ByteBuffer;

/** Zeroes, looked for and written. */
final class Zeroes {
  private static final int SIZE = 64 << 10;
  private static final ByteBuffer ALL = ByteBuffer.allocateDirect(SIZE).asReadOnlyBuffer();

  private Zeroes() {}

  /** Fills a buffer from its position to its limit. */
  static void fill(ByteBuffer to) {
    while (to.hasRemaining()) {
      to.put(ALL.slice(0, Math.min(SIZE, to.remaining())));
    }
  }

  /** Whether {@code length} bytes from {@code index} on are all zero. */
  static boolean are(ByteBuffer bytes, int index, int length) {
    int at = 0;
    while (at < length) {
      int step = Math.min(SIZE, length - at);
      if (bytes.slice(index + at, step).mismatch(ALL.slice(0, step)) >= 0) {
        return false;
      }
      at += step;
    }
    return true;
  }
}

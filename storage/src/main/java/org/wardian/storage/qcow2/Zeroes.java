package org.wardian.storage.qcow2;

import java.nio.ByteBuffer;

/** Zeroes to write. */
final class Zeroes {
  /** Bytes at most at a time. */
  static final int SIZE = 64 << 10;

  private static final ByteBuffer ALL = ByteBuffer.allocateDirect(SIZE).asReadOnlyBuffer();

  private Zeroes() {}

  /** So many, as a view of its own. */
  static ByteBuffer of(int bytes) {
    return ALL.slice(0, bytes);
  }
}

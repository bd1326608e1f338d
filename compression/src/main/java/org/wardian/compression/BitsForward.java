package org.wardian.compression;

import java.util.Arrays;

/**
 * A Zstandard bit stream that is written from its start to its end, to be read backward (RFC 8878
 * §4.1): the lowest bit first, closed by a set bit.
 */
final class BitsForward {
  private byte[] out = new byte[256];
  private int size;
  private long pending;
  private int count;

  /** Appends the low {@code bits} of a value, 0 to 31. */
  void add(long value, int bits) {
    pending |= (value & (1L << bits) - 1) << count;
    count += bits;
    while (count >= 8) {
      byteOut((int) pending);
      pending >>>= 8;
      count -= 8;
    }
  }

  private void byteOut(int value) {
    if (size == out.length) {
      out = Arrays.copyOf(out, size * 2);
    }
    out[size++] = (byte) value;
  }

  /** Closes the stream and gives its bytes. */
  byte[] close() {
    add(1, 1);
    return closeForward();
  }

  /** Gives the bytes of a stream that is read forward and has no end mark. */
  byte[] closeForward() {
    if (count > 0) {
      byteOut((int) pending);
    }
    return Arrays.copyOf(out, size);
  }
}

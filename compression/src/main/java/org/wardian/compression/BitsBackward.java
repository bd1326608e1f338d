package org.wardian.compression;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A Zstandard bit stream that is read from its end to its start (RFC 8878 §4.1, §4.2.2): the
 * highest set bit of the last byte marks the end. Reading past the start gives zeros, and {@link
 * #overrun} then says so.
 */
final class BitsBackward {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] in;
  private final long start;
  private long position;

  /**
   * @param start index of the first byte
   * @param end index after the last byte
   */
  BitsBackward(byte[] in, int start, int end) throws CorruptPayloadException {
    if (end <= start || in[end - 1] == 0) {
      throw new CorruptPayloadException("bit stream without end mark");
    }
    this.in = in;
    this.start = start * 8L;
    this.position = end * 8L - (Integer.numberOfLeadingZeros(in[end - 1] & 0xff) - 24) - 1;
  }

  /** The next {@code count} bits, 0 to 32, without taking them. */
  int peek(int count) {
    long from = position - count;
    if (from < start) {
      long have = position - start;
      return have <= 0 ? 0 : (int) (bits(start, (int) have) << (count - have));
    }
    return (int) bits(from, count);
  }

  void skip(int count) {
    position -= count;
  }

  int read(int count) {
    int value = peek(count);
    position -= count;
    return value;
  }

  /** Whether exactly all bits have been taken. */
  boolean finished() {
    return position == start;
  }

  /** Whether more bits than there are have been taken. */
  boolean overrun() {
    return position < start;
  }

  private long bits(long from, int count) {
    int index = (int) (from >> 3);
    long word;
    if (index + 8 <= in.length) {
      word = (long) LONG.get(in, index);
    } else {
      word = 0;
      for (int i = in.length - 1; i >= index; i--) {
        word = word << 8 | (in[i] & 0xff);
      }
    }
    return word >>> (from & 7) & ((1L << count) - 1);
  }
}

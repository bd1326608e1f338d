package org.wardian.compression;

import java.util.Arrays;

/**
 * A decoding table of Zstandard's finite state entropy coder (RFC 8878 §4.1.1): for each state its
 * symbol, and how many bits lead from which base to the next state.
 */
final class FseTable {

  final int accuracy;
  final byte[] symbol;
  final byte[] bits;
  final short[] base;

  private FseTable(int accuracy) {
    int size = 1 << accuracy;
    this.accuracy = accuracy;
    this.symbol = new byte[size];
    this.bits = new byte[size];
    this.base = new short[size];
  }

  /** A table that gives one symbol for ever and takes no bits. */
  static FseTable repeating(int symbol) {
    FseTable table = new FseTable(0);
    table.symbol[0] = (byte) symbol;
    return table;
  }

  /**
   * Builds a table.
   *
   * @param accuracy binary logarithm of the count of states
   * @param counts states of each symbol; -1 for a probability below one state
   */
  static FseTable of(int accuracy, int... counts) throws CorruptPayloadException {
    FseTable table = new FseTable(accuracy);
    int size = 1 << accuracy;
    int mask = size - 1;
    int[] next = new int[counts.length];
    int top = size;
    int total = 0;
    for (int s = 0; s < counts.length; s++) {
      total += Math.abs(counts[s]);
      next[s] = Math.abs(counts[s]);
      if (counts[s] == -1 && top > 0) {
        table.symbol[--top] = (byte) s;
      }
    }
    if (total != size) {
      throw new CorruptPayloadException("entropy table of the wrong size");
    }
    int step = (size >> 1) + (size >> 3) + 3;
    int position = 0;
    for (int s = 0; s < counts.length; s++) {
      for (int i = 0; i < counts[s]; i++) {
        table.symbol[position] = (byte) s;
        do {
          position = position + step & mask;
        } while (position >= top);
      }
    }
    for (int state = 0; state < size; state++) {
      int value = next[table.symbol[state]]++;
      int width = accuracy - (31 - Integer.numberOfLeadingZeros(value));
      table.bits[state] = (byte) width;
      table.base[state] = (short) ((value << width) - size);
    }
    return table;
  }

  /** A table description in a stream, and where it ends. */
  record Description(FseTable table, int end) {}

  /**
   * Reads a table description, which is read forward from its least significant bit.
   *
   * @param start index of the first byte
   * @param end index after the last byte that may be read
   * @param maxAccuracy most bits of accuracy
   * @param maxSymbol largest symbol
   */
  static Description read(byte[] in, int start, int end, int maxAccuracy, int maxSymbol)
      throws CorruptPayloadException {
    if (start >= end) {
      throw new CorruptPayloadException("truncated entropy table");
    }
    long bit = start * 8L + 4;
    int accuracy = (in[start] & 15) + 5;
    if (accuracy > maxAccuracy) {
      throw new CorruptPayloadException("entropy table with " + accuracy + " bits");
    }
    int[] counts = new int[maxSymbol + 1];
    int remaining = (1 << accuracy) + 1;
    int threshold = 1 << accuracy;
    int width = accuracy + 1;
    int symbol = 0;
    while (remaining > 1) {
      if (symbol > maxSymbol) {
        throw new CorruptPayloadException("entropy table with too many symbols");
      }
      int peeked = peek(in, bit, end);
      int small = 2 * threshold - 1 - remaining;
      int value;
      if ((peeked & threshold - 1) < small) {
        value = peeked & threshold - 1;
        bit += width - 1;
      } else {
        value = peeked & 2 * threshold - 1;
        value -= value >= threshold ? small : 0;
        bit += width;
      }
      int count = value - 1;
      remaining -= Math.abs(count);
      if (remaining < 1) {
        throw new CorruptPayloadException("entropy table of the wrong size");
      }
      counts[symbol++] = count;
      if (count == 0) {
        int zeros;
        do {
          zeros = peek(in, bit, end) & 3;
          bit += 2;
          symbol += zeros;
        } while (zeros == 3 && symbol <= maxSymbol);
      }
      while (remaining < threshold) {
        width--;
        threshold >>= 1;
      }
    }
    long after = bit + 7 >> 3;
    if (after > end) {
      throw new CorruptPayloadException("truncated entropy table");
    }
    return new Description(of(accuracy, Arrays.copyOf(counts, symbol)), (int) after);
  }

  /** At least 16 bits from a bit position; zeros past the end. */
  private static int peek(byte[] in, long bit, int end) {
    int index = (int) (bit >> 3);
    int word = 0;
    for (int i = Math.min(index + 3, end) - 1; i >= index; i--) {
      word = word << 8 | (in[i] & 0xff);
    }
    return word >>> (bit & 7);
  }
}

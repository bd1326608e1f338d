package org.wardian.compression;

import java.util.Arrays;

/** A decoding table of Zstandard's literal codes (RFC 8878 §4.2). */
final class HuffmanTable {

  private static final int MAX_BITS = 11;
  private static final int WEIGHT_ACCURACY = 6;

  private final int bits;
  private final byte[] symbol;
  private final byte[] width;

  /** A table description in a stream, and where it ends. */
  record Description(HuffmanTable table, int end) {}

  static Description read(byte[] in, int start, int end) throws CorruptPayloadException {
    if (start >= end) {
      throw new CorruptPayloadException("truncated literal code");
    }
    int header = in[start] & 0xff;
    int at = start + 1;
    int[] weights = new int[256];
    int count;
    int after;
    if (header >= 128) {
      count = header - 127;
      after = at + (count + 1) / 2;
      if (after > end) {
        throw new CorruptPayloadException("truncated literal code");
      }
      for (int i = 0; i < count; i++) {
        int pair = in[at + i / 2] & 0xff;
        weights[i] = (i & 1) == 0 ? pair >> 4 : pair & 15;
      }
    } else {
      after = at + header;
      if (after > end) {
        throw new CorruptPayloadException("truncated literal code");
      }
      count = packedWeights(in, at, after, weights);
    }
    return new Description(new HuffmanTable(weights, count), after);
  }

  /** Weights coded by two states that take turns on one bit stream. */
  private static int packedWeights(byte[] in, int start, int end, int[] weights)
      throws CorruptPayloadException {
    FseTable.Description description = FseTable.read(in, start, end, WEIGHT_ACCURACY, MAX_BITS);
    FseTable table = description.table();
    BitsBackward stream = new BitsBackward(in, description.end(), end);
    int state = stream.read(table.accuracy);
    int other = stream.read(table.accuracy);
    int count = 0;
    while (count < 254) {
      weights[count++] = table.symbol[state];
      int next = table.base[state] + stream.read(table.bits[state]);
      if (stream.overrun()) {
        weights[count++] = table.symbol[other];
        return count;
      }
      state = other;
      other = next;
    }
    throw new CorruptPayloadException("literal code with too many symbols");
  }

  private HuffmanTable(int[] weights, int count) throws CorruptPayloadException {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      if (weights[i] > MAX_BITS) {
        throw new CorruptPayloadException("literal code with too long a word");
      }
      sum += weights[i] == 0 ? 0 : 1 << weights[i] - 1;
    }
    if (sum == 0 || sum >= 1 << MAX_BITS) {
      throw new CorruptPayloadException("literal code of the wrong size");
    }
    bits = 32 - Integer.numberOfLeadingZeros(sum);
    int rest = (1 << bits) - sum;
    if (Integer.bitCount(rest) != 1) {
      throw new CorruptPayloadException("literal code of the wrong size");
    }
    // The last weight is not written: it is what completes the code.
    weights[count] = 32 - Integer.numberOfLeadingZeros(rest);
    symbol = new byte[1 << bits];
    width = new byte[1 << bits];
    int position = 0;
    for (int weight = 1; weight <= bits; weight++) {
      for (int s = 0; s <= count; s++) {
        if (weights[s] == weight) {
          int next = position + (1 << weight - 1);
          Arrays.fill(symbol, position, next, (byte) s);
          Arrays.fill(width, position, next, (byte) (bits + 1 - weight));
          position = next;
        }
      }
    }
  }

  /** Decodes one stream into {@code literals}, which it must fill exactly from {@code from}. */
  void decode(byte[] in, int start, int end, byte[] literals, int from, int to)
      throws CorruptPayloadException {
    BitsBackward stream = new BitsBackward(in, start, end);
    for (int i = from; i < to; i++) {
      int word = stream.peek(bits);
      literals[i] = symbol[word];
      stream.skip(width[word]);
    }
    if (!stream.finished()) {
      throw new CorruptPayloadException("literals end in the wrong place");
    }
  }
}

package org.wardian.compression;

import java.io.ByteArrayOutputStream;
import java.util.PriorityQueue;

/** A code for literals and its description (RFC 8878 §4.2): the inverse of {@link HuffmanTable}. */
final class HuffmanEncoder {
  private static final int MAX_BITS = 11;
  private static final int WEIGHT_ACCURACY = 6;
  private static final int SYMBOLS = 256;

  private final int[] codes = new int[SYMBOLS];
  private final int[] lengths;
  private final int[] weights = new int[SYMBOLS];
  private int lastSymbol;

  private record Node(long weight, int symbol, Node left, Node right) {}

  /**
   * A code for literals of the given frequencies, at least two of which are not 0.
   *
   * @param frequencies of 256 symbols
   */
  HuffmanEncoder(int... frequencies) {
    int[] scaled = frequencies.clone();
    int[] found = lengthsOf(scaled);
    while (max(found) > MAX_BITS) {
      for (int i = 0; i < SYMBOLS; i++) {
        scaled[i] = scaled[i] == 0 ? 0 : (scaled[i] >> 1) + 1;
      }
      found = lengthsOf(scaled);
    }
    lengths = found;
    int bits = max(lengths);
    for (int s = 0; s < SYMBOLS; s++) {
      if (lengths[s] > 0) {
        weights[s] = bits + 1 - lengths[s];
        lastSymbol = s;
      }
    }
    int position = 0;
    for (int weight = 1; weight <= bits; weight++) {
      for (int s = 0; s <= lastSymbol; s++) {
        if (weights[s] == weight) {
          codes[s] = position >> weight - 1;
          position += 1 << weight - 1;
        }
      }
    }
  }

  private static int max(int... values) {
    int most = 0;
    for (int value : values) {
      most = Math.max(most, value);
    }
    return most;
  }

  private static int[] lengthsOf(int... frequencies) {
    PriorityQueue<Node> queue =
        new PriorityQueue<>((a, b) ->
            a.weight != b.weight
                ? Long.compare(a.weight, b.weight)
                : Integer.compare(a.symbol, b.symbol));
    for (int s = 0; s < SYMBOLS; s++) {
      if (frequencies[s] > 0) {
        queue.add(new Node(frequencies[s], s, null, null));
      }
    }
    int inner = SYMBOLS;
    while (queue.size() > 1) {
      Node a = queue.remove();
      Node b = queue.remove();
      queue.add(new Node(a.weight + b.weight, inner++, a, b));
    }
    int[] lengths = new int[SYMBOLS];
    measure(queue.remove(), 0, lengths);
    return lengths;
  }

  private static void measure(Node node, int depth, int[] lengths) {
    if (node.left == null) {
      lengths[node.symbol] = depth;
    } else {
      measure(node.left, depth + 1, lengths);
      measure(node.right, depth + 1, lengths);
    }
  }

  /** The description, or null where the format has none for this code. */
  byte[] description() {
    byte[] packed = lastSymbol > 1 ? packedWeights() : null;
    if (packed != null
        && packed.length < 128
        && (lastSymbol > 128 || packed.length < lastSymbol / 2)) {
      byte[] all = new byte[packed.length + 1];
      all[0] = (byte) packed.length;
      System.arraycopy(packed, 0, all, 1, packed.length);
      return all;
    }
    if (lastSymbol > 128) {
      return null;
    }
    byte[] all = new byte[1 + (lastSymbol + 1) / 2];
    all[0] = (byte) (127 + lastSymbol);
    for (int s = 0; s < lastSymbol; s++) {
      all[1 + s / 2] |= (byte) (weights[s] << ((s & 1) == 0 ? 4 : 0));
    }
    return all;
  }

  /** Weights but the last one, by two states that take turns. */
  private byte[] packedWeights() {
    int[] counts = normalized();
    if (counts == null) {
      return null;
    }
    FseEncoder encoder = new FseEncoder(WEIGHT_ACCURACY, counts);
    BitsForward bits = new BitsForward();
    int at = lastSymbol;
    int one;
    int two;
    if ((at & 1) != 0) {
      one = encoder.first(weights[--at]);
      two = encoder.first(weights[--at]);
      one = encoder.next(one, weights[--at], bits);
    } else {
      two = encoder.first(weights[--at]);
      one = encoder.first(weights[--at]);
    }
    while (at > 0) {
      two = encoder.next(two, weights[--at], bits);
      one = encoder.next(one, weights[--at], bits);
    }
    encoder.last(two, bits);
    encoder.last(one, bits);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(describe(counts));
    all.writeBytes(bits.close());
    return all.toByteArray();
  }

  /** How many of 64 states each weight gets; null where one weight has all. */
  private int[] normalized() {
    int[] seen = new int[MAX_BITS + 2];
    int highest = 0;
    for (int s = 0; s < lastSymbol; s++) {
      seen[weights[s]]++;
      highest = Math.max(highest, weights[s]);
    }
    int size = 1 << WEIGHT_ACCURACY;
    int[] counts = new int[highest + 1];
    int left = size;
    int largest = 0;
    for (int w = 0; w <= highest; w++) {
      if (seen[w] == lastSymbol) {
        return null;
      }
      if (seen[w] > 0) {
        counts[w] = Math.max(1, seen[w] * size / lastSymbol);
        left -= counts[w];
        largest = seen[w] > seen[largest] ? w : largest;
      }
    }
    counts[largest] += left;
    return counts[largest] < 1 ? null : counts;
  }

  /** A table description, written forward from the least significant bit (RFC 8878 §4.1.1). */
  private static byte[] describe(int... counts) {
    BitsForward out = new BitsForward();
    out.add(WEIGHT_ACCURACY - 5, 4);
    int remaining = (1 << WEIGHT_ACCURACY) + 1;
    int threshold = 1 << WEIGHT_ACCURACY;
    int width = WEIGHT_ACCURACY + 1;
    int symbol = 0;
    while (remaining > 1) {
      int count = counts[symbol++];
      int small = 2 * threshold - 1 - remaining;
      int value = count + 1;
      remaining -= count;
      if (value >= threshold) {
        value += small;
      }
      out.add(value, value < small ? width - 1 : width);
      if (count == 0) {
        int zeros = 0;
        while (counts[symbol + zeros] == 0) {
          zeros++;
        }
        symbol += zeros;
        for (; zeros >= 3; zeros -= 3) {
          out.add(3, 2);
        }
        out.add(zeros, 2);
      }
      while (remaining < threshold) {
        width--;
        threshold >>= 1;
      }
    }
    return out.closeForward();
  }

  /** Codes literals into one stream. */
  byte[] encode(byte[] literals, int from, int to) {
    BitsForward bits = new BitsForward();
    for (int i = to - 1; i >= from; i--) {
      int symbol = literals[i] & 0xff;
      bits.add(codes[symbol], lengths[symbol]);
    }
    return bits.close();
  }
}

package org.wardian.network.nat;

/**
 * Disjoint ranges of TCP sequence numbers above a base, in order, up to a number of them. All lie
 * within 2^31 of each other, so that differences tell the order (RFC 9293 §3.4).
 */
final class SequenceRanges {
  private final int[] edges;
  private int count;

  /** The range that was touched last, for the first block of a SACK option. */
  private int latest;

  SequenceRanges(int most) {
    edges = new int[2 * most];
  }

  int count() {
    return count;
  }

  boolean isEmpty() {
    return count == 0;
  }

  int first(int index) {
    return edges[2 * index];
  }

  int end(int index) {
    return edges[2 * index + 1];
  }

  void clear() {
    count = 0;
  }

  /**
   * Adds a range, joined with those that it touches.
   *
   * @return false where there are too many already
   */
  boolean add(int from, int to) {
    int low = 0;
    while (low < count && end(low) - from < 0) {
      low++;
    }
    int high = low;
    int start = from;
    int end = to;
    while (high < count && first(high) - to <= 0) {
      start = first(high) - start < 0 ? first(high) : start;
      end = end(high) - end > 0 ? end(high) : end;
      high++;
    }
    if (high == low && 2 * count == edges.length) {
      return false;
    }
    int shift = 1 - (high - low);
    System.arraycopy(edges, 2 * high, edges, 2 * (high + shift), 2 * (count - high));
    count += shift;
    edges[2 * low] = start;
    edges[2 * low + 1] = end;
    latest = start;
    return true;
  }

  /** Removes all that lies below a number. */
  void removeBelow(int number) {
    int gone = 0;
    while (gone < count && end(gone) - number <= 0) {
      gone++;
    }
    if (gone > 0) {
      System.arraycopy(edges, 2 * gone, edges, 0, 2 * (count - gone));
      count -= gone;
    }
    if (count > 0 && first(0) - number < 0) {
      edges[0] = number;
    }
  }

  /**
   * Fills in blocks of a SACK option, the range that grew last first (RFC 2018 §4).
   *
   * @param blocks room for {@code most} pairs
   * @return how many
   */
  int blocks(int[] blocks, int most) {
    int filled = 0;
    for (int i = 0; i < count && filled < 1; i++) {
      if (first(i) == latest) {
        blocks[0] = first(i);
        blocks[1] = end(i);
        filled = 1;
      }
    }
    for (int i = 0; i < count && filled < most; i++) {
      if (filled == 0 || first(i) != blocks[0]) {
        blocks[2 * filled] = first(i);
        blocks[2 * filled + 1] = end(i);
        filled++;
      }
    }
    return filled;
  }
}

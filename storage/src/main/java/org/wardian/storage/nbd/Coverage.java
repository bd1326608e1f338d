package org.wardian.storage.nbd;

import java.util.Map;
import java.util.TreeMap;

/** Which bytes of a read have come, in whatever order the server sends them. */
final class Coverage {
  /** Ranges out of order at most: who sends more means no good. */
  private static final int MOST_RANGES = 1 << 16;

  private final long length;
  private long inOrder;
  private TreeMap<Long, Long> others;

  /** Nothing of {@code length} bytes has come. */
  Coverage(long length) {
    this.length = length;
  }

  /**
   * Bytes have come.
   *
   * @throws ProtocolException where they lie outside, or have come before
   */
  void add(long start, long bytes) throws ProtocolException {
    if (start < 0 || bytes <= 0 || start > length || bytes > length - start) {
      throw new ProtocolException("the server sent data outside of what was asked for");
    }
    long end = start + bytes;
    if (start == inOrder && others == null) {
      inOrder = end;
      return;
    }
    if (others == null) {
      others = new TreeMap<>();
      others.put(0L, inOrder);
    }
    Map.Entry<Long, Long> before = others.floorEntry(start);
    Map.Entry<Long, Long> after = others.ceilingEntry(start);
    if (before != null && before.getValue() > start || after != null && after.getKey() < end) {
      throw new ProtocolException("the server sent the same data twice");
    }
    long from = before != null && before.getValue() == start ? before.getKey() : start;
    if (after != null && after.getKey() == end) {
      others.remove(after.getKey());
      end = after.getValue();
    }
    others.put(from, end);
    if (others.size() > MOST_RANGES) {
      throw new ProtocolException("the server sent a read in too many pieces");
    }
  }

  /** Whether all has come. */
  boolean complete() {
    return others == null ? inOrder == length : others.size() == 1 && others.get(0L) == length;
  }
}

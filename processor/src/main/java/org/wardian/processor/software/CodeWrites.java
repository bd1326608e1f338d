package org.wardian.processor.software;

import java.util.Arrays;

/**
 * Writes to code that a vCPU has yet to hear of, one entry for each 64 bytes with what of them was
 * written. A hash table without removal; guarded by its user.
 */
final class CodeWrites {
  /** Where the bytes from {@code address} on were written, all within a page. */
  interface Consumer {
    /**
     * @param times how often
     */
    void written(long address, int length, int times);
  }

  private static final int LINE_BITS = 6;
  private static final int SLOTS = 1 << 11;
  private static final int MOST = SLOTS / 2;
  private static final long NONE = -1;

  private final long[] lines = new long[SLOTS];
  private final byte[] first = new byte[SLOTS];
  private final byte[] last = new byte[SLOTS];
  private final int[] times = new int[SLOTS];
  private int count;
  private boolean lost;

  CodeWrites() {
    Arrays.fill(lines, NONE);
  }

  /** Notes {@code length} bytes from {@code address} on. */
  void add(long address, int length) {
    long end = address + length;
    for (long at = address; at < end; ) {
      long line = at >>> LINE_BITS;
      long next = Math.min(end, line + 1 << LINE_BITS);
      add(line, (int) at & 63, (int) (next - 1) & 63);
      at = next;
    }
  }

  private void add(long line, int from, int to) {
    int slot = (int) (line ^ line >>> 11) & SLOTS - 1;
    while (lines[slot] != line) {
      if (lines[slot] == NONE) {
        if (count == MOST) {
          lost = true;
          return;
        }
        count++;
        lines[slot] = line;
        first[slot] = (byte) from;
        last[slot] = (byte) to;
        times[slot] = 0;
        break;
      }
      slot = slot + 1 & SLOTS - 1;
    }
    first[slot] = (byte) Math.min(first[slot], from);
    last[slot] = (byte) Math.max(last[slot], to);
    times[slot] = Math.min(times[slot] + 1, Short.MAX_VALUE);
  }

  /** Whether there were more than could be kept: any code may have been written. */
  boolean lost() {
    return lost;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** Tells of all. */
  void forEach(Consumer consumer) {
    for (int slot = 0; count != 0 && slot < SLOTS; slot++) {
      if (lines[slot] != NONE) {
        consumer.written(
            (lines[slot] << LINE_BITS) + first[slot], last[slot] - first[slot] + 1, times[slot]);
      }
    }
  }

  /** Forgets all. */
  void clear() {
    if (count != 0) {
      Arrays.fill(lines, NONE);
    }
    count = 0;
    lost = false;
  }
}

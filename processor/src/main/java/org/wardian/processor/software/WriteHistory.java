package org.wardian.processor.software;

/**
 * How often pages that hold code were written. A page whose frame has become one of data, or which
 * mixes code with data, is watched at the price of a way to Java for each write; after some writes
 * forgetting its code is cheaper. Each time that turns out wrong, because it is executed again, the
 * patience with it doubles.
 *
 * <p>Pages share slots: what a neighbour's writes can change is speed.
 */
final class WriteHistory {
  private static final int SLOTS = 4096;
  private static final int FIRST = 16;

  /** As many slow writes cost about as much as finding and translating a page's code anew. */
  private static final int MOST = 1024;

  private final long[] pages = new long[SLOTS];
  private final short[] patience = new short[SLOTS];
  private final short[] left = new short[SLOTS];

  /**
   * Notes writes to a page with code.
   *
   * @param page number of its frame
   * @param times how many
   * @return whether its code should be forgotten
   */
  boolean exhausted(long page, int times) {
    int slot = (int) page & SLOTS - 1;
    if (pages[slot] != page || patience[slot] == 0) {
      pages[slot] = page;
      patience[slot] = FIRST;
      left[slot] = FIRST;
    }
    left[slot] = (short) Math.max(left[slot] - times, 0);
    if (left[slot] > 0) {
      return false;
    }
    patience[slot] = (short) Math.min(2 * patience[slot], MOST);
    left[slot] = patience[slot];
    return true;
  }
}

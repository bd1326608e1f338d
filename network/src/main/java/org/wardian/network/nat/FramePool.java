package org.wardian.network.nat;

import java.util.ArrayDeque;
import org.wardian.network.Frame;

/** Byte arrays for frames, used again and again: a short kind and a long one. */
final class FramePool {
  private static final int SHORT = 2048;
  private static final int LONG = Frame.LONGEST + 64;
  private static final int MOST_SHORT = 256;
  private static final int MOST_LONG = 16;

  private final ArrayDeque<byte[]> shorts = new ArrayDeque<>();
  private final ArrayDeque<byte[]> longs = new ArrayDeque<>();

  /** An array of at least {@code size} bytes, of unspecified content. */
  byte[] take(int size) {
    ArrayDeque<byte[]> pool = size <= SHORT ? shorts : longs;
    byte[] array = pool.pollFirst();
    return array != null ? array : new byte[size <= SHORT ? SHORT : LONG];
  }

  void giveBack(byte[] array) {
    if (array.length == SHORT && shorts.size() < MOST_SHORT) {
      shorts.addFirst(array);
    } else if (array.length == LONG && longs.size() < MOST_LONG) {
      longs.addFirst(array);
    }
  }
}

package org.wardian.storage.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Bits of a disk's ranges that were written, in memory. Any thread may set. */
final class DirtyBitmap {
  /** Bits at most: 128 MiB of memory. */
  static final long MOST = 1L << 30;

  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  final BitmapDirectory.Entry entry;
  private volatile long[] words;
  private volatile long bits;

  DirtyBitmap(BitmapDirectory.Entry entry, long size) {
    this.entry = entry;
    bits = bitsFor(size);
    words = new long[(int) (bits + 63 >>> 6)];
  }

  private long bitsFor(long size) {
    long granularity = 1L << entry.granularityBits();
    return (size + granularity - 1) / granularity;
  }

  /** Whether so large a disk's bits fit. */
  static boolean fits(BitmapDirectory.Entry entry, long size) {
    return entry.granularityBits() >= 9
        && entry.granularityBits() <= 31
        && size >>> entry.granularityBits() < MOST;
  }

  /** Bytes of all bits. */
  long bytes() {
    return bits + 7 >>> 3;
  }

  void setRange(long offset, long length) {
    if (length <= 0) {
      return;
    }
    long last = Math.min(bits - 1, offset + length - 1 >>> entry.granularityBits());
    long[] all = words;
    for (long bit = offset >>> entry.granularityBits(); bit <= last; bit++) {
      int word = (int) (bit >>> 6);
      long mask = 1L << bit;
      if (((long) WORDS.getOpaque(all, word) & mask) == 0) {
        WORDS.getAndBitwiseOr(all, word, mask);
      }
    }
  }

  /** Byte {@code index} of the bits, the first bit lowest. */
  byte get(long index) {
    int word = (int) (index >>> 3);
    return word < words.length ? (byte) (words[word] >>> (index & 7) * 8) : 0;
  }

  /** Adds the bits of a byte. */
  void put(long index, byte value) {
    long first = index * 8;
    for (int i = 0; i < 8; i++) {
      if ((value >>> i & 1) != 0 && first + i < bits) {
        words[(int) (first + i >>> 6)] |= 1L << first + i;
      }
    }
  }

  /** The disk has another size; new bits are set, for what is there was never saved. */
  void resize(long size) {
    long before = bits;
    long now = bitsFor(size);
    words = java.util.Arrays.copyOf(words, (int) (now + 63 >>> 6));
    bits = now;
    if (now > before) {
      setRange(before << entry.granularityBits(), size);
    } else if ((now & 63) != 0) {
      words[words.length - 1] &= (1L << now) - 1;
    }
  }
}

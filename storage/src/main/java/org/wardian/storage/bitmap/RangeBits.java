package org.wardian.storage.bitmap;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * A bit for each range of a disk. Any thread may set, clear and look; the last range may be cut off
 * by the disk's end. Changes of the size, and of all bits at once, are the caller's to keep apart
 * from other changes.
 */
public final class RangeBits {
  /** Bits at most: 128 MiB of memory. */
  public static final long MOST = 1L << 30;

  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private final int shift;
  private volatile long[] words;
  private volatile long bits;
  private volatile long size;

  /**
   * Bits that are all clear.
   *
   * @param shift log2 of the bytes of a range
   * @param size bytes of the disk
   * @throws IllegalArgumentException where there would be more than {@link #MOST}
   */
  public RangeBits(int shift, long size) {
    if (!fits(shift, size)) {
      throw new IllegalArgumentException(
          "a disk of " + size + " bytes has too many ranges of 2^" + shift + " bytes");
    }
    this.shift = shift;
    this.size = size;
    bits = bitsFor(size);
    words = new long[wordsFor(bits)];
  }

  /** Whether a disk has so few ranges of that size that their bits can be kept. */
  public static boolean fits(int shift, long size) {
    return shift >= 9 && shift <= 31 && size >>> shift < MOST;
  }

  private long bitsFor(long bytes) {
    return bitsFor(shift, bytes);
  }

  private static long bitsFor(int shift, long bytes) {
    return (bytes >>> shift) + ((bytes & (1L << shift) - 1) == 0 ? 0 : 1);
  }

  private static int wordsFor(long count) {
    return (int) (count + 63 >>> 6);
  }

  /** Log2 of the bytes of a range. */
  public int shift() {
    return shift;
  }

  /** Bytes of a range. */
  public long granularity() {
    return 1L << shift;
  }

  /** Bytes of the disk. */
  public long size() {
    return size;
  }

  /** Bytes that all bits take, eight a byte. */
  public long storedBytes() {
    return bits + 7 >>> 3;
  }

  /** {@link #storedBytes} of bits that need not be made. */
  public static long storedBytes(int shift, long size) {
    return bitsFor(shift, size) + 7 >>> 3;
  }

  /** Sets the bits of all ranges that a run of bytes touches. */
  public void set(long offset, long length) {
    if (length > 0) {
      change(offset >>> shift, Math.min(bits, (offset + length - 1 >>> shift) + 1), true);
    }
  }

  /** Clears the bits of all ranges that a run of bytes touches. */
  public void clear(long offset, long length) {
    if (length > 0) {
      change(offset >>> shift, Math.min(bits, (offset + length - 1 >>> shift) + 1), false);
    }
  }

  private void change(long first, long end, boolean value) {
    long[] all = words;
    long bit = first;
    while (bit < end) {
      int word = (int) (bit >>> 6);
      long stop = Math.min(end, (bit | 63) + 1);
      long mask = -1L << bit;
      if ((stop & 63) != 0) {
        mask &= (1L << stop) - 1;
      }
      long now = (long) WORDS.getVolatile(all, word);
      if (value && (now & mask) != mask) {
        WORDS.getAndBitwiseOr(all, word, mask);
      } else if (!value && (now & mask) != 0) {
        WORDS.getAndBitwiseAnd(all, word, ~mask);
      }
      bit = stop;
    }
  }

  /** Whether the range of a byte has its bit set. */
  public boolean isSet(long offset) {
    long bit = offset >>> shift;
    return bit < bits && ((long) WORDS.getVolatile(words, (int) (bit >>> 6)) >>> bit & 1) != 0;
  }

  /** The start of the first range at or behind a byte whose bit is set; -1 where there is none. */
  public long nextSet(long offset) {
    long bit = next(offset >>> shift, bits, 0);
    return bit < 0 ? -1 : bit << shift;
  }

  /**
   * Where the bits that are set end.
   *
   * @param offset in a range whose bit is set
   * @param most the bytes to look at
   * @return the start of the first range at or behind {@code offset} whose bit is clear; {@code
   *     offset + most}, or the disk's end, where that comes first
   */
  public long nextClear(long offset, long most) {
    long end = Math.min(offset + most, size);
    long bit = next(offset >>> shift, Math.min(bits, bitsFor(end)), -1);
    return bit < 0 ? end : Math.min(end, bit << shift);
  }

  private long next(long first, long end, long flipped) {
    long[] all = words;
    long bit = first;
    while (bit < end) {
      long word = ((long) WORDS.getVolatile(all, (int) (bit >>> 6)) ^ flipped) & -1L << bit;
      if (word != 0) {
        long found = (bit & ~63L) + Long.numberOfTrailingZeros(word);
        return found < end ? found : -1;
      }
      bit = (bit | 63) + 1;
    }
    return -1;
  }

  /** Bytes of all ranges whose bit is set, as QEMU counts them: the last range is whole. */
  public long count() {
    long[] all = words;
    long sum = 0;
    for (int i = 0; i < all.length; i++) {
      sum += Long.bitCount((long) WORDS.getVolatile(all, i));
    }
    return sum << shift;
  }

  /** Sets here what is set there, for a disk of the same size; ranges may have other sizes. */
  public void merge(RangeBits other) {
    long at = other.nextSet(0);
    while (at >= 0) {
      long end = other.nextClear(at, Long.MAX_VALUE - at);
      set(at, end - at);
      at = end >= other.size ? -1 : other.nextSet(end);
    }
  }

  /** The same bits, apart from these. */
  public RangeBits copy() {
    RangeBits copy = new RangeBits(shift, size);
    copy.words = words.clone();
    return copy;
  }

  /** Clears all. */
  public void clearAll() {
    clear(0, size);
  }

  /** Byte {@code index} of the bits as they are stored, the first bit lowest. */
  public byte get(long index) {
    int word = (int) (index >>> 3);
    long[] all = words;
    return word < all.length ? (byte) ((long) WORDS.getVolatile(all, word) >>> (index & 7) * 8) : 0;
  }

  /** Adds the bits of a byte as they are stored. */
  public void put(long index, byte value) {
    long first = index * 8;
    for (int i = 0; i < 8; i++) {
      if ((value >>> i & 1) != 0 && first + i < bits) {
        change(first + i, first + i + 1, true);
      }
    }
  }

  /** The disk has another size; new bits are set, for what is there was never saved. */
  public void resize(long bytes) {
    long before = bits;
    long now = bitsFor(bytes);
    long[] all = Arrays.copyOf(words, wordsFor(now));
    if (now < before && (now & 63) != 0) {
      all[all.length - 1] &= (1L << now) - 1;
    }
    words = all;
    bits = now;
    size = bytes;
    change(before, now, true);
  }
}

package org.wardian.host;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Runs of host memory for a scattered transfer, taken in turn, laid out as {@code struct iovec}:
 * what a long list of small buffers would be, without an object for each.
 *
 * <p>Nothing here keeps the memory mapped, and no address is checked: whoever makes one holds the
 * memory for as long as it is used. One thread at a time.
 */
public final class IoVectors {
  private static final byte[] ZEROES = new byte[4096];

  /** By run: address, bytes. */
  private final long[] runs;

  private final int end;

  /** The first run that has bytes left, once the one before it is done. */
  private int first;

  private long remaining;

  /**
   * Runs of memory.
   *
   * @param runs by run the host address of its first byte and its length in bytes, which is
   *     positive; taken over
   * @param count number of runs
   */
  public IoVectors(long[] runs, int count) {
    this.runs = runs;
    this.end = 2 * count;
    long bytes = 0;
    for (int i = 1; i < end; i += 2) {
      bytes += runs[i];
    }
    this.remaining = bytes;
  }

  /** Bytes that are left. */
  public long remaining() {
    return remaining;
  }

  /** Runs that are left. */
  public int count() {
    return end - first >> 1;
  }

  /** Moves over {@code bytes}. */
  public void skip(long bytes) {
    require(bytes);
    remaining -= bytes;
    if (remaining == 0) {
      first = end;
      return;
    }
    long left = bytes;
    while (left >= runs[first + 1]) {
      left -= runs[first + 1];
      first += 2;
    }
    runs[first] += left;
    runs[first + 1] -= left;
  }

  /** The next {@code bytes} as a list of their own; this one moves over them. */
  public IoVectors take(long bytes) {
    require(bytes);
    int last = first;
    long left = bytes;
    while (left > 0) {
      left -= runs[last + 1];
      last += 2;
    }
    long[] taken = Arrays.copyOfRange(runs, first, last);
    if (left < 0) {
      taken[taken.length - 1] += left;
    }
    skip(bytes);
    return new IoVectors(taken, taken.length / 2);
  }

  /** Puts {@code bytes} zeroes. */
  public void putZeroes(long bytes) {
    require(bytes);
    long left = bytes;
    while (left > 0) {
      ByteBuffer to = view(first);
      int step = (int) Math.min(Math.min(left, to.remaining()), ZEROES.length);
      to.put(0, ZEROES, 0, step);
      skip(step);
      left -= step;
    }
  }

  private void require(long bytes) {
    if (bytes < 0 || bytes > remaining) {
      throw new IndexOutOfBoundsException(bytes + " bytes of " + remaining);
    }
  }

  /** A view of each run that is left, little-endian, good for as long as the memory is. */
  public ByteBuffer[] buffers() {
    ByteBuffer[] views = new ByteBuffer[count()];
    for (int i = 0; i < views.length; i++) {
      views[i] = view(first + 2 * i);
    }
    return views;
  }

  @SuppressWarnings("restricted") // whoever made this holds the memory
  private ByteBuffer view(int at) {
    return MemorySegment.ofAddress(runs[at])
        .reinterpret(runs[at + 1])
        .asByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Writes {@code struct iovec}s.
   *
   * @param most bytes that they may describe together
   * @param limit how many there may be
   * @return how many there are
   */
  int describe(MemorySegment to, long most, int limit) {
    int used = Math.min(limit, count());
    MemorySegment.copy(runs, first, to, ValueLayout.JAVA_LONG, 0, 2 * used);
    if (most < remaining) {
      long left = most;
      for (int i = 0; i < used; i++) {
        long bytes = runs[first + 2 * i + 1];
        if (bytes >= left) {
          to.setAtIndex(ValueLayout.JAVA_LONG, 2L * i + 1, left);
          return i + 1;
        }
        left -= bytes;
      }
    }
    return used;
  }
}

package org.wardian.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.host.Mapping;

/**
 * A region with the host memory behind it and what is known of its pages: which hold decoded code,
 * which were written since the last collection of the dirty log.
 *
 * <p>The host memory is unmapped when the last hold is given back; the address space has one.
 */
final class Backing {
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle CHUNK = MethodHandles.arrayElementVarHandle(long[][].class);

  /** Pages whose code marks lie in one array, which exists once one of them is set. */
  private static final int CHUNK_BITS = 10;

  final GuestMemory.Region region;
  final long base;
  final long size;
  final int pages;

  private final Mapping mapping;
  private final AtomicInteger holds = new AtomicInteger(1);

  /** By page a bit for each code listener that holds code of it. */
  private final long[][] code;

  /** A bit for each page written since the last collection; null while there is no log. */
  private volatile long[] dirty;

  /** What the collection in progress found. */
  private long[] collected;

  Backing(GuestMemory.Region region, Mapping mapping) {
    this.region = region;
    this.mapping = mapping;
    this.base = region.base();
    this.size = region.size();
    this.pages = (int) (size / GuestMemory.PAGE);
    this.code = new long[(pages - 1 >> CHUNK_BITS) + 1][];
  }

  boolean contains(long address) {
    return address - base >= 0 && address - base < size;
  }

  /** Whether it has {@code length} bytes from {@code address} on. */
  boolean contains(long address, int length) {
    return contains(address) && length >= 0 && size - (address - base) >= length;
  }

  int page(long address) {
    return (int) ((address - base) >>> 12);
  }

  long host(long address) {
    return region.host() + (address - base);
  }

  /** A view of {@code length} bytes, little-endian; the caller holds the memory. */
  ByteBuffer buffer(long address, int length) {
    return mapping
        .segment()
        .asSlice(address - base, length)
        .asByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Gives whole pages back to the host; they read as zero afterwards. */
  void discard(long address, long length) {
    mapping.adviseDontNeed(address - base, length);
  }

  /** As {@link GuestMemory#nextData}. */
  long nextData(long address) {
    return base + Math.min(size, mapping.nextData(address - base));
  }

  // ---- holds
  // ---------------------------------------------------------------------------------------

  /** Takes a hold; false where the memory is unmapped already. */
  boolean hold() {
    int before;
    do {
      before = holds.get();
      if (before == 0) {
        return false;
      }
    } while (!holds.compareAndSet(before, before + 1));
    return true;
  }

  /** Gives a hold back and unmaps with the last; true where this was it. */
  boolean release() {
    int left = holds.decrementAndGet();
    if (left < 0) {
      holds.incrementAndGet();
      throw new IllegalStateException(region.name() + " is not held");
    }
    if (left > 0) {
      return false;
    }
    mapping.close();
    return true;
  }

  // ---- code
  // ----------------------------------------------------------------------------------------

  /**
   * Sets {@code marks}; the bytes are read afterwards: whoever writes them later sees the marks.
   */
  void markCode(int page, long marks) {
    long[] chunk = (long[]) CHUNK.getAcquire(code, page >> CHUNK_BITS);
    if (chunk == null) {
      synchronized (code) {
        chunk = code[page >> CHUNK_BITS];
        if (chunk == null) {
          chunk = new long[Math.min(pages, 1 << CHUNK_BITS)];
          CHUNK.setRelease(code, page >> CHUNK_BITS, chunk);
        }
      }
    }
    WORD.getAndBitwiseOr(chunk, page & (1 << CHUNK_BITS) - 1, marks);
  }

  /** Clears {@code marks}. */
  void unmarkCode(int page, long marks) {
    long[] chunk = (long[]) CHUNK.getAcquire(code, page >> CHUNK_BITS);
    if (chunk != null) {
      WORD.getAndBitwiseAnd(chunk, page & (1 << CHUNK_BITS) - 1, ~marks);
    }
  }

  /** Clears {@code marks} on all pages. */
  void unmarkAll(long marks) {
    for (int page = 0; page < pages; page++) {
      if (CHUNK.getAcquire(code, page >> CHUNK_BITS) == null) {
        page |= (1 << CHUNK_BITS) - 1;
      } else {
        unmarkCode(page, marks);
      }
    }
  }

  /** Who holds code of the page: a bit for each listener. */
  long codeMarks(int page) {
    long[] chunk = (long[]) CHUNK.getAcquire(code, page >> CHUNK_BITS);
    return chunk == null ? 0 : (long) WORD.getOpaque(chunk, page & (1 << CHUNK_BITS) - 1);
  }

  /** The first page from {@code from} to {@code last} that holds code, or -1. */
  int nextCode(int from, int last) {
    int page = from;
    while (page <= last) {
      long[] chunk = (long[]) CHUNK.getAcquire(code, page >> CHUNK_BITS);
      int end = Math.min(last, page | (1 << CHUNK_BITS) - 1);
      if (chunk != null) {
        while (page <= end) {
          if ((long) WORD.getOpaque(chunk, page & (1 << CHUNK_BITS) - 1) != 0) {
            return page;
          }
          page++;
        }
      }
      page = end + 1;
    }
    return -1;
  }

  boolean isCode(int page) {
    return codeMarks(page) != 0;
  }

  // ---- dirty log
  // -----------------------------------------------------------------------------------

  void startLog() {
    dirty = new long[(pages - 1 >> 6) + 1];
    collected = new long[(pages - 1 >> 6) + 1];
  }

  void stopLog() {
    dirty = null;
    collected = null;
  }

  /** Whether the first store to {@code page} has to be reported yet. */
  boolean isClean(int page) {
    long[] bits = dirty;
    return bits != null && ((long) WORD.getOpaque(bits, page >> 6) >>> page & 1) == 0;
  }

  void dirtied(int page) {
    long[] bits = dirty;
    if (bits != null && ((long) WORD.getOpaque(bits, page >> 6) >>> page & 1) == 0) {
      WORD.getAndBitwiseOr(bits, page >> 6, 1L << page);
    }
  }

  void dirtied(int first, int last) {
    if (dirty != null) {
      for (int page = first; page <= last; page++) {
        dirtied(page);
      }
    }
  }

  void dirtyAll() {
    long[] bits = dirty;
    if (bits != null) {
      for (int word = 0; word < bits.length; word++) {
        int last = pages - 1 - (word << 6);
        WORD.setVolatile(bits, word, last >= 63 ? -1L : -1L >>> 63 - last);
      }
    }
  }

  /** Moves what was written into a bitmap of its own, and returns that. */
  long[] take() {
    long[] bits = dirty;
    for (int word = 0; word < bits.length; word++) {
      long found = (long) WORD.getOpaque(bits, word);
      collected[word] = found == 0 ? 0 : (long) WORD.getAndSet(bits, word, 0L);
    }
    return collected;
  }

  /** Leaves what {@link #take} took for the next collection too. */
  void putBack() {
    long[] bits = dirty;
    for (int word = 0; word < bits.length; word++) {
      if (collected[word] != 0) {
        WORD.getAndBitwiseOr(bits, word, collected[word]);
      }
    }
  }

  /** What {@link #take} took, or null where nothing was written. */
  long[] taken() {
    for (long word : collected) {
      if (word != 0) {
        return collected;
      }
    }
    return null;
  }
}

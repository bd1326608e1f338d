package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The mapping tables of an image, read a page at a time and kept while they are used: however large
 * a table claims to be, 2 MiB of it are in memory.
 */
final class TablePages {
  private static final int PAGE = 16 << 10;
  private static final int KEPT = 128;

  private final ByteSource source;
  private final ByteOrder order;
  private final Map<Long, ByteBuffer> pages =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, ByteBuffer> eldest) {
          return size() > KEPT;
        }
      };
  private long lastNumber = -1;
  private ByteBuffer lastPage;

  TablePages(ByteSource source, ByteOrder order) {
    this.source = source;
    this.order = order;
  }

  /** The 32-bit entry at {@code position}, a multiple of 4, without sign. */
  synchronized long entry32(long position) throws IOException {
    return Integer.toUnsignedLong(page(position, 4).getInt((int) (position % PAGE)));
  }

  /** The 64-bit entry at {@code position}, a multiple of 8. */
  synchronized long entry64(long position) throws IOException {
    return page(position, 8).getLong((int) (position % PAGE));
  }

  /**
   * How many of the next bits of a bitmap are the same as its bit {@code index}.
   *
   * @param bitmap where it begins
   * @param limit the most that are counted, at least 1
   * @param highFirst whether bit 0 is the highest of byte 0 (VHD) and not the lowest (VHDX)
   * @return the count; negative where the bits are 0
   */
  synchronized long run(long bitmap, long index, long limit, boolean highFirst) throws IOException {
    boolean first = bit(bitmap, index, highFirst);
    int same = first ? 0xff : 0;
    long end = index + limit;
    long at = index + 1;
    while (at < end) {
      if ((at & 7) == 0 && end - at >= 8 && oneByte(bitmap + (at >> 3)) == same) {
        at += 8;
      } else if (bit(bitmap, at, highFirst) == first) {
        at++;
      } else {
        break;
      }
    }
    return first ? at - index : index - at;
  }

  private boolean bit(long bitmap, long index, boolean highFirst) throws IOException {
    int shift = (int) (index & 7);
    return (oneByte(bitmap + (index >> 3)) >> (highFirst ? 7 - shift : shift) & 1) != 0;
  }

  private int oneByte(long position) throws IOException {
    return page(position, 1).get((int) (position % PAGE)) & 0xff;
  }

  private ByteBuffer page(long position, int width) throws IOException {
    if (position < 0 || position > source.size() - width) {
      throw source.cutOff(position, width);
    }
    long number = position / PAGE;
    if (number == lastNumber) {
      return lastPage;
    }
    ByteBuffer page = pages.get(number);
    if (page == null) {
      int length = (int) Math.min(PAGE, source.size() - number * PAGE);
      page = source.structure(number * PAGE, length, order);
      pages.put(number, page);
    }
    lastNumber = number;
    lastPage = page;
    return page;
  }
}

package org.wardian.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Which pages of this process's private memory the host has made (Linux,
 * Documentation/admin-guide/mm/pagemap.rst): the others are zero, and a look at them costs nothing.
 */
final class PageMap {
  /** The bits of an entry that any process may see of itself: in memory, or swapped out. */
  private static final long THERE = 1L << 63 | 1L << 62;

  private static final Path FILE = Path.of("/proc/self/pagemap");

  /** Entries of the first look, and of the widest: most looks find a page at once. */
  private static final int FIRST_LOOK = 512;

  private static final int WIDEST_LOOK = 64 << 10;

  private PageMap() {}

  /**
   * The first address from {@code address} to {@code end} whose page is there, or {@code end};
   * {@code address} where the host does not tell.
   */
  static long nextPage(long address, long end) {
    long page = Libc.GETPAGESIZE.call().value();
    long first = address / page;
    long last = (end + page - 1) / page;
    try (FileChannel file = FileChannel.open(FILE, StandardOpenOption.READ)) {
      int look = FIRST_LOOK;
      ByteBuffer entries = null;
      for (long at = first; at < last; at += look, look = Math.min(2 * look, WIDEST_LOOK)) {
        int bytes = (int) Math.min(look, last - at) * Long.BYTES;
        if (entries == null || entries.capacity() < bytes) {
          entries = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        }
        entries.clear().limit(bytes);
        while (entries.hasRemaining()) {
          if (file.read(entries, at * Long.BYTES + entries.position()) <= 0) {
            return address;
          }
        }
        int found = firstThere(entries.flip());
        if (found >= 0) {
          return Math.max(address, (at + found) * page);
        }
      }
      return end;
    } catch (IOException e) {
      return address; // a sandbox without /proc
    }
  }

  private static int firstThere(ByteBuffer entries) {
    for (int i = 0; i < entries.limit() / Long.BYTES; i++) {
      if ((entries.getLong(i * Long.BYTES) & THERE) != 0) {
        return i;
      }
    }
    return -1;
  }
}

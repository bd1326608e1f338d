package org.wardian.storage.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Which host clusters hold tables: no guest data may ever be written there, whatever a damaged or
 * hostile mapping says. A bit for each cluster, in chunks made as needed; looking up takes no lock.
 */
final class MetadataMap {
  private static final int CHUNK_BITS = 16;
  private static final int CHUNK_WORDS = 1 << CHUNK_BITS - 6;
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  /** Marks of tables in clusters beyond are dropped: 32 TiB of clusters of 512 bytes. */
  private static final long MOST = 1L << 36;

  private final long stored;

  private volatile long[][] chunks = new long[1][];

  /**
   * A map of nothing.
   *
   * @param clusters how many the file has
   */
  MetadataMap(long clusters) {
    stored = clusters;
  }

  /** Marks what a stored table names; what lies behind the file's end is nothing. */
  void addStored(long first, long count) {
    if (first >= 0 && first < stored) {
      add(first, Math.min(count, stored - first));
    }
  }

  /** Whether a cluster holds a table. */
  boolean contains(long cluster) {
    long[][] all = chunks;
    long chunk = cluster >>> CHUNK_BITS;
    if (chunk >= all.length) {
      return false;
    }
    long[] words = all[(int) chunk];
    return words != null
        && ((long) WORDS.getAcquire(words, (int) (cluster >>> 6) & CHUNK_WORDS - 1) >>> cluster & 1)
            != 0;
  }

  /** Marks {@code count} clusters; they hold tables from now on. */
  synchronized void add(long first, long count) {
    for (long cluster = first; cluster < first + count; cluster++) {
      set(cluster, true);
    }
  }

  /** Takes marks away. */
  synchronized void remove(long first, long count) {
    for (long cluster = first; cluster < first + count; cluster++) {
      set(cluster, false);
    }
  }

  private void set(long cluster, boolean value) {
    long chunk = cluster >>> CHUNK_BITS;
    if (cluster < 0 || cluster >= MOST) {
      return;
    }
    long[][] all = chunks;
    if (chunk >= all.length) {
      if (!value) {
        return;
      }
      all = java.util.Arrays.copyOf(all, (int) Math.max(chunk + 1, all.length * 2L));
      chunks = all;
    }
    long[] words = all[(int) chunk];
    if (words == null) {
      if (!value) {
        return;
      }
      words = new long[CHUNK_WORDS];
      all[(int) chunk] = words;
      chunks = all;
    }
    int index = (int) (cluster >>> 6) & CHUNK_WORDS - 1;
    long bit = 1L << cluster;
    WORDS.setRelease(words, index, value ? words[index] | bit : words[index] & ~bit);
  }
}

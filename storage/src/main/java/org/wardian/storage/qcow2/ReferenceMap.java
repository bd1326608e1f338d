package org.wardian.storage.qcow2;

import java.util.Arrays;

/** Users of each host cluster as a check counts them; memory only for parts that have any. */
final class ReferenceMap {
  private static final int CHUNK_BITS = 12;
  private static final int CHUNK = 1 << CHUNK_BITS;

  private int[][] chunks = new int[16][];
  private long end;

  /** One more than the last cluster with users, or less than that many with none behind. */
  long end() {
    return end;
  }

  int get(long cluster) {
    long chunk = cluster >>> CHUNK_BITS;
    return chunk >= chunks.length || chunks[(int) chunk] == null
        ? 0
        : chunks[(int) chunk][(int) cluster & CHUNK - 1];
  }

  /** Adds users; a count stays at the largest int. */
  void add(long cluster, int users) {
    int[] chunk = chunk(cluster);
    int index = (int) cluster & CHUNK - 1;
    int sum = chunk[index] + users;
    chunk[index] = sum < 0 ? Integer.MAX_VALUE : sum;
    end = Math.max(end, cluster + 1);
  }

  void set(long cluster, int users) {
    chunk(cluster)[(int) cluster & CHUNK - 1] = users;
    end = Math.max(end, cluster + 1);
  }

  /** Whether any cluster of {@code count} from {@code first} on has users. */
  boolean any(long first, long count) {
    long cluster = first;
    while (cluster < Math.min(end, first + count)) {
      long chunk = cluster >>> CHUNK_BITS;
      if (chunk >= chunks.length || chunks[(int) chunk] == null) {
        cluster = (chunk + 1) << CHUNK_BITS;
      } else if (get(cluster) != 0) {
        return true;
      } else {
        cluster++;
      }
    }
    return false;
  }

  private int[] chunk(long cluster) {
    int chunk = Math.toIntExact(cluster >>> CHUNK_BITS);
    if (chunk >= chunks.length) {
      chunks = Arrays.copyOf(chunks, Math.max(chunk + 1, chunks.length * 2));
    }
    if (chunks[chunk] == null) {
      chunks[chunk] = new int[CHUNK];
    }
    return chunks[chunk];
  }
}

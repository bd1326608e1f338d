package org.wardian.storage.qcow2;

/** A small set of longs without boxes: what is under way at one moment. */
final class LongSet {
  private long[] values = new long[16];
  private int size;

  boolean contains(long value) {
    for (int i = 0; i < size; i++) {
      if (values[i] == value) {
        return true;
      }
    }
    return false;
  }

  boolean isEmpty() {
    return size == 0;
  }

  void addRange(long first, long count) {
    if (size + count > values.length) {
      values = java.util.Arrays.copyOf(values, (int) Math.max(size + count, values.length * 2L));
    }
    for (long i = 0; i < count; i++) {
      values[size++] = first + i;
    }
  }

  void removeRange(long first, long count) {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (values[i] < first || values[i] >= first + count) {
        values[kept++] = values[i];
      }
    }
    size = kept;
  }
}

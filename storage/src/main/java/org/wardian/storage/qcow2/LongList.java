package org.wardian.storage.qcow2;

import java.util.Arrays;

/** A list of longs without boxes. */
final class LongList {
  private long[] values = new long[8];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  void addAll(LongList other) {
    for (int i = 0; i < other.size; i++) {
      add(other.values[i]);
    }
  }

  long get(int index) {
    return values[index];
  }

  int size() {
    return size;
  }

  void sort() {
    Arrays.sort(values, 0, size);
  }
}

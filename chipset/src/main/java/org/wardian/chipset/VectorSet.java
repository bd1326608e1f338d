package org.wardian.chipset;

import java.util.Arrays;
import java.util.List;

/** One bit for each of the 256 interrupt vectors: the APIC's IRR, ISR and TMR. */
final class VectorSet {
  private final int[] words = new int[8];

  void set(int vector) {
    words[vector >>> 5] |= 1 << (vector & 31);
  }

  void clear(int vector) {
    words[vector >>> 5] &= ~(1 << (vector & 31));
  }

  void put(int vector, boolean value) {
    if (value) {
      set(vector);
    } else {
      clear(vector);
    }
  }

  boolean get(int vector) {
    return (words[vector >>> 5] >>> (vector & 31) & 1) != 0;
  }

  /** The highest vector in the set, -1 when it is empty. */
  int highest() {
    for (int i = 7; i >= 0; i--) {
      if (words[i] != 0) {
        return 32 * i + 31 - Integer.numberOfLeadingZeros(words[i]);
      }
    }
    return -1;
  }

  /** The 32 bits from vector {@code 32 * index} on. */
  int word(int index) {
    return words[index];
  }

  void clear() {
    Arrays.fill(words, 0);
  }

  List<Integer> words() {
    return Arrays.stream(words).boxed().toList();
  }

  void words(List<Integer> values) {
    Arrays.setAll(words, values::get);
  }
}

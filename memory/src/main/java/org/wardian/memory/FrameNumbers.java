package org.wardian.memory;

import java.util.Map;
import java.util.TreeMap;

/**
 * Hands out runs of frame numbers, lowest first, so that a machine that adds and removes memory for
 * ever stays within the numbers that its largest memory needed. Guarded by its owner.
 */
final class FrameNumbers {
  /** First number to count, of what is in use. */
  private final TreeMap<Integer, Integer> used = new TreeMap<>();

  /**
   * A run of {@code count} numbers.
   *
   * @return the first of them
   * @throws IllegalArgumentException where no such run is left below 2<sup>31</sup>
   */
  int allocate(int count) {
    int first = 0;
    for (Map.Entry<Integer, Integer> run : used.entrySet()) {
      if (run.getKey() - first >= count) {
        break;
      }
      first = run.getKey() + run.getValue();
    }
    if (first > Integer.MAX_VALUE - count) {
      throw new IllegalArgumentException(count + " pages more are too many");
    }
    used.put(first, count);
    return first;
  }

  /** Gives back the run that starts at {@code first}. */
  void free(int first) {
    used.remove(first);
  }

  /** One more than the highest number in use. */
  int end() {
    Map.Entry<Integer, Integer> last = used.lastEntry();
    return last == null ? 0 : last.getKey() + last.getValue();
  }
}

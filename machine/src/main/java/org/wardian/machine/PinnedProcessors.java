package org.wardian.machine;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * On which of the host's processors each vCPU may run.
 *
 * @param hosts by number of the vCPU, from 0, the numbers of host processors; who is not named runs
 *     anywhere
 */
public record PinnedProcessors(Map<Integer, int[]> hosts) {
  /** Host processors have numbers below this: the size of the kernel's usual mask. */
  private static final int MOST = 1024;

  /** Everyone runs anywhere. */
  public static final PinnedProcessors NONE = new PinnedProcessors(Map.of());

  /**
   * Reads {@code 0:0,1:1}: pairs of a vCPU and a host processor, or {@code 0:2-3} for several.
   *
   * @throws IllegalArgumentException says what is wrong with the text
   */
  public static PinnedProcessors parse(String text) {
    Map<Integer, int[]> pins = new TreeMap<>();
    for (String pair : text.split(",", -1)) {
      int colon = pair.indexOf(':');
      if (colon < 0) {
        throw new IllegalArgumentException(
            "'" + pair + "' is no VCPU:HOST; an example is 0:0,1:2-3");
      }
      int vcpu = number(pair.substring(0, colon), pair);
      String range = pair.substring(colon + 1);
      int dash = range.indexOf('-');
      int first = number(dash < 0 ? range : range.substring(0, dash), pair);
      int last = dash < 0 ? first : number(range.substring(dash + 1), pair);
      if (last < first) {
        throw new IllegalArgumentException("'" + pair + "': the range is empty");
      }
      int[] more = java.util.stream.IntStream.rangeClosed(first, last).toArray();
      int[] before = pins.getOrDefault(vcpu, new int[0]);
      int[] both = Arrays.copyOf(before, before.length + more.length);
      System.arraycopy(more, 0, both, before.length, more.length);
      pins.put(vcpu, both);
    }
    return new PinnedProcessors(pins);
  }

  private static int number(String text, String pair) {
    if (text.isEmpty() || text.length() > 4 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new IllegalArgumentException("'" + pair + "' is no VCPU:HOST; an example is 0:0,1:2-3");
    }
    int value = Integer.parseInt(text);
    if (value >= MOST) {
      throw new IllegalArgumentException("'" + pair + "': numbers end at " + (MOST - 1));
    }
    return value;
  }

  /** The host processors of a vCPU; none where it runs anywhere. */
  int[] of(int vcpu) {
    return hosts.getOrDefault(vcpu, new int[0]);
  }
}

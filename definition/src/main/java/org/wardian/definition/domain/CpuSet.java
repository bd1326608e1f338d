package org.wardian.definition.domain;

import java.util.BitSet;
import java.util.Optional;

/** Lists of processors or nodes, such as {@code 0-3,^2,7}. */
public final class CpuSet {
  private static final int MOST = 16384;

  private CpuSet() {}

  /** The numbers of a list; empty where the text is none. */
  public static Optional<BitSet> parse(String text) {
    BitSet set = new BitSet();
    if (text.isBlank()) {
      return Optional.empty();
    }
    for (String part : text.split(",", -1)) {
      String range = part.strip();
      boolean without = range.startsWith("^");
      String[] ends = (without ? range.substring(1) : range).split("-", -1);
      int first = number(ends[0]);
      int last = ends.length == 1 ? first : ends.length == 2 ? number(ends[1]) : -1;
      if (first < 0 || last < first || (without && ends.length > 1)) {
        return Optional.empty();
      }
      set.set(first, last + 1, !without);
    }
    return Optional.of(set);
  }

  private static int number(String text) {
    String digits = text.strip();
    if (digits.isEmpty()
        || digits.length() > 5
        || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    int value = Integer.parseInt(digits);
    return value < MOST ? value : -1;
  }

  /** A list in its shortest form. */
  public static String format(BitSet set) {
    StringBuilder out = new StringBuilder();
    for (int first = set.nextSetBit(0); first >= 0; ) {
      int end = set.nextClearBit(first);
      out.append(out.isEmpty() ? "" : ",").append(first);
      if (end - first > 1) {
        out.append('-').append(end - 1);
      }
      first = set.nextSetBit(end);
    }
    return out.toString();
  }
}

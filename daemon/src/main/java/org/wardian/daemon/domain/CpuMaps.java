package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/** Sets of the host's processors: as lists such as {@code 0-3,8}, and as maps on the wire. */
final class CpuMaps {
  private static final int MOST = 1024;

  private CpuMaps() {}

  /** The host's running processors. */
  static BitSet ofHost() {
    try {
      return parse(Files.readString(Path.of("/sys/devices/system/cpu/online")));
    } catch (IOException e) {
      BitSet all = new BitSet();
      all.set(0, Runtime.getRuntime().availableProcessors());
      return all;
    }
  }

  /** From a list; {@code ^2} takes one out. What is no number is left out. */
  static BitSet parse(String text) {
    BitSet set = new BitSet();
    for (String part : text.strip().split(",")) {
      try {
        if (part.startsWith("^")) {
          set.clear(Integer.parseInt(part.substring(1).strip()));
          continue;
        }
        String[] ends = part.split("-");
        int first = Integer.parseInt(ends[0].strip());
        int last = ends.length > 1 ? Integer.parseInt(ends[1].strip()) : first;
        if (first >= 0 && last >= first && last < MOST) {
          set.set(first, last + 1);
        }
      } catch (NumberFormatException e) {
        // A list that was checked when it was defined has none of these.
      }
    }
    return set;
  }

  /** As a list. */
  static String format(BitSet set) {
    StringBuilder out = new StringBuilder();
    for (int first = set.nextSetBit(0); first >= 0; ) {
      int end = set.nextClearBit(first);
      if (!out.isEmpty()) {
        out.append(',');
      }
      out.append(first);
      if (end - first > 1) {
        out.append('-').append(end - 1);
      }
      first = set.nextSetBit(end);
    }
    return out.toString();
  }

  /** As a map of a length, a bit for each processor from the lowest. */
  static byte[] bytes(BitSet set, int length) {
    byte[] map = new byte[length];
    for (int i = set.nextSetBit(0); i >= 0 && i < length * 8; i = set.nextSetBit(i + 1)) {
      map[i / 8] |= (byte) (1 << i % 8);
    }
    return map;
  }
}

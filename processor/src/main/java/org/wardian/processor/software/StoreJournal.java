package org.wardian.processor.software;

import java.util.Arrays;
import java.util.HexFormat;
import org.wardian.memory.RawMemory;

/** What instructions stored to guest memory, so that it can be undone and compared. */
final class StoreJournal {
  private static final int CAPACITY = 2 * GuestBlock.LIMIT;

  /** Host addresses, what was there before and afterwards, and by which instruction. */
  private final long[] addresses = new long[CAPACITY];

  private final byte[][] old = new byte[CAPACITY][];
  private final byte[][] stored = new byte[CAPACITY][];
  private final int[] storedBy = new int[CAPACITY];
  private int count;

  void clear() {
    count = 0;
  }

  /** Instruction {@code by} is about to store {@code size} bytes at a host address. */
  void note(long address, int size, int by) {
    addresses[count] = address;
    old[count] = bytesAt(address, size);
    storedBy[count++] = by;
  }

  /** Forgets stores of instructions from {@code by} on, which did not come to them. */
  void drop(int by) {
    while (count > 0 && storedBy[count - 1] >= by) {
      count--;
    }
  }

  /** Makes memory what it was, and keeps what it had become. */
  void undo() {
    for (int n = count - 1; n >= 0; n--) {
      stored[n] = bytesAt(addresses[n], old[n].length);
      RawMemory.copy(old[n], 0, addresses[n], old[n].length);
    }
  }

  static byte[] bytesAt(long host, int length) {
    byte[] bytes = new byte[length];
    RawMemory.copy(host, bytes, 0, length);
    return bytes;
  }

  /** What the last store before instruction {@code n} left at each place must be there. */
  void compare(StringBuilder report, int n) {
    for (int s = 0; s < count; s++) {
      boolean later = false;
      for (int t = s + 1; t < count; t++) {
        later |= overlap(s, t) && storedBy[t] < n;
      }
      if (later) {
        continue;
      }
      byte[] wanted = storedBy[s] < n ? after(s, n) : old[s];
      byte[] found = bytesAt(addresses[s], old[s].length);
      if (storedBy[s] < n && !Arrays.equals(wanted, found)) {
        HexFormat hex = HexFormat.of();
        report
            .append("  store of instruction ")
            .append(storedBy[s] + 1)
            .append(": ")
            .append(hex.formatHex(wanted))
            .append("  ")
            .append(hex.formatHex(found))
            .append('\n');
      }
    }
  }

  private boolean overlap(int s, int t) {
    return addresses[t] < addresses[s] + old[s].length
        && addresses[s] < addresses[t] + old[t].length;
  }

  /** What store {@code s} left, if no later one that counts overlaps it. */
  private byte[] after(int s, int n) {
    for (int t = s + 1; t < count; t++) {
      if (overlap(s, t) && storedBy[t] >= n) {
        // The later one was not executed: what was there before it.
        byte[] bytes = stored[s].clone();
        for (int k = 0; k < old[t].length; k++) {
          long at = addresses[t] + k - addresses[s];
          if (at >= 0 && at < bytes.length) {
            bytes[(int) at] = old[t][k];
          }
        }
        return bytes;
      }
    }
    return stored[s];
  }
}

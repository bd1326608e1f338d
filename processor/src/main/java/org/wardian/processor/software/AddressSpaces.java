package org.wardian.processor.software;

import java.util.Arrays;
import org.wardian.memory.RawMemory;

/**
 * What the TLB held of pages that are not global when the guest left an address space, by its
 * process-context identifier: a write to CR3 that keeps translations gets it back. Source: Intel
 * SDM vol. 3 §4.10, "Process-Context Identifiers (PCIDs)".
 *
 * <p>The entries are copies, so what changes entries in the TLB for all address spaces must change
 * or drop these too.
 */
final class AddressSpaces {
  private static final int SPACES = 8;

  /** The most entries that are kept of one. */
  static final int ENTRIES = 128;

  /** An entry's place in the state block, then its four words. */
  private static final int WORDS = 5;

  private static final int PCID = 0xfff;
  private static final long NONE = -1;

  private final long[] roots = new long[SPACES];
  private final long[][] entries = new long[SPACES][ENTRIES * WORDS];
  private final int[] counts = new int[SPACES];
  private final boolean[] large = new boolean[SPACES];
  private final int[] generations = new int[SPACES];
  private int next;

  AddressSpaces() {
    clear();
  }

  /** Forgets all. */
  void clear() {
    Arrays.fill(roots, NONE);
  }

  /** Forgets the address space that has the identifier of {@code root}. */
  void forget(long root) {
    for (int n = 0; n < SPACES; n++) {
      if (roots[n] != NONE && ((roots[n] ^ root) & PCID) == 0) {
        roots[n] = NONE;
      }
    }
  }

  /** Number of the space of {@code root}, a value of CR3, or -1. */
  int find(long root) {
    for (int n = 0; n < SPACES; n++) {
      if (roots[n] == root) {
        return n;
      }
    }
    return -1;
  }

  /**
   * Starts to note a space; returns its number for {@link #add}.
   *
   * @param pieces whether pieces of large pages are among its entries
   * @param generation of the mapping as user code sees it
   */
  int begin(long root, boolean pieces, int generation) {
    int n = find(root);
    if (n < 0) {
      forget(root);
      n = next;
      next = (next + 1) % SPACES;
    }
    roots[n] = root;
    counts[n] = 0;
    large[n] = pieces;
    generations[n] = generation;
    return n;
  }

  /** Adds the entry at {@code offset} in the state block. */
  void add(int n, long state, int offset) {
    long e = state + offset;
    long[] into = entries[n];
    int at = counts[n]++ * WORDS;
    into[at] = offset;
    into[at + 1] = RawMemory.getLong(e);
    into[at + 2] = RawMemory.getLong(e + 8);
    into[at + 3] = RawMemory.getLong(e + 16);
    into[at + 4] = RawMemory.getLong(e + 24);
  }

  int count(int n) {
    return counts[n];
  }

  int generation(int n) {
    return generations[n];
  }

  boolean pieces(int n) {
    return large[n];
  }

  /** Where entry {@code k} of space {@code n} belongs in the state block. */
  int offset(int n, int k) {
    return (int) entries[n][k * WORDS];
  }

  /** Writes entry {@code k} of space {@code n} back to its place. */
  void restore(int n, int k, long state) {
    long[] from = entries[n];
    int at = k * WORDS;
    long e = state + from[at];
    RawMemory.putLong(e, from[at + 1]);
    RawMemory.putLong(e + 8, from[at + 2]);
    RawMemory.putLong(e + 16, from[at + 3]);
    RawMemory.putLong(e + 24, from[at + 4]);
  }

  /** Makes stores to a guest-physical page take the slow path. */
  void flushWrites(long physicalPage) {
    for (int n = 0; n < SPACES; n++) {
      for (int k = 0; roots[n] != NONE && k < counts[n]; k++) {
        int at = k * WORDS;
        if ((entries[n][at + 4] & Mmu.PAGE_MASK) == physicalPage) {
          entries[n][at + 2] = -1;
        }
      }
    }
  }
}

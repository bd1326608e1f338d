package org.wardian.storage.qcow2;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Parts of L2 tables by their place in the file: a table of sets of eight, read without a lock and
 * without allocation. What is dirty stays until it is written; where a set is full of such, an
 * overflow takes the rest.
 */
final class L2Cache {
  private static final int WAYS = 8;

  private final AtomicReferenceArray<L2Slice> ways;
  private final int sets;
  private final Map<Long, L2Slice> overflow = new HashMap<>();
  private List<L2Slice> dirty = new ArrayList<>();
  private int hand;

  /**
   * An empty cache.
   *
   * @param bytes memory for entries, rounded to a power of two of sets
   */
  L2Cache(int bytes, int sliceBytes) {
    sets = Integer.highestOneBit(Math.max(1, bytes / sliceBytes / WAYS));
    ways = new AtomicReferenceArray<>(sets * WAYS);
  }

  /** The cached slice at {@code offset}, or null; without a lock, the overflow is not seen. */
  L2Slice find(long offset) {
    int first = set(offset);
    for (int i = first; i < first + WAYS; i++) {
      L2Slice slice = ways.getAcquire(i);
      if (slice != null && slice.offset == offset) {
        if (!slice.used) {
          slice.used = true;
        }
        return slice;
      }
    }
    return null;
  }

  /** {@link #find}, by who holds the tables' lock. */
  L2Slice findLocked(long offset) {
    L2Slice slice = find(offset);
    return slice == null && !overflow.isEmpty() ? overflow.get(offset) : slice;
  }

  /** Adds a slice that is not cached. */
  void add(L2Slice slice) {
    int first = set(slice.offset);
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < WAYS; i++) {
        int way = first + (hand + i) % WAYS;
        L2Slice old = ways.get(way);
        if (old == null || !old.dirty && !old.writing && !old.used) {
          hand = way + 1;
          ways.setRelease(way, slice);
          return;
        }
        old.used = false;
      }
    }
    overflow.put(slice.offset, slice);
  }

  private int set(long offset) {
    long mixed = (offset >>> 9) * 0x9e3779b97f4a7c15L;
    return (int) (mixed >>> 40) % sets * WAYS;
  }

  void markDirty(L2Slice slice) {
    if (!slice.dirty) {
      slice.dirty = true;
      dirty.add(slice);
    }
  }

  /** How many slices are to be written. */
  int dirtyCount() {
    return dirty.size();
  }

  /** How many slices lie outside the sets. */
  int overflowCount() {
    return overflow.size();
  }

  /** The dirty slices, which are clean and being written from now on. */
  List<L2Slice> takeDirty() {
    List<L2Slice> taken = dirty;
    dirty = new ArrayList<>();
    for (L2Slice slice : taken) {
      slice.dirty = false;
      slice.writing = true;
    }
    return taken;
  }

  /** Slices of {@link #takeDirty} are in the file, or were not written and are dirty again. */
  void written(List<L2Slice> slices, boolean done) {
    for (L2Slice slice : slices) {
      slice.writing = false;
      if (!done) {
        markDirty(slice);
      }
    }
    if (!overflow.isEmpty()) {
      overflow.values().removeIf(slice -> !slice.dirty && !slice.writing);
    }
  }

  /** Forgets all; nothing is dirty. */
  void clear() {
    for (int i = 0; i < ways.length(); i++) {
      ways.setRelease(i, null);
    }
    overflow.clear();
    dirty.clear();
  }

  /** Forgets what is cached of a range of the file, also where it is dirty. */
  void drop(long offset, long bytes) {
    for (int i = 0; i < ways.length(); i++) {
      L2Slice slice = ways.get(i);
      if (slice != null && slice.offset >= offset && slice.offset < offset + bytes) {
        ways.setRelease(i, null);
      }
    }
    overflow.keySet().removeIf(at -> at >= offset && at < offset + bytes);
    dirty.removeIf(slice -> slice.offset >= offset && slice.offset < offset + bytes);
  }
}

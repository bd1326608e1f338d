package org.wardian.memory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What lies where, at one time. Immutable but for a guess; a change makes a new one. */
final class AddressMap {
  static final AddressMap EMPTY = new AddressMap(List.of());

  /** In order of their creation. */
  final List<Backing> created;

  private final Backing[] ascending;

  /** Where the last look-up ended: only a guess, so threads may overwrite each other's. */
  private Backing last;

  private AddressMap(List<Backing> created) {
    this.created = created;
    this.ascending = created.toArray(Backing[]::new);
    java.util.Arrays.sort(ascending, Comparator.comparingLong(b -> b.base));
  }

  AddressMap with(Backing more) {
    List<Backing> all = new ArrayList<>(created);
    all.add(more);
    return new AddressMap(List.copyOf(all));
  }

  AddressMap without(Backing less) {
    return new AddressMap(created.stream().filter(b -> b != less).toList());
  }

  /** The region that holds {@code address}, or null. */
  Backing find(long address) {
    Backing hit = last;
    if (hit != null && hit.contains(address)) {
      return hit;
    }
    int low = 0;
    int high = ascending.length - 1;
    while (low <= high) {
      int middle = low + high >>> 1;
      Backing b = ascending[middle];
      if (b.contains(address)) {
        last = b;
        return b;
      }
      if (address < b.base) {
        high = middle - 1;
      } else {
        low = middle + 1;
      }
    }
    return null;
  }

  /** A region that shares bytes with the range, or null. */
  Backing overlapping(long base, long size) {
    for (Backing b : ascending) {
      if (base < b.base + b.size && b.base < base + size) {
        return b;
      }
    }
    return null;
  }
}

package org.wardian.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.chipset.VgaAdapter;
import org.wardian.machine.state.SavedMemory;
import org.wardian.memory.GuestMemory;

/**
 * A machine's RAM, zeroed or as it was saved: everything that no device keeps in its own record.
 */
final class Ram {
  private final GuestMemory memory;
  private final Optional<SavedMemory> saved;
  private final List<GuestMemory.Region> regions = new ArrayList<>();

  Ram(GuestMemory memory, Optional<SavedMemory> saved) {
    this.memory = memory;
    this.saved = saved;
  }

  /**
   * Adds a region.
   *
   * @throws UncheckedIOException where it was not saved, or cannot be read
   */
  void add(long base, long size, String name) {
    try {
      regions.add(
          saved.isPresent()
              ? saved.get().addRegion(memory, base, size, name)
              : memory.addRegion(base, size, true, name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Adds RAM without holes, but for that below 4 GiB.
   *
   * @param display whether there is also one where a VGA has its window
   */
  void addAll(long bytes, boolean display) {
    long low = Math.min(bytes, GuestMemory.LOW_RAM_LIMIT);
    if (display) {
      add(0, VgaAdapter.WINDOW, "ram");
      long above = VgaAdapter.WINDOW + VgaAdapter.WINDOW_LENGTH;
      add(above, low - above, "ram above the display");
    } else {
      add(0, low, "ram");
    }
    addHigh(bytes);
  }

  /** Adds what does not fit below 4 GiB. */
  void addHigh(long bytes) {
    if (bytes > GuestMemory.LOW_RAM_LIMIT) {
      add(GuestMemory.HIGH_RAM_BASE, bytes - GuestMemory.LOW_RAM_LIMIT, "ram above 4 GiB");
    }
  }

  /** What was added, in that order. */
  List<GuestMemory.Region> regions() {
    return regions;
  }
}

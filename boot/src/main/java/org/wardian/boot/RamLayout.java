package org.wardian.boot;

import java.util.ArrayList;
import java.util.List;

/** Which parts of guest memory are taken, and where something more fits. */
final class RamLayout {

  static final long PAGE = 4096;

  private record Span(long start, long end) {}

  private final List<MemoryRange> ram;
  private final List<Span> taken = new ArrayList<>();

  RamLayout(List<MemoryRange> memoryMap) {
    this.ram = memoryMap.stream().filter(r -> r.kind() == MemoryRange.Kind.RAM).toList();
  }

  long ramSize() {
    return ram.stream().mapToLong(MemoryRange::length).sum();
  }

  /** Bytes of RAM from address 0 up to the first hole. */
  long lowerRam() {
    return ram.isEmpty() || ram.getFirst().base() != 0 ? 0 : ram.getFirst().length();
  }

  /** Bytes of RAM from 1 MiB up to the next hole. */
  long upperRam() {
    for (MemoryRange range : ram) {
      if (range.base() <= 0x100000 && range.end() > 0x100000) {
        return range.end() - 0x100000;
      }
    }
    return 0;
  }

  /** Whether the bytes lie in one range of RAM. */
  boolean isRam(long start, long length) {
    for (MemoryRange range : ram) {
      if (start >= range.base() && start < range.end() && length <= range.end() - start) {
        return true;
      }
    }
    return false;
  }

  /** Takes memory for the kernel, which cannot be elsewhere. */
  void requireKernel(long start, long length) throws BootException {
    if (start < LowMemory.LOADER_END) {
      throw new KernelFormatException(
          "a kernel that loads at 0x%x, where the boot information goes (below 0x%x)"
              .formatted(start, LowMemory.LOADER_END));
    }
    if (!isRam(start, length)) {
      throw new BootException(
          "the kernel needs memory from %s to %s, and the machine has %s: give it more (--memory)"
              .formatted(Sizes.format(start), end(start, length), Sizes.format(ramSize())));
    }
    take(start, length);
  }

  private static String end(long start, long length) {
    long end = start + length;
    return end < 0 ? "beyond any address" : Sizes.format(end);
  }

  void take(long start, long length) {
    taken.add(new Span(start, start + length));
  }

  /** Whether everything that the loaders put below 1 MiB has RAM under it. */
  void requireLowMemory() throws BootException {
    if (!isRam(0, LowMemory.LOADER_END)) {
      throw new BootException("no memory at address 0: the memory map must start with RAM");
    }
  }

  /**
   * The highest page-aligned place from 1 MiB up.
   *
   * @param ceiling first address that may not be used
   * @return the address, or -1 where nothing fits
   */
  long highest(long length, long ceiling) {
    for (MemoryRange range : ram.reversed()) {
      long end = Math.min(range.end(), ceiling);
      long bottom = Math.max(range.base(), 0x100000);
      while (end - length >= bottom && (end - length & -PAGE) >= bottom) {
        long place = end - length & -PAGE;
        Span obstacle = obstacle(place, place + length);
        if (obstacle == null) {
          return place;
        }
        end = obstacle.start;
      }
    }
    return -1;
  }

  private Span obstacle(long start, long end) {
    for (Span span : taken) {
      if (span.start < end && span.end > start) {
        return span;
      }
    }
    return null;
  }

  /**
   * The lowest page-aligned place from {@code floor} up, below {@code ceiling}.
   *
   * @return the address, or -1 where nothing fits
   */
  long lowest(long length, long floor, long ceiling) {
    for (MemoryRange range : ram) {
      long place = pageUp(Math.max(range.base(), floor));
      while (place + length <= Math.min(range.end(), ceiling)) {
        Span obstacle = obstacle(place, place + length);
        if (obstacle == null) {
          return place;
        }
        place = pageUp(obstacle.end);
      }
    }
    return -1;
  }

  static long pageUp(long address) {
    return address + PAGE - 1 & -PAGE;
  }
}

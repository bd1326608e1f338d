package org.wardian.boot;

import java.util.List;
import java.util.Objects;

/**
 * What a kernel is started with.
 *
 * @param protocol how it is entered
 * @param commandLine kernel command line, without a terminating NUL
 * @param modules initrd (Linux takes one at most) or multiboot modules
 * @param memoryMap what firmware would report by E820, in ascending order
 * @param rsdp guest-physical address of the ACPI root pointer, or 0 where there is none
 * @param textScreen whether a VGA shows an empty text screen, 80 columns and 25 lines. Linux hears
 *     of it by its own boot protocol only, which is then preferred to PVH
 */
public record BootParameters(
    BootProtocol protocol,
    String commandLine,
    List<BootModule> modules,
    List<MemoryRange> memoryMap,
    long rsdp,
    boolean textScreen) {

  /** As the other, without a screen. */
  public BootParameters(
      BootProtocol protocol,
      String commandLine,
      List<BootModule> modules,
      List<MemoryRange> memoryMap,
      long rsdp) {
    this(protocol, commandLine, modules, memoryMap, rsdp, false);
  }

  /** Largest map: the E820 table of {@code boot_params} has 128 entries. */
  public static final int MAX_MEMORY_RANGES = 128;

  /** Checks the map: ascending, no overlap, at most {@value #MAX_MEMORY_RANGES} entries. */
  public BootParameters {
    Objects.requireNonNull(protocol, "protocol");
    Objects.requireNonNull(commandLine, "commandLine");
    modules = List.copyOf(modules);
    memoryMap = List.copyOf(memoryMap);
    if (memoryMap.size() > MAX_MEMORY_RANGES) {
      throw new IllegalArgumentException("memory map of " + memoryMap.size() + " entries");
    }
    for (int i = 1; i < memoryMap.size(); i++) {
      if (memoryMap.get(i).base() < memoryMap.get(i - 1).end()) {
        throw new IllegalArgumentException("memory map out of order or overlapping at " + i);
      }
    }
  }
}

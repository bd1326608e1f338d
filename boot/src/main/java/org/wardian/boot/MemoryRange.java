package org.wardian.boot;

import java.util.Objects;

/**
 * One entry of the physical memory map that firmware reports (ACPI specification 6.5, §15, "System
 * Address Map Interfaces"; the E820 map).
 *
 * @param base guest-physical address of the first byte
 * @param length count of bytes, at least 1
 * @param kind what the range is
 */
public record MemoryRange(long base, long length, Kind kind) {

  /** Address range types, with the number that the guest sees. */
  public enum Kind {
    /** Usable memory. */
    RAM(1),
    /** Not usable: firmware, devices, ECAM. */
    RESERVED(2),
    /** ACPI tables, usable once the guest has read them. */
    ACPI_RECLAIMABLE(3),
    /** Memory that firmware keeps across sleep. */
    ACPI_NVS(4),
    /** Memory with errors. */
    UNUSABLE(5);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    /**
     * The type as E820, PVH and multiboot write it.
     *
     * @return 1 to 5
     */
    public int number() {
      return number;
    }
  }

  /** Checks the range: not empty, and inside a 63-bit address space. */
  public MemoryRange {
    Objects.requireNonNull(kind, "kind");
    if (base < 0 || length <= 0 || base > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException(
          "memory range at 0x%x of 0x%x bytes is empty or wraps".formatted(base, length));
    }
  }

  /**
   * A range of usable memory.
   *
   * @param base guest-physical address of the first byte
   * @param length count of bytes
   * @return the range
   */
  public static MemoryRange ram(long base, long length) {
    return new MemoryRange(base, length, Kind.RAM);
  }

  /**
   * A reserved range.
   *
   * @param base guest-physical address of the first byte
   * @param length count of bytes
   * @return the range
   */
  public static MemoryRange reserved(long base, long length) {
    return new MemoryRange(base, length, Kind.RESERVED);
  }

  /**
   * Address after the last byte.
   *
   * @return {@code base + length}
   */
  public long end() {
    return base + length;
  }
}

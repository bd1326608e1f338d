package org.wardian.boot;

import java.util.List;
import java.util.Optional;

/**
 * A multiboot 1 header (Multiboot Specification 0.6.96, §3.1): on a 4-byte boundary in the first 8
 * KiB of a file.
 *
 * @param offset index of the header in the file
 * @param flags requests to the loader
 * @param headerAddress physical address of the header itself; this and the next four fields only
 *     with {@link #hasAddresses}
 * @param loadAddress physical address of the first byte to load
 * @param loadEnd address after the last byte to load, or 0 for the whole file
 * @param bssEnd address after the BSS, or 0 for none
 * @param entry physical address of the first instruction
 */
public record MultibootHeader(
    int offset,
    int flags,
    long headerAddress,
    long loadAddress,
    long loadEnd,
    long bssEnd,
    long entry) {

  /** The magic number of a header. */
  public static final int MAGIC = 0x1badb002;

  private static final int SEARCH_LENGTH = 8192;
  private static final int ADDRESSES = 1 << 16;
  // Page-aligned modules and the memory map are always given; a video mode is a wish.
  private static final int KNOWN_REQUIREMENTS = 0x7;

  /**
   * Looks for a header.
   *
   * @param file the whole file
   * @return the first header with a right checksum
   */
  public static Optional<MultibootHeader> find(byte[] file) {
    int end = Math.min(file.length, SEARCH_LENGTH);
    for (int at = 0; at + 12 <= end; at += 4) {
      if (LittleEndian.i32(file, at) != MAGIC) {
        continue;
      }
      int flags = LittleEndian.i32(file, at + 4);
      if (MAGIC + flags + LittleEndian.i32(file, at + 8) != 0) {
        continue;
      }
      if ((flags & ADDRESSES) == 0) {
        return Optional.of(new MultibootHeader(at, flags, 0, 0, 0, 0, 0));
      }
      if (at + 32 <= end) {
        return Optional.of(
            new MultibootHeader(
                at,
                flags,
                LittleEndian.u32(file, at + 12),
                LittleEndian.u32(file, at + 16),
                LittleEndian.u32(file, at + 20),
                LittleEndian.u32(file, at + 24),
                LittleEndian.u32(file, at + 28)));
      }
    }
    return Optional.empty();
  }

  /**
   * Whether the header itself says where the file goes (the "a.out kludge").
   *
   * @return true when the address fields count
   */
  public boolean hasAddresses() {
    return (flags & ADDRESSES) != 0;
  }

  void requireSupported() throws KernelFormatException {
    int unknown = flags & 0xffff & ~KNOWN_REQUIREMENTS;
    if (unknown != 0) {
      throw new KernelFormatException(
          "multiboot kernel that requires features 0x%x, which multiboot 1 does not define"
              .formatted(unknown));
    }
  }

  /** Where the address fields put the file. */
  List<LoadSegment> segments(byte[] file) throws KernelFormatException {
    long start = offset - (headerAddress - loadAddress);
    long fileSize = loadEnd == 0 ? file.length - start : loadEnd - loadAddress;
    if (start < 0 || fileSize <= 0 || start > file.length || fileSize > file.length - start) {
      throw new KernelFormatException(
          "damaged multiboot kernel: its header loads what the file does not hold; fetch it again");
    }
    long memorySize = Math.max(fileSize, bssEnd == 0 ? 0 : bssEnd - loadAddress);
    return List.of(new LoadSegment((int) start, (int) fileSize, loadAddress, memorySize));
  }
}

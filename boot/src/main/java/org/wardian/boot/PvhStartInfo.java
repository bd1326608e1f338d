package org.wardian.boot;

import java.util.List;

/**
 * Xen's {@code struct hvm_start_info}, version 1, with its module list and memory map behind it
 * (Xen, {@code public/arch-x86/hvm/start_info.h}).
 */
final class PvhStartInfo {

  static final int MAGIC = 0x336ec578;
  static final int MODULE_LIST = 0x40;
  static final int MEMORY_MAP = 0x60;

  private static final int MEMORY_MAP_ENTRY = 24;

  private PvhStartInfo() {}

  /**
   * Builds the structure for {@link LowMemory#PVH_START_INFO}.
   *
   * @param initrdLength bytes, or 0 for no initrd
   */
  static byte[] build(
      List<MemoryRange> memoryMap, long rsdp, long initrdAddress, long initrdLength) {
    byte[] info = new byte[MEMORY_MAP + memoryMap.size() * MEMORY_MAP_ENTRY];
    LittleEndian.put32(info, 0, MAGIC);
    LittleEndian.put32(info, 4, 1);
    if (initrdLength > 0) {
      LittleEndian.put32(info, 12, 1);
      LittleEndian.put64(info, 16, LowMemory.PVH_START_INFO + MODULE_LIST);
      LittleEndian.put64(info, MODULE_LIST, initrdAddress);
      LittleEndian.put64(info, MODULE_LIST + 8, initrdLength);
    }
    LittleEndian.put64(info, 24, LowMemory.COMMAND_LINE);
    LittleEndian.put64(info, 32, rsdp);
    LittleEndian.put64(info, 40, LowMemory.PVH_START_INFO + MEMORY_MAP);
    LittleEndian.put32(info, 48, memoryMap.size());
    int at = MEMORY_MAP;
    for (MemoryRange range : memoryMap) {
      LittleEndian.put64(info, at, range.base());
      LittleEndian.put64(info, at + 8, range.length());
      LittleEndian.put32(info, at + 16, range.kind().number());
      at += MEMORY_MAP_ENTRY;
    }
    return info;
  }
}

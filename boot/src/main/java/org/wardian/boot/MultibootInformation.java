package org.wardian.boot;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The multiboot 1 information structure with its lists and strings behind it (Multiboot
 * Specification 0.6.96, §3.3).
 */
final class MultibootInformation {

  /** What eax holds at entry. */
  static final long LOADER_MAGIC = 0x2badb002L;

  private static final String LOADER_NAME = "Wardian";
  private static final int SIZE = 120;
  private static final int MEMORY_MAP_ENTRY = 24;
  private static final int MODULE_ENTRY = 16;

  private static final int HAS_MEMORY = 1;
  private static final int HAS_COMMAND_LINE = 1 << 2;
  private static final int HAS_MODULES = 1 << 3;
  private static final int HAS_MEMORY_MAP = 1 << 6;
  private static final int HAS_LOADER_NAME = 1 << 9;

  private record Module(long start, long end, byte[] commandLine) {}

  private final RamLayout layout;
  private final List<MemoryRange> memoryMap;
  private final List<Module> modules = new ArrayList<>();
  private long commandLine;

  MultibootInformation(RamLayout layout, List<MemoryRange> memoryMap) {
    this.layout = layout;
    this.memoryMap = memoryMap;
  }

  void commandLine(long address) {
    commandLine = address;
  }

  void module(long address, long length, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    modules.add(new Module(address, address + length, bytes));
  }

  /** The whole area for {@link LowMemory#MULTIBOOT_INFORMATION}. */
  byte[] build() throws BootException {
    int mapAt = SIZE;
    int modulesAt = mapAt + memoryMap.size() * MEMORY_MAP_ENTRY;
    int stringsAt = modulesAt + modules.size() * MODULE_ENTRY;
    byte[] tables = new byte[stringsAt];
    ByteArrayOutputStream strings = new ByteArrayOutputStream();

    int flags = HAS_MEMORY | HAS_COMMAND_LINE | HAS_MEMORY_MAP | HAS_LOADER_NAME;
    LittleEndian.put32(tables, 0, flags | (modules.isEmpty() ? 0 : HAS_MODULES));
    // In KiB; below 1 MiB at most 640, above it up to the first hole.
    LittleEndian.put32(tables, 4, Math.min(layout.lowerRam() >> 10, 640));
    LittleEndian.put32(tables, 8, Math.min(layout.upperRam() >> 10, 0xffffffffL));
    LittleEndian.put32(tables, 16, commandLine);
    LittleEndian.put32(tables, 20, modules.size());
    LittleEndian.put32(tables, 24, LowMemory.MULTIBOOT_INFORMATION + modulesAt);
    LittleEndian.put32(tables, 44, (long) memoryMap.size() * MEMORY_MAP_ENTRY);
    LittleEndian.put32(tables, 48, LowMemory.MULTIBOOT_INFORMATION + mapAt);
    long stringBase = LowMemory.MULTIBOOT_INFORMATION + stringsAt;
    LittleEndian.put32(
        tables, 64, stringBase + append(strings, LOADER_NAME.getBytes(StandardCharsets.US_ASCII)));

    int at = mapAt;
    for (MemoryRange range : memoryMap) {
      // The size field does not count itself.
      LittleEndian.put32(tables, at, MEMORY_MAP_ENTRY - 4);
      LittleEndian.put64(tables, at + 4, range.base());
      LittleEndian.put64(tables, at + 12, range.length());
      LittleEndian.put32(tables, at + 20, range.kind().number());
      at += MEMORY_MAP_ENTRY;
    }
    for (Module module : modules) {
      LittleEndian.put32(tables, at, module.start);
      LittleEndian.put32(tables, at + 4, module.end);
      LittleEndian.put32(tables, at + 8, stringBase + append(strings, module.commandLine));
      at += MODULE_ENTRY;
    }
    if (tables.length + strings.size()
        > LowMemory.MULTIBOOT_END - LowMemory.MULTIBOOT_INFORMATION) {
      throw new BootException("too many modules, or too long command lines of modules: use fewer");
    }
    ByteArrayOutputStream area = new ByteArrayOutputStream();
    area.writeBytes(tables);
    area.writeBytes(strings.toByteArray());
    return area.toByteArray();
  }

  private static int append(ByteArrayOutputStream strings, byte[] text) {
    int at = strings.size();
    strings.writeBytes(text);
    strings.write(0);
    return at;
  }
}

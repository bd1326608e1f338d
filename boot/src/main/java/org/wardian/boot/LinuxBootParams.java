package org.wardian.boot;

import java.util.List;

/**
 * The page {@code struct boot_params} that Linux finds in rsi or esi (Linux, {@code
 * Documentation/arch/x86/zero-page.rst}). {@code screen_info} is zero but for {@link #textScreen}:
 * no columns and no lines mean that there is no VGA text screen.
 */
final class LinuxBootParams {

  // struct screen_info (Linux, include/uapi/linux/screen_info.h), which the page begins with.
  private static final int SCREEN_MODE = 0x06;
  private static final int SCREEN_COLUMNS = 0x07;
  private static final int SCREEN_EGA_BX = 0x0a;
  private static final int SCREEN_LINES = 0x0e;
  private static final int SCREEN_IS_VGA = 0x0f;
  private static final int SCREEN_POINTS = 0x10;

  private static final int ACPI_RSDP_ADDRESS = 0x070;
  private static final int E820_ENTRIES = 0x1e8;
  private static final int E820_TABLE = 0x2d0;
  private static final int VIDEO_MODE = 0x1fa;
  private static final int BOOT_FLAG = 0x1fe;
  private static final int HEADER_MAGIC = 0x202;
  private static final int VERSION = 0x206;
  private static final int TYPE_OF_LOADER = 0x210;
  private static final int LOAD_FLAGS = 0x211;
  private static final int CODE32_START = 0x214;
  private static final int RAMDISK_IMAGE = 0x218;
  private static final int RAMDISK_SIZE = 0x21c;
  private static final int COMMAND_LINE_POINTER = 0x228;
  private static final int INITRD_ADDRESS_MAX = 0x22c;
  private static final int KERNEL_ALIGNMENT = 0x230;
  private static final int COMMAND_LINE_SIZE = 0x238;
  private static final int HARDWARE_SUBARCH = 0x23c;
  private static final int SETUP_DATA = 0x250;

  private static final int LOADED_HIGH = 1;
  private static final int UNDEFINED_LOADER = 0xff;
  private static final int NORMAL_VIDEO_MODE = 0xffff;

  private final byte[] page = new byte[4096];

  /** For a bzImage: starts from the set-up header of the file. */
  LinuxBootParams(BzImage image, long loadAddress) {
    image.copyHeader(page);
    common(loadAddress);
    // A file has no business to point at set-up data or to claim another platform.
    LittleEndian.put64(page, SETUP_DATA, 0);
    LittleEndian.put32(page, HARDWARE_SUBARCH, 0);
  }

  /** For a bare vmlinux: a set-up header of boot protocol 2.15 with what a kernel reads of it. */
  LinuxBootParams(long loadAddress) {
    LittleEndian.put16(page, BOOT_FLAG, 0xaa55);
    LittleEndian.put32(page, HEADER_MAGIC, 0x53726448);
    LittleEndian.put16(page, VERSION, 0x20f);
    LittleEndian.put32(page, INITRD_ADDRESS_MAX, 0x7fffffff);
    LittleEndian.put32(page, KERNEL_ALIGNMENT, 0x1000000);
    LittleEndian.put32(page, COMMAND_LINE_SIZE, 2047);
    common(loadAddress);
  }

  private void common(long loadAddress) {
    page[TYPE_OF_LOADER] = (byte) UNDEFINED_LOADER;
    // Clears KASLR_FLAG and CAN_USE_HEAP as well: no set-up code has run.
    page[LOAD_FLAGS] = LOADED_HIGH;
    LittleEndian.put16(page, VIDEO_MODE, NORMAL_VIDEO_MODE);
    LittleEndian.put32(page, CODE32_START, loadAddress);
    initrd(0, 0);
  }

  void commandLine(long address) {
    LittleEndian.put32(page, COMMAND_LINE_POINTER, address);
  }

  void initrd(long address, long length) {
    LittleEndian.put32(page, RAMDISK_IMAGE, address);
    LittleEndian.put32(page, RAMDISK_SIZE, length);
  }

  void rsdp(long address) {
    LittleEndian.put64(page, ACPI_RSDP_ADDRESS, address);
  }

  /** There is a VGA in mode 3. */
  void textScreen() {
    page[SCREEN_MODE] = 3;
    page[SCREEN_COLUMNS] = 80;
    LittleEndian.put16(page, SCREEN_EGA_BX, 3); // what INT 10h function 12h says of 256 KiB
    page[SCREEN_LINES] = 25;
    page[SCREEN_IS_VGA] = 1;
    LittleEndian.put16(page, SCREEN_POINTS, 16);
  }

  void memoryMap(List<MemoryRange> ranges) {
    page[E820_ENTRIES] = (byte) ranges.size();
    int at = E820_TABLE;
    for (MemoryRange range : ranges) {
      LittleEndian.put64(page, at, range.base());
      LittleEndian.put64(page, at + 8, range.length());
      LittleEndian.put32(page, at + 16, range.kind().number());
      at += 20;
    }
  }

  byte[] toByteArray() {
    return page.clone();
  }
}

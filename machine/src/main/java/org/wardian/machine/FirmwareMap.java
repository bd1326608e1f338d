package org.wardian.machine;

import java.util.ArrayList;
import java.util.List;
import org.wardian.boot.MemoryRange;
import org.wardian.bus.IoBus;
import org.wardian.chipset.ShadowRam;
import org.wardian.memory.GuestMemory;

/** Memory of a machine that starts with firmware: RAM round the holes of a PC, and the ROM. */
final class FirmwareMap {
  private static final long CONVENTIONAL = 0xa0000;
  private static final long FOUR_GIB = 1L << 32;

  final ShadowRam shadow;

  /** Where the firmware's image begins. */
  final long base;

  /**
   * Puts RAM and ROM into an empty memory.
   *
   * @param bytes of RAM, counting those that the holes hide
   */
  FirmwareMap(GuestMemory memory, Ram ram, IoBus mmio, long bytes, Firmware firmware) {
    long low = Math.min(bytes, GuestMemory.LOW_RAM_LIMIT);
    ram.add(0, CONVENTIONAL, "ram");
    if (low > ShadowRam.END) {
      ram.add(ShadowRam.END, low - ShadowRam.END, "ram above 1 MiB");
    }
    ram.addHigh(bytes);
    byte[] image = firmware.image();
    base = FOUR_GIB - image.length;
    memory.addRegion(base, image.length, false, "firmware");
    memory.write(base, image, 0, image.length);
    shadow = new ShadowRam(memory, mmio, image);
  }

  /** What firmware is told of RAM: the holes below 1 MiB are its own to know. */
  static List<MemoryRange> e820(long bytes) {
    List<MemoryRange> map = new ArrayList<>();
    long low = Math.min(bytes, GuestMemory.LOW_RAM_LIMIT);
    map.add(MemoryRange.ram(0, low));
    if (bytes > low) {
      map.add(MemoryRange.ram(GuestMemory.HIGH_RAM_BASE, bytes - low));
    }
    return map;
  }
}

package org.wardian.machine;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.wardian.chipset.FwCfg;
import org.wardian.chipset.Rtc146818;

/**
 * In which order firmware tries what it finds: devices with a boot index by that, named by their
 * paths (QEMU's "bootorder" file, IEEE 1275 device paths); then the others by their kind, as a BIOS
 * reads it from CMOS memory.
 */
final class BootOrder {
  /** First device in the low nibble, second in the high one. */
  private static final int FIRST_AND_SECOND = 0x3d;

  /** Third device in the high nibble; bit 0, which boots floppies without a signature, is clear. */
  private static final int THIRD = 0x38;

  /** What every path begins with. */
  private static final String PCI = "/pci@i0cf8/";

  private static final int FLOPPY = 1;
  private static final int HARD_DISK = 2;
  private static final int CD_ROM = 3;

  private final Map<Integer, String> paths = new TreeMap<>();

  /**
   * Gives a device its place.
   *
   * @param index its boot index, if it has one
   * @param path the device's path
   * @throws IllegalArgumentException if another device has the same index
   */
  void add(OptionalInt index, String path) {
    if (index.isPresent()) {
      String other = paths.putIfAbsent(index.getAsInt(), path);
      if (other != null) {
        throw new IllegalArgumentException(
            "two devices have boot index " + index.getAsInt() + ": " + other + " and " + path);
      }
    }
  }

  /** Forgets the device of a PCI slot: it is gone, and its index is free. */
  void remove(int slot) {
    String unit = "@%x/".formatted(slot);
    paths.values().removeIf(path -> path.startsWith(unit, path.indexOf('@', PCI.length())));
  }

  /**
   * Tells the firmware. Without an index: floppy, CD-ROM, hard disk, for what can be taken out was
   * put in to be started.
   */
  void store(Rtc146818 rtc, FwCfg items) {
    rtc.store(FIRST_AND_SECOND, CD_ROM << 4 | FLOPPY);
    rtc.store(THIRD, HARD_DISK << 4);
    if (!paths.isEmpty()) {
      String lines = String.join("\n", paths.values()) + '\0';
      items.put("bootorder", lines.getBytes(StandardCharsets.US_ASCII));
    }
  }
}

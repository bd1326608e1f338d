package org.wardian.machine;

import org.wardian.chipset.Rtc146818;

/** In which order a BIOS tries what it finds, as it reads that from CMOS memory. */
final class BootOrder {
  /** First device in the low nibble, second in the high one. */
  private static final int FIRST_AND_SECOND = 0x3d;

  /** Third device in the high nibble; bit 0 boots floppies without a signature. */
  private static final int THIRD = 0x38;

  private static final int FLOPPY = 1;
  private static final int HARD_DISK = 2;
  private static final int CD_ROM = 3;

  private BootOrder() {}

  /** Floppy, CD-ROM, hard disk: what can be taken out was put in to be started. */
  static void store(Rtc146818 rtc) {
    rtc.store(FIRST_AND_SECOND, CD_ROM << 4 | FLOPPY);
    rtc.store(THIRD, HARD_DISK << 4 | 1);
  }
}

package org.wardian.chipset;

/** IDENTIFY DEVICE data of a disk (ATA8-ACS §7.16.7). */
final class AtaIdentity {
  static final int HEADS = 16;
  static final int SECTORS = 63;
  private static final int MOST_CYLINDERS = 16383;
  private static final long LARGEST_28 = 0x0fffffff;

  private AtaIdentity() {}

  /** Cylinders of the translation with {@link #HEADS} heads and {@link #SECTORS} sectors. */
  static int cylinders(long sectors) {
    return Math.clamp(sectors / (HEADS * SECTORS), 1, MOST_CYLINDERS);
  }

  /**
   * Makes the data.
   *
   * @param sectors logical sectors
   * @param sectorSize bytes of a sector
   * @param queueDepth commands that may be queued, 0 for none
   * @param trim whether ranges can be discarded, {@code trimBlocks} blocks of them at once
   */
  static byte[] disk(
      long sectors,
      int sectorSize,
      String serial,
      AtaSettings settings,
      int queueDepth,
      boolean trim,
      int trimBlocks) {
    byte[] d = new byte[512];
    int cylinders = cylinders(sectors);
    AtaDrive.word(d, 0, 0x0040);
    AtaDrive.word(d, 1, cylinders);
    AtaDrive.word(d, 3, HEADS);
    AtaDrive.word(d, 6, SECTORS);
    AtaDrive.text(d, 10, 10, serial);
    AtaDrive.text(d, 23, 4, "1.0");
    AtaDrive.text(d, 27, 20, "WARDIAN HARDDISK");
    AtaDrive.word(d, 47, 0x8000 | AtaSettings.MOST_MULTIPLE);
    AtaDrive.word(d, 48, 1);
    AtaDrive.word(d, 49, 0x0f00); // standby timer, IORDY, LBA, DMA
    AtaDrive.word(d, 50, 0x4000);
    AtaDrive.word(d, 53, 7);
    int heads = settings.heads;
    int perTrack = settings.sectorsPerTrack;
    int current = Math.clamp(sectors / Math.max(1, heads * perTrack), 1, 65535);
    AtaDrive.word(d, 54, current);
    AtaDrive.word(d, 55, heads);
    AtaDrive.word(d, 56, perTrack);
    doubleWord(d, 57, (int) Math.min(sectors, (long) current * heads * perTrack));
    AtaDrive.word(d, 59, settings.multiple == 0 ? 0 : 0x100 | settings.multiple);
    doubleWord(d, 60, (int) Math.min(sectors, LARGEST_28));
    AtaDrive.word(d, 63, 0x07 | settings.multiwordMode());
    AtaDrive.word(d, 64, 0x03);
    for (int word = 65; word <= 68; word++) {
      AtaDrive.word(d, word, 120);
    }
    if (trim) {
      AtaDrive.word(d, 69, 0x4020); // trimmed ranges read as zeroes
      AtaDrive.word(d, 169, 1);
      AtaDrive.word(d, 105, trimBlocks);
    }
    if (queueDepth > 0) {
      AtaDrive.word(d, 75, queueDepth - 1);
      AtaDrive.word(d, 76, 0x010e); // queueing, generations 1 to 3
    }
    AtaDrive.word(d, 80, 0x01f0);
    AtaDrive.word(d, 82, 0x4021); // NOP, write cache, SMART
    AtaDrive.word(d, 83, 0x7400); // flush, flush ext, 48 bits
    AtaDrive.word(d, 84, 0x4040); // forced unit access
    AtaDrive.word(d, 85, 0x4000 | (settings.writeCache ? 0x20 : 0) | (settings.smart ? 1 : 0));
    AtaDrive.word(d, 86, 0x3400);
    AtaDrive.word(d, 87, 0x4040);
    AtaDrive.word(d, 88, 0x3f | settings.ultraMode());
    AtaDrive.word(d, 93, queueDepth > 0 ? 0 : 0x600b);
    doubleWord(d, 100, (int) sectors);
    doubleWord(d, 102, (int) (sectors >>> 32));
    if (sectorSize != 512) {
      AtaDrive.word(d, 106, 0x5000);
      doubleWord(d, 117, sectorSize / 2);
    } else {
      AtaDrive.word(d, 106, 0x4000);
    }
    AtaDrive.word(d, 217, 1); // does not rotate
    return AtaDrive.checked(d);
  }

  private static void doubleWord(byte[] identity, int word, int value) {
    AtaDrive.word(identity, word, value);
    AtaDrive.word(identity, word + 1, value >>> 16);
  }
}

package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** What a host may set of an ATA drive (ATA8-ACS §7.46). */
final class AtaSettings {
  /** Most sectors of a block of READ MULTIPLE and WRITE MULTIPLE. */
  static final int MOST_MULTIPLE = 16;

  private static final int MULTIWORD = 0x20;
  private static final int ULTRA = 0x40;

  boolean writeCache;
  boolean smart;
  int multiple;
  int heads;
  int sectorsPerTrack;

  /** Value of SET FEATURES' transfer mode: 0x20 up is multiword DMA, 0x40 up is ultra DMA. */
  int transferMode;

  AtaSettings() {
    reset();
  }

  void reset() {
    writeCache = true;
    smart = true;
    multiple = MOST_MULTIPLE;
    heads = AtaIdentity.HEADS;
    sectorsPerTrack = AtaIdentity.SECTORS;
    transferMode = ULTRA | 5;
  }

  int multiwordMode() {
    return (transferMode & 0xf8) == MULTIWORD ? 0x100 << (transferMode & 7) : 0;
  }

  int ultraMode() {
    return (transferMode & 0xf8) == ULTRA ? 0x100 << (transferMode & 7) : 0;
  }

  /** SET FEATURES; false where it knows no such feature. */
  boolean set(int feature, int value) {
    switch (feature) {
      case 0x02 -> writeCache = true;
      case 0x82 -> writeCache = false;
      case 0x03 -> {
        boolean known =
            switch (value >> 3) {
              case 0 -> value <= 1;
              case 1 -> (value & 7) <= 4;
              case 4 -> (value & 7) <= 2;
              case 8 -> (value & 7) <= 5;
              default -> false;
            };
        if (!known) {
          return false;
        }
        transferMode = value;
      }
      // Look-ahead, power-on defaults at reset, advanced power management, acoustics.
      case 0xaa, 0x55, 0xcc, 0x66, 0x05, 0x85, 0x42, 0xc2 -> {}
      default -> {
        return false;
      }
    }
    return true;
  }

  void save(StateWriter out) {
    out.writeBoolean(writeCache);
    out.writeBoolean(smart);
    out.writeInts(new int[] {multiple, heads, sectorsPerTrack, transferMode});
  }

  void load(StateReader in) {
    writeCache = in.readBoolean();
    smart = in.readBoolean();
    int[] fields = new int[4];
    in.readInts(fields);
    multiple = fields[0] & 0x1f;
    heads = Math.clamp(fields[1], 1, AtaIdentity.HEADS);
    sectorsPerTrack = Math.clamp(fields[2], 1, 255);
    transferMode = fields[3] & 0xff;
  }
}

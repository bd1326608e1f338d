package org.wardian.display.vnc.encoding;

import java.util.List;

/** Pixel formats of real viewers and of strange ones, as they stand in SetPixelFormat. */
public final class Formats {
  /** All. */
  public static final List<byte[]> ALL =
      List.of(
          format(32, 24, false, 255, 255, 255, 16, 8, 0),
          format(32, 24, true, 255, 255, 255, 16, 8, 0),
          format(32, 24, false, 255, 255, 255, 0, 8, 16),
          format(32, 24, false, 255, 255, 255, 24, 16, 8),
          format(32, 24, true, 255, 255, 255, 24, 16, 8),
          format(32, 32, false, 255, 255, 255, 16, 8, 0),
          format(32, 24, true, 63, 63, 63, 0, 6, 12),
          format(32, 30, false, 1023, 1023, 1023, 20, 10, 0),
          format(16, 16, false, 31, 63, 31, 11, 5, 0),
          format(16, 16, true, 31, 63, 31, 11, 5, 0),
          format(16, 15, true, 31, 31, 31, 0, 5, 10),
          format(8, 8, false, 7, 7, 3, 0, 3, 6),
          format(8, 6, true, 3, 3, 3, 4, 2, 0),
          format(8, 3, false, 1, 1, 1, 2, 1, 0));

  private Formats() {}

  /** Writes a format. */
  public static byte[] format(int bits, int depth, boolean big, int... maximaAndShifts) {
    byte[] wire = new byte[16];
    wire[0] = (byte) bits;
    wire[1] = (byte) depth;
    wire[2] = (byte) (big ? 1 : 0);
    wire[3] = 1;
    for (int part = 0; part < 3; part++) {
      wire[4 + 2 * part] = (byte) (maximaAndShifts[part] >> 8);
      wire[5 + 2 * part] = (byte) maximaAndShifts[part];
      wire[10 + part] = (byte) maximaAndShifts[3 + part];
    }
    return wire;
  }
}

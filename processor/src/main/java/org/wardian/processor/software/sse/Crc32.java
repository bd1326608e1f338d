package org.wardian.processor.software.sse;

/**
 * CRC-32C as the CRC32 instruction accumulates it: polynomial 11EDC6F41H, bits reflected, without
 * initial or final inversion. Source: Intel SDM vol. 2, CRC32.
 */
public final class Crc32 {
  private static final int POLYNOMIAL = 0x82f63b78;

  /** Remainders of a byte followed by 0 to 7 zero bytes. */
  private static final int[] TABLE = table();

  private Crc32() {}

  private static int[] table() {
    int[] table = new int[8 * 256];
    for (int i = 0; i < 256; i++) {
      int remainder = i;
      for (int bit = 0; bit < 8; bit++) {
        remainder = remainder >>> 1 ^ ((remainder & 1) != 0 ? POLYNOMIAL : 0);
      }
      table[i] = remainder;
    }
    for (int i = 256; i < table.length; i++) {
      int before = table[i - 256];
      table[i] = before >>> 8 ^ table[before & 0xff];
    }
    return table;
  }

  /**
   * Accumulates the low {@code bytes} (1, 2, 4 or 8) bytes of {@code value}, the least significant
   * first.
   *
   * @return the new 32-bit remainder; the instruction zero-extends it
   */
  public static int update(int crc, long value, int bytes) {
    if (bytes == 8) {
      long mixed = value ^ crc & 0xffff_ffffL;
      return slice(mixed, 7)
          ^ slice(mixed >>> 8, 6)
          ^ slice(mixed >>> 16, 5)
          ^ slice(mixed >>> 24, 4)
          ^ slice(mixed >>> 32, 3)
          ^ slice(mixed >>> 40, 2)
          ^ slice(mixed >>> 48, 1)
          ^ slice(mixed >>> 56, 0);
    }
    int remainder = crc;
    for (int i = 0; i < bytes; i++) {
      remainder = remainder >>> 8 ^ slice(remainder ^ value >>> (i << 3), 0);
    }
    return remainder;
  }

  private static int slice(long value, int zeros) {
    return TABLE[zeros << 8 | (int) value & 0xff];
  }
}

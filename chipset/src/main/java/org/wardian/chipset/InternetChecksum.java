package org.wardian.chipset;

/** The ones' complement sum of 16-bit words (RFC 1071). */
final class InternetChecksum {
  private InternetChecksum() {}

  /** The folded sum of {@code length} bytes, big-endian words; an odd last byte is a high one. */
  static int sum(byte[] bytes, int offset, int length) {
    long sum = 0;
    for (int i = 0; i + 1 < length; i += 2) {
      sum += (bytes[offset + i] & 0xff) << 8 | bytes[offset + i + 1] & 0xff;
    }
    if ((length & 1) != 0) {
      sum += (bytes[offset + length - 1] & 0xff) << 8;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) sum;
  }

  /** Writes the complement of the sum from {@code start} to {@code end} into {@code field}. */
  static void write(byte[] bytes, int start, int end, int field) {
    if (start < 0 || start >= end || end > bytes.length || field < 0 || field + 2 > bytes.length) {
      return;
    }
    int sum = ~sum(bytes, start, end - start) & 0xffff;
    bytes[field] = (byte) (sum >> 8);
    bytes[field + 1] = (byte) sum;
  }
}

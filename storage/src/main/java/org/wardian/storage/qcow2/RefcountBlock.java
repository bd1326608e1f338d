package org.wardian.storage.qcow2;

/** Reference counts of 1 to 64 bits in bytes (qcow2 specification, "Host cluster management"). */
final class RefcountBlock {
  private RefcountBlock() {}

  /** Count {@code index}; one of 64 bits that does not fit a positive long is the largest long. */
  static long get(byte[] block, int order, int index) {
    switch (order) {
      case 0, 1, 2 -> {
        int bits = 1 << order;
        int bit = index << order;
        return block[bit >>> 3] >>> (bit & 7) & (1 << bits) - 1;
      }
      default -> {
        int bytes = 1 << order - 3;
        long value = 0;
        for (int i = 0; i < bytes; i++) {
          value = value << 8 | block[index * bytes + i] & 0xff;
        }
        return value < 0 ? Long.MAX_VALUE : value;
      }
    }
  }

  static void set(byte[] block, int order, int index, long count) {
    switch (order) {
      case 0, 1, 2 -> {
        int mask = (1 << (1 << order)) - 1;
        int bit = index << order;
        int shift = bit & 7;
        int others = block[bit >>> 3] & ~(mask << shift);
        block[bit >>> 3] = (byte) (others | (int) count << shift);
      }
      default -> {
        int bytes = 1 << order - 3;
        for (int i = 0; i < bytes; i++) {
          block[index * bytes + i] = (byte) (count >>> (bytes - 1 - i) * 8);
        }
      }
    }
  }
}

package org.wardian.network.wire;

/**
 * The Internet checksum (RFC 1071): the ones' complement sum of 16-bit words. Sums are kept
 * unfolded in 64 bits, so that parts can be added in any order.
 */
public final class InternetChecksum {
  private InternetChecksum() {}

  /**
   * Adds a part that begins at an even distance from the start of what is summed.
   *
   * @param sum what was added before, or 0
   * @param length bytes; an odd last byte counts as the high byte of a word
   */
  public static long add(long sum, byte[] bytes, int offset, int length) {
    long total = sum;
    int at = offset;
    int end = offset + length;
    for (; at + 16 <= end; at += 16) {
      long first = NetworkOrder.get64(bytes, at);
      long second = NetworkOrder.get64(bytes, at + 8);
      total += (first >>> 32) + (first & 0xffff_ffffL) + (second >>> 32) + (second & 0xffff_ffffL);
    }
    for (; at + 2 <= end; at += 2) {
      total += NetworkOrder.get16(bytes, at);
    }
    if (at < end) {
      total += (bytes[at] & 0xff) << 8;
    }
    return total;
  }

  /** Folds a sum to 16 bits, without the final complement. */
  public static int fold(long sum) {
    long folded = (sum >>> 32) + (sum & 0xffff_ffffL);
    while (folded >>> 16 != 0) {
      folded = (folded >>> 16) + (folded & 0xffff);
    }
    return (int) folded;
  }

  /** The value of a checksum field, 0 to 65,535. */
  public static int finish(long sum) {
    return ~fold(sum) & 0xffff;
  }

  /**
   * Sum of the pseudo header of TCP, UDP (RFC 9293 §3.1) and, over IPv6, ICMP (RFC 8200 §8.1).
   *
   * @param length bytes of the transport header and its payload
   */
  public static long pseudoHeader(
      IpAddress source, IpAddress destination, int protocol, int length) {
    return addressSum(source) + addressSum(destination) + protocol + length;
  }

  private static long addressSum(IpAddress address) {
    if (address.isV4()) {
      return address.v4() & 0xffff_ffffL;
    }
    long high = address.high();
    long low = address.low();
    return (high >>> 32) + (high & 0xffff_ffffL) + (low >>> 32) + (low & 0xffff_ffffL);
  }
}

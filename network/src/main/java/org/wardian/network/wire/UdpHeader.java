package org.wardian.network.wire;

/**
 * The header of a UDP datagram (RFC 768).
 *
 * @param sourcePort 0 to 65,535
 * @param destinationPort 0 to 65,535
 * @param payload where the payload begins in the array
 * @param length bytes of payload
 * @param checksummed whether the sender computed a checksum
 */
public record UdpHeader(
    int sourcePort, int destinationPort, int payload, int length, boolean checksummed) {
  /** Bytes of the header. */
  public static final int SIZE = 8;

  /** Where the checksum stands in the header. */
  public static final int CHECKSUM = 6;

  /**
   * Reads a header. The checksum is not looked at.
   *
   * @param available bytes of header and payload
   * @return the header, or null where it is malformed
   */
  public static UdpHeader parse(byte[] bytes, int at, int available) {
    if (available < SIZE) {
      return null;
    }
    int length = NetworkOrder.get16(bytes, at + 4);
    if (length < SIZE || length > available) {
      return null;
    }
    return new UdpHeader(
        NetworkOrder.get16(bytes, at),
        NetworkOrder.get16(bytes, at + 2),
        at + SIZE,
        length - SIZE,
        NetworkOrder.get16(bytes, at + CHECKSUM) != 0);
  }

  /** Writes a header; the checksum is left 0. */
  public static void write(byte[] to, int at, int sourcePort, int destinationPort, int payload) {
    NetworkOrder.put16(to, at, sourcePort);
    NetworkOrder.put16(to, at + 2, destinationPort);
    NetworkOrder.put16(to, at + 4, SIZE + payload);
    NetworkOrder.put16(to, at + CHECKSUM, 0);
  }
}

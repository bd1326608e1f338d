package org.wardian.network;

/**
 * One Ethernet frame without its check sequence, from the destination address on, with what the
 * sender leaves to do.
 *
 * <p>With a segmentation the frame is longer than the wire allows: its IP packet is to be cut into
 * segments of {@code segmentSize} bytes of payload, or taken as a whole by whoever can.
 *
 * @param bytes the frame from {@code offset} on; for how long they hold, {@link NetworkPort} says
 * @param offset first byte
 * @param length bytes, 14 to 65,550
 * @param checksumStart where the checksummed part begins, from the destination address, or -1 where
 *     no checksum is left to do; the field holds the sum of the pseudo header then
 * @param checksumOffset the checksum's field, from {@code checksumStart}
 * @param checksumValid whether the sender vouches for the checksums, so that nobody need look
 * @param segmentation how the frame is to be cut
 * @param segmentSize bytes of payload of each segment; 0 without segmentation
 */
public record Frame(
    byte[] bytes,
    int offset,
    int length,
    int checksumStart,
    int checksumOffset,
    boolean checksumValid,
    Segmentation segmentation,
    int segmentSize) {
  /** How a long frame is to be cut. */
  public enum Segmentation {
    /** Not at all. */
    NONE,
    /** TCP over IPv4. */
    TCP4,
    /** TCP over IPv6. */
    TCP6,
    /** UDP datagrams. */
    UDP
  }

  /** The longest frame, one that is to be cut: an Ethernet header, a tag, and 64 KiB, in bytes. */
  public static final int LONGEST = 14 + 4 + 65_535;

  /** A frame that is complete. */
  public static Frame complete(byte[] bytes, int offset, int length) {
    return new Frame(bytes, offset, length, -1, 0, false, Segmentation.NONE, 0);
  }
}

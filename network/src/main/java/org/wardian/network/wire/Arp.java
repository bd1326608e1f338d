package org.wardian.network.wire;

/**
 * A message of the address resolution protocol for Ethernet and IPv4 (RFC 826).
 *
 * @param operation {@link #REQUEST}, {@link #REPLY} or another
 * @param senderMac 48 bits of the sender's Ethernet address
 * @param sender the sender's IPv4 address
 * @param target the IPv4 address that is asked for or answered
 */
public record Arp(int operation, long senderMac, IpAddress sender, IpAddress target) {
  /** Who has the address? */
  public static final int REQUEST = 1;

  /** The answer. */
  public static final int REPLY = 2;

  /** Bytes of a message. */
  public static final int SIZE = 28;

  private static final int ETHERNET_AND_IPV4 = 0x0001_0800;
  private static final int SIZES = 0x0604;

  /** Reads a message; null where it is too short or not of Ethernet and IPv4. */
  public static Arp parse(byte[] bytes, int at, int length) {
    if (length < SIZE
        || NetworkOrder.get32(bytes, at) != ETHERNET_AND_IPV4
        || NetworkOrder.get16(bytes, at + 4) != SIZES) {
      return null;
    }
    long mac =
        (long) NetworkOrder.get16(bytes, at + 8) << 32
            | NetworkOrder.get32(bytes, at + 10) & 0xffff_ffffL;
    return new Arp(
        NetworkOrder.get16(bytes, at + 6),
        mac,
        IpAddress.readV4(bytes, at + 14),
        IpAddress.readV4(bytes, at + 24));
  }

  /** Writes the message of {@link #SIZE} bytes, to the station {@code targetMac}, 0 if unknown. */
  public void write(byte[] to, int at, long targetMac) {
    NetworkOrder.put32(to, at, ETHERNET_AND_IPV4);
    NetworkOrder.put16(to, at + 4, SIZES);
    NetworkOrder.put16(to, at + 6, operation);
    NetworkOrder.put16(to, at + 8, (int) (senderMac >>> 32));
    NetworkOrder.put32(to, at + 10, (int) senderMac);
    sender.write(to, at + 14);
    NetworkOrder.put16(to, at + 18, (int) (targetMac >>> 32));
    NetworkOrder.put32(to, at + 20, (int) targetMac);
    target.write(to, at + 24);
  }
}

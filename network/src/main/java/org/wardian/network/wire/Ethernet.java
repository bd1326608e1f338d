package org.wardian.network.wire;

/** The header of an Ethernet frame (IEEE 802.3 §3.2): destination, source, type. */
public final class Ethernet {
  /** Bytes of the header. */
  public static final int HEADER = 14;

  /** Shortest frame that a wire carries, without its check sequence, in bytes. */
  public static final int SHORTEST = 60;

  /** Type of IPv4. */
  public static final int IPV4 = 0x0800;

  /** Type of the address resolution protocol. */
  public static final int ARP = 0x0806;

  /** Type of IPv6. */
  public static final int IPV6 = 0x86dd;

  /** Type of a VLAN tag (IEEE 802.1Q). */
  public static final int VLAN = 0x8100;

  private static final int SOURCE = 6;
  private static final int TYPE = 12;

  private Ethernet() {}

  /** The 48 bits of the destination's address. */
  public static long destination(byte[] bytes, int at) {
    return NetworkOrder.get64(bytes, at) >>> 16;
  }

  /** The 48 bits of the source's address. */
  public static long source(byte[] bytes, int at) {
    return (long) NetworkOrder.get16(bytes, at + SOURCE) << 32
        | NetworkOrder.get32(bytes, at + SOURCE + 2) & 0xffff_ffffL;
  }

  /** The type, or the length of a frame of IEEE 802.2. */
  public static int type(byte[] bytes, int at) {
    return NetworkOrder.get16(bytes, at + TYPE);
  }

  /** Whether 48 bits of an address name a group of stations. */
  public static boolean group(long address) {
    return (address >>> 40 & 1) != 0;
  }

  /** Writes the header. */
  public static void write(byte[] to, int at, long destination, long source, int type) {
    NetworkOrder.put32(to, at, (int) (destination >>> 16));
    NetworkOrder.put16(to, at + 4, (int) destination);
    NetworkOrder.put16(to, at + SOURCE, (int) (source >>> 32));
    NetworkOrder.put32(to, at + SOURCE + 2, (int) source);
    NetworkOrder.put16(to, at + TYPE, type);
  }
}

package org.wardian.network.wire;

/**
 * A packet of IPv4 (RFC 791) or IPv6 (RFC 8200) whose header was read and found sound.
 *
 * @param bytes the array that holds it
 * @param header where the header begins
 * @param payload where the payload begins, after options and extension headers
 * @param length bytes of payload
 * @param source who sent it
 * @param destination whom it is for
 * @param protocol what the payload is, {@link IpProtocol}
 * @param hopLimit hops that it may still go, itself included: 0 to 255
 * @param fragmentOffset where the payload belongs within the whole, in bytes
 * @param moreFragments whether this is a fragment and not the last one
 * @param identification what the fragments of a packet share
 */
public record IpPacket(
    byte[] bytes,
    int header,
    int payload,
    int length,
    IpAddress source,
    IpAddress destination,
    int protocol,
    int hopLimit,
    int fragmentOffset,
    boolean moreFragments,
    int identification) {
  /** Bytes of a header of IPv4 without options. */
  public static final int HEADER4 = 20;

  /** Bytes of a header of IPv6 without extensions. */
  public static final int HEADER6 = 40;

  /** Extension headers of IPv6 that are followed; a packet with more is malformed here. */
  private static final int MOST_EXTENSIONS = 8;

  private static final int MORE_FRAGMENTS = 0x2000;
  private static final int OFFSET_MASK = 0x1fff;

  /** Whether it is only a part of a packet. */
  public boolean fragment() {
    return moreFragments || fragmentOffset != 0;
  }

  /** Bytes of headers and payload. */
  public int total() {
    return payload + length - header;
  }

  /**
   * Reads a packet of IPv4. Options are skipped.
   *
   * @param available bytes from {@code at} on; what exceeds the packet is padding
   * @param vouched whether the header's checksum need not be looked at
   * @return the packet, or null where it is malformed
   */
  public static IpPacket parse4(byte[] bytes, int at, int available, boolean vouched) {
    if (available < HEADER4 || bytes[at] >>> 4 != 4) {
      return null;
    }
    int header = (bytes[at] & 0xf) * 4;
    int total = NetworkOrder.get16(bytes, at + 2);
    if (header < HEADER4
        || total < header
        || total > available
        || !vouched
            && InternetChecksum.fold(InternetChecksum.add(0, bytes, at, header)) != 0xffff) {
      return null;
    }
    int fragment = NetworkOrder.get16(bytes, at + 6);
    int offset = (fragment & OFFSET_MASK) * 8;
    if (offset + total - header > 0xffff) {
      return null;
    }
    return new IpPacket(
        bytes,
        at,
        at + header,
        total - header,
        IpAddress.readV4(bytes, at + 12),
        IpAddress.readV4(bytes, at + 16),
        bytes[at + 9] & 0xff,
        bytes[at + 8] & 0xff,
        offset,
        (fragment & MORE_FRAGMENTS) != 0,
        NetworkOrder.get16(bytes, at + 4));
  }

  /**
   * Reads a packet of IPv6 with up to {@value #MOST_EXTENSIONS} extension headers, none of which
   * changes where the packet goes.
   *
   * @param available bytes from {@code at} on; what exceeds the packet is padding
   * @return the packet, or null where it is malformed
   */
  public static IpPacket parse6(byte[] bytes, int at, int available) {
    if (available < HEADER6 || (bytes[at] >>> 4 & 0xf) != 6) {
      return null;
    }
    int end = at + HEADER6 + NetworkOrder.get16(bytes, at + 4);
    if (end > at + available) {
      return null;
    }
    IpAddress source = IpAddress.readV6(bytes, at + 8);
    IpAddress destination = IpAddress.readV6(bytes, at + 24);
    // A mapped address means IPv4 here, and never stands on the wire (RFC 4942 §2.2).
    if (source.multicast() || source.isV4() || destination.isV4()) {
      return null;
    }
    int protocol = bytes[at + 6] & 0xff;
    int payload = at + HEADER6;
    int fragment = 0;
    int identification = 0;
    boolean fragmentSeen = false;
    for (int headers = 0; extension(protocol) && (fragment & 0xfff8) == 0; headers++) {
      if (headers == MOST_EXTENSIONS || payload + 8 > end) {
        return null;
      }
      int size = 8;
      if (protocol == IpProtocol.FRAGMENT) {
        if (fragmentSeen) {
          return null;
        }
        fragmentSeen = true;
        fragment = NetworkOrder.get16(bytes, payload + 2);
        identification = NetworkOrder.get32(bytes, payload + 4);
      } else {
        size += (bytes[payload + 1] & 0xff) * 8;
      }
      protocol = bytes[payload] & 0xff;
      payload += size;
      if (payload > end) {
        return null;
      }
    }
    int length = end - payload;
    int offset = fragment & 0xfff8;
    if (offset + length > 0xffff) {
      return null;
    }
    return new IpPacket(
        bytes,
        at,
        payload,
        length,
        source,
        destination,
        protocol,
        bytes[at + 7] & 0xff,
        offset,
        (fragment & 1) != 0,
        identification);
  }

  private static boolean extension(int protocol) {
    return protocol == IpProtocol.HOP_BY_HOP
        || protocol == IpProtocol.ROUTING
        || protocol == IpProtocol.FRAGMENT
        || protocol == IpProtocol.DESTINATION_OPTIONS;
  }

  /**
   * Writes a header of IPv4 without options, its checksum included.
   *
   * @param total bytes of header and payload
   * @param fragment the 16 bits of flags and fragment offset
   */
  public static void write4(
      byte[] to,
      int at,
      int total,
      int identification,
      int fragment,
      int hopLimit,
      int protocol,
      IpAddress source,
      IpAddress destination) {
    NetworkOrder.put16(to, at, 0x4500);
    NetworkOrder.put16(to, at + 2, total);
    NetworkOrder.put16(to, at + 4, identification);
    NetworkOrder.put16(to, at + 6, fragment);
    to[at + 8] = (byte) hopLimit;
    to[at + 9] = (byte) protocol;
    NetworkOrder.put16(to, at + 10, 0);
    source.write(to, at + 12);
    destination.write(to, at + 16);
    NetworkOrder.put16(
        to, at + 10, InternetChecksum.finish(InternetChecksum.add(0, to, at, HEADER4)));
  }

  /**
   * Writes a header of IPv6.
   *
   * @param length bytes that follow it
   */
  public static void write6(
      byte[] to,
      int at,
      int length,
      int hopLimit,
      int protocol,
      IpAddress source,
      IpAddress destination) {
    NetworkOrder.put32(to, at, 0x6000_0000);
    NetworkOrder.put16(to, at + 4, length);
    to[at + 6] = (byte) protocol;
    to[at + 7] = (byte) hopLimit;
    source.write(to, at + 8);
    destination.write(to, at + 24);
  }
}

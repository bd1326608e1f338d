package org.wardian.network.wire;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * An address of IPv4 or IPv6. One of IPv4 is kept in its mapped form, ::ffff:a.b.c.d (RFC 4291
 * §2.5.5.2).
 *
 * @param high the first 64 bits
 * @param low the last 64 bits
 */
public record IpAddress(long high, long low) {
  private static final long MAPPED = 0xffff_0000_0000L;

  /** No address of IPv4: 0.0.0.0. */
  public static final IpAddress ANY4 = v4(0);

  /** All stations of the link: 255.255.255.255. */
  public static final IpAddress BROADCAST4 = v4(-1);

  /** No address of IPv6: ::. */
  public static final IpAddress ANY6 = new IpAddress(0, 0);

  /** This host by IPv4: 127.0.0.1. */
  public static final IpAddress LOOPBACK4 = v4(0x7f00_0001);

  /** This host by IPv6: ::1. */
  public static final IpAddress LOOPBACK6 = new IpAddress(0, 1);

  /** All stations of the link: ff02::1. */
  public static final IpAddress ALL_NODES = new IpAddress(0xff02L << 48, 1);

  /** All routers of the link: ff02::2. */
  public static final IpAddress ALL_ROUTERS = new IpAddress(0xff02L << 48, 2);

  /** All DHCPv6 servers and relays of the link: ff02::1:2. */
  public static final IpAddress ALL_DHCP = new IpAddress(0xff02L << 48, 0x1_0002);

  /** An address of IPv4, its first byte in bits 31 to 24. */
  public static IpAddress v4(int bits) {
    return new IpAddress(0, MAPPED | bits & 0xffff_ffffL);
  }

  /** Reads four bytes. */
  public static IpAddress readV4(byte[] bytes, int at) {
    return v4(NetworkOrder.get32(bytes, at));
  }

  /** Reads sixteen bytes. */
  public static IpAddress readV6(byte[] bytes, int at) {
    return new IpAddress(NetworkOrder.get64(bytes, at), NetworkOrder.get64(bytes, at + 8));
  }

  /** The address of a Java socket. */
  public static IpAddress of(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == 4 ? readV4(bytes, 0) : readV6(bytes, 0);
  }

  /**
   * Reads a literal such as 10.0.2.2 or fd00::2; never asks a name server.
   *
   * @throws IllegalArgumentException for other texts
   */
  public static IpAddress parse(String text) {
    // Java also reads 1.2.3 and scopes.
    boolean six = text.indexOf(':') >= 0 && text.indexOf('%') < 0;
    if (!six && !text.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
      throw new IllegalArgumentException("no IP address: " + text);
    }
    try {
      return of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("no IP address: " + text, e);
    }
  }

  /** Whether it is of IPv4. */
  public boolean isV4() {
    return high == 0 && low >>> 32 == 0xffff;
  }

  /** The 32 bits of an address of IPv4. */
  public int v4() {
    return (int) low;
  }

  /** Bytes on the wire: 4 or 16. */
  public int size() {
    return isV4() ? 4 : 16;
  }

  /** Writes {@link #size} bytes. */
  public void write(byte[] to, int at) {
    if (isV4()) {
      NetworkOrder.put32(to, at, v4());
    } else {
      NetworkOrder.put64(to, at, high);
      NetworkOrder.put64(to, at + 8, low);
    }
  }

  /** The bytes on the wire. */
  public byte[] bytes() {
    byte[] bytes = new byte[size()];
    write(bytes, 0);
    return bytes;
  }

  /** Whether it names a group: 224.0.0.0/4 or ff00::/8. */
  public boolean multicast() {
    return isV4() ? v4() >>> 28 == 0xe : high >>> 56 == 0xff;
  }

  /** Whether it means no address: 0.0.0.0 or ::. */
  public boolean unspecified() {
    return isV4() ? v4() == 0 : (high | low) == 0;
  }

  /** Whether it holds on one link only: 169.254.0.0/16 or fe80::/10. */
  public boolean linkLocal() {
    return isV4() ? v4() >>> 16 == 0xa9fe : high >>> 54 == 0xfe80 >>> 6;
  }

  /**
   * Whether a packet of another station can never carry it as its destination: this host's own
   * range, no address, or a range that is reserved (RFC 6890).
   */
  public boolean martian() {
    if (isV4()) {
      int first = v4() >>> 24;
      return first == 0 || first == 127 || first >= 240;
    }
    // ::/96 holds no address, this host and the obsolete compatible ones.
    return high == 0 && low >>> 32 == 0;
  }

  /** The group to which a station with this address listens for solicitations (RFC 4291 §2.7.1). */
  public IpAddress solicitedNode() {
    return new IpAddress(0xff02L << 48, 0x1_ff00_0000L | low & 0xff_ffff);
  }

  /** The address with the last bits replaced by {@code number}, as within a subnet. */
  public IpAddress plus(long number) {
    return isV4() ? v4((int) (v4() + number)) : new IpAddress(high, low + number);
  }

  /** For a Java socket. */
  public InetAddress inet() {
    try {
      return isV4()
          ? Inet4Address.getByAddress(bytes())
          : Inet6Address.getByAddress(null, bytes(), -1);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("addresses have 4 or 16 bytes", e);
    }
  }

  @Override
  public String toString() {
    return inet().getHostAddress();
  }
}

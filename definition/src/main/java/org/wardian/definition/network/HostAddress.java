package org.wardian.definition.network;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * An address of IPv4 or IPv6 as documents have it.
 *
 * @param bytes 4 or 16
 */
record HostAddress(byte[] bytes) {
  /** Reads a literal; null where the text is none. A name server is never asked. */
  static HostAddress parse(String text) {
    // Java also reads 1.2.3, scopes and mapped addresses.
    boolean six = text.indexOf(':') >= 0 && text.indexOf('%') < 0 && text.indexOf('[') < 0;
    if (!six && !text.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
      return null;
    }
    try {
      byte[] bytes = InetAddress.ofLiteral(text).getAddress();
      if (six && bytes.length == 4) {
        byte[] mapped = new byte[16];
        mapped[10] = -1;
        mapped[11] = -1;
        System.arraycopy(bytes, 0, mapped, 12, 4);
        return new HostAddress(mapped);
      }
      return new HostAddress(bytes);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  boolean four() {
    return bytes.length == 4;
  }

  int bits() {
    return 8 * bytes.length;
  }

  private BigInteger value() {
    return new BigInteger(1, bytes);
  }

  private BigInteger hostMask(int prefix) {
    return BigInteger.ONE.shiftLeft(bits() - prefix).subtract(BigInteger.ONE);
  }

  /** Whether both share their first bits. */
  boolean sameNetwork(HostAddress other, int prefix) {
    return bytes.length == other.bytes.length
        && value().xor(other.value()).andNot(hostMask(prefix)).signum() == 0;
  }

  /** Whether all bits after the prefix are 0. */
  boolean firstOf(int prefix) {
    return value().and(hostMask(prefix)).signum() == 0;
  }

  /** Whether all bits after the prefix are 1. */
  boolean lastOf(int prefix) {
    return value().and(hostMask(prefix)).equals(hostMask(prefix));
  }

  /** How many addresses there are from this one to another, without this one. */
  BigInteger distance(HostAddress to) {
    return to.value().subtract(value());
  }

  /** The length of the prefix that a mask of IPv4 stands for; its leading ones. */
  int maskPrefix() {
    return Integer.numberOfLeadingZeros(~value().intValue());
  }

  /** The prefix that IPv4's classes give an address (RFC 791 §3.2), and 64 for IPv6. */
  int naturalPrefix() {
    if (!four()) {
      return 64;
    }
    int first = bytes[0] & 0xff;
    return first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 4;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HostAddress(byte[] others) && Arrays.equals(bytes, others);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** As libvirt writes it: that of IPv6 in its short form (RFC 5952 §4). */
  @Override
  public String toString() {
    if (four()) {
      return (bytes[0] & 0xff)
          + "."
          + (bytes[1] & 0xff)
          + "."
          + (bytes[2] & 0xff)
          + "."
          + (bytes[3] & 0xff);
    }
    int[] groups = new int[8];
    int longest = 1;
    int longestAt = -1;
    for (int i = 0; i < 8; i++) {
      groups[i] = (bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff;
    }
    for (int i = 0; i < 8; i++) {
      int run = 0;
      while (i + run < 8 && groups[i + run] == 0) {
        run++;
      }
      if (run > longest) {
        longest = run;
        longestAt = i;
      }
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == longestAt) {
        out.append("::");
        i += longest - 1;
      } else {
        out.append(out.isEmpty() || out.charAt(out.length() - 1) == ':' ? "" : ":");
        out.append(Integer.toHexString(groups[i]));
      }
    }
    return out.toString();
  }
}

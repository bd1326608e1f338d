package org.wardian.network.wire;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A message of DHCP for IPv4, or of BOOTP: RFC 2131 §2, options of RFC 2132.
 *
 * @param operation {@link #REQUEST} or {@link #REPLY}
 * @param transaction the client's number
 * @param seconds since the client began
 * @param flags 16 bits; the highest asks for a broadcast
 * @param client the address that the client has
 * @param yours the address that it gets
 * @param server where it finds its boot file
 * @param relay who passed the message on
 * @param hardware 16 bytes, the Ethernet address first
 * @param options by number; those that come in parts are joined (RFC 3396)
 */
public record DhcpMessage(
    int operation,
    int transaction,
    int seconds,
    int flags,
    IpAddress client,
    IpAddress yours,
    IpAddress server,
    IpAddress relay,
    byte[] hardware,
    Map<Integer, byte[]> options) {
  /** From a client. */
  public static final int REQUEST = 1;

  /** From a server. */
  public static final int REPLY = 2;

  private static final int FIXED = 236;
  private static final int FILE = 108;
  private static final int FILE_SIZE = 128;
  private static final int COOKIE = 0x6382_5363;
  private static final int SHORTEST = 300;
  private static final int PAD = 0;
  private static final int END = 255;
  private static final int LONGEST_PART = 255;

  /** Reads a message; null where it is malformed or not of Ethernet. */
  public static DhcpMessage parse(byte[] bytes, int at, int length) {
    if (length < FIXED || bytes[at + 1] != 1 || bytes[at + 2] != 6) {
      return null;
    }
    Map<Integer, byte[]> options = new LinkedHashMap<>();
    if (length >= FIXED + 4 && NetworkOrder.get32(bytes, at + FIXED) == COOKIE) {
      int end = at + length;
      int next = at + FIXED + 4;
      while (next < end && (bytes[next] & 0xff) != END) {
        if (bytes[next] == PAD) {
          next++;
          continue;
        }
        int size = next + 1 < end ? bytes[next + 1] & 0xff : end;
        if (next + 2 + size > end) {
          return null;
        }
        byte[] value = Arrays.copyOfRange(bytes, next + 2, next + 2 + size);
        options.merge(bytes[next] & 0xff, value, DhcpMessage::join);
        next += 2 + size;
      }
    }
    return new DhcpMessage(
        bytes[at] & 0xff,
        NetworkOrder.get32(bytes, at + 4),
        NetworkOrder.get16(bytes, at + 8),
        NetworkOrder.get16(bytes, at + 10),
        IpAddress.readV4(bytes, at + 12),
        IpAddress.readV4(bytes, at + 16),
        IpAddress.readV4(bytes, at + 20),
        IpAddress.readV4(bytes, at + 24),
        Arrays.copyOfRange(bytes, at + 28, at + 44),
        options);
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** The address in an option, or null where it is absent or has not four bytes. */
  public IpAddress address(int option) {
    byte[] value = options.get(option);
    return value == null || value.length != 4 ? null : IpAddress.readV4(value, 0);
  }

  /** The one byte of an option, or -1. */
  public int number(int option) {
    byte[] value = options.get(option);
    return value == null || value.length != 1 ? -1 : value[0] & 0xff;
  }

  /**
   * Writes the message.
   *
   * @param file boot file, or an empty array; what exceeds its 127 bytes is left to option 67
   */
  public byte[] write(byte[] file) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] fixed = new byte[FIXED + 4];
    fixed[0] = (byte) operation;
    fixed[1] = 1;
    fixed[2] = 6;
    NetworkOrder.put32(fixed, 4, transaction);
    NetworkOrder.put16(fixed, 8, seconds);
    NetworkOrder.put16(fixed, 10, flags);
    client.write(fixed, 12);
    yours.write(fixed, 16);
    server.write(fixed, 20);
    relay.write(fixed, 24);
    System.arraycopy(hardware, 0, fixed, 28, 16);
    if (file.length < FILE_SIZE) {
      System.arraycopy(file, 0, fixed, FILE, file.length);
    }
    NetworkOrder.put32(fixed, FIXED, COOKIE);
    out.writeBytes(fixed);
    options.forEach((number, value) -> {
      for (int from = 0; from == 0 || from < value.length; from += LONGEST_PART) {
        int size = Math.min(LONGEST_PART, value.length - from);
        out.write(number);
        out.write(size);
        out.write(value, from, size);
      }
    });
    out.write(END);
    while (out.size() < SHORTEST) {
      out.write(PAD);
    }
    return out.toByteArray();
  }
}

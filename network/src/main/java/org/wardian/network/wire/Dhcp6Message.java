package org.wardian.network.wire;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A message of DHCPv6 between client and server: RFC 8415 §8.
 *
 * @param type kind of message
 * @param transaction 24 bits
 * @param options in their order
 */
public record Dhcp6Message(int type, int transaction, List<Option> options) {
  /** Options of one message or option that are read; one with more is malformed here. */
  private static final int MOST_OPTIONS = 64;

  /**
   * An option (RFC 8415 §21.1).
   *
   * @param code its number
   * @param data its value, 0 to 65,535 bytes
   */
  public record Option(int code, byte[] data) {}

  /** Reads a message; null where it is malformed. */
  public static Dhcp6Message parse(byte[] bytes, int at, int length) {
    if (length < 4) {
      return null;
    }
    List<Option> options = options(bytes, at + 4, at + length);
    return options == null
        ? null
        : new Dhcp6Message(bytes[at] & 0xff, NetworkOrder.get32(bytes, at) & 0xff_ffff, options);
  }

  /** Reads options from {@code at} to {@code end}; null where they are malformed. */
  public static List<Option> options(byte[] bytes, int at, int end) {
    List<Option> options = new ArrayList<>();
    int next = at;
    while (next < end) {
      if (next + 4 > end || options.size() == MOST_OPTIONS) {
        return null;
      }
      int size = NetworkOrder.get16(bytes, next + 2);
      if (next + 4 + size > end) {
        return null;
      }
      byte[] data = Arrays.copyOfRange(bytes, next + 4, next + 4 + size);
      options.add(new Option(NetworkOrder.get16(bytes, next), data));
      next += 4 + size;
    }
    return options;
  }

  /** The value of the first option with a number, or null. */
  public byte[] option(int code) {
    for (Option option : options) {
      if (option.code() == code) {
        return option.data();
      }
    }
    return null;
  }

  /** Writes the message. */
  public byte[] write() {
    byte[] head = new byte[4];
    NetworkOrder.put32(head, 0, type << 24 | transaction);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(head);
    out.writeBytes(write(options));
    return out.toByteArray();
  }

  /** Writes options. */
  public static byte[] write(List<Option> options) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Option option : options) {
      byte[] head = new byte[4];
      NetworkOrder.put16(head, 0, option.code());
      NetworkOrder.put16(head, 2, option.data().length);
      out.writeBytes(head);
      out.writeBytes(option.data());
    }
    return out.toByteArray();
  }
}

package org.wardian.virtio.net;

import org.wardian.network.Frame;

/** Keeps the frames of one conversation in one queue, and so in order. */
final class FlowHash {
  private static final int ETHERNET_HEADER = 14;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int TCP = 6;
  private static final int UDP = 17;

  private FlowHash() {}

  /** A number of 31 bits, the same for both directions of a conversation. */
  static int of(Frame frame) {
    byte[] bytes = frame.bytes();
    int at = frame.offset() + ETHERNET_HEADER;
    int end = frame.offset() + frame.length();
    int type = frame.length() < ETHERNET_HEADER ? 0 : word(bytes, at - 2);
    int hash = 0;
    int ports = -1;
    if (type == IPV4 && end - at >= 20) {
      hash = xor(bytes, at + 12, 8);
      boolean fragment = (word(bytes, at + 6) & 0x3fff) != 0;
      ports = !fragment && hasPorts(bytes[at + 9]) ? at + 4 * (bytes[at] & 0xf) : -1;
    } else if (type == IPV6 && end - at >= 40) {
      hash = xor(bytes, at + 8, 32);
      ports = hasPorts(bytes[at + 6]) ? at + 40 : -1;
    }
    if (ports >= 0 && end - ports >= 4) {
      hash ^= word(bytes, ports) ^ word(bytes, ports + 2);
    }
    hash *= 0x9e3779b1;
    return hash >>> 1;
  }

  private static boolean hasPorts(byte protocol) {
    return protocol == TCP || protocol == UDP;
  }

  private static int xor(byte[] bytes, int at, int length) {
    int hash = 0;
    for (int i = 0; i < length; i += 2) {
      hash ^= word(bytes, at + i);
    }
    return hash;
  }

  private static int word(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
  }
}

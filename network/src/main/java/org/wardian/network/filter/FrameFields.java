package org.wardian.network.filter;

import org.wardian.network.Frame;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;

/**
 * The fields of one frame, found once. It is used again for the next frame, by one thread at a
 * time. What a frame does not have, or has not whole, is absent; no access leaves the frame.
 * Sources: IEEE 802.1Q, IEEE 802.1D §9.3, RFC 826, RFC 791, RFC 8200 §4.
 */
final class FrameFields {
  static final int DCCP = 33;
  static final int ESP = 50;
  static final int AUTHENTICATION = 51;
  static final int SCTP = 132;
  static final int UDP_LITE = 136;
  static final int RARP = 0x8035;

  private static final long STP_GROUP = 0x0180_c200_0000L;
  private static final int STP_LLC = 0x4242;
  private static final int STP_START = Ethernet.HEADER + 3;
  private static final int STP_SHORT = 4;
  private static final int STP_CONFIGURATION = 35;
  private static final int VLAN_END = Ethernet.HEADER + 4;
  private static final int ARP_SHORT = 8;
  private static final int ARP_LENGTH = 28;
  private static final int MOST_EXTENSIONS = 8;
  private static final int TCP_HEADER = 20;

  private byte[] bytes = new byte[0];
  private int start;
  private int end;
  private int type;
  private int arp;
  private boolean arpAddresses;
  private int stp;
  private int version;
  private int network;
  private int protocol;
  private int transport;
  private int packetEnd;
  private boolean laterFragment;
  private boolean authenticated;
  private boolean malformed;

  private int state;
  private int direction;
  private int count;

  private long high;
  private long low;

  /** Takes a frame; what was known of the last one is forgotten. */
  void take(Frame frame) {
    bytes = frame.bytes();
    start = frame.offset();
    end = start + frame.length();
    arp = -1;
    stp = -1;
    version = 0;
    transport = -1;
    laterFragment = false;
    authenticated = false;
    malformed = false;
    state = 0;
    direction = 0;
    count = 0;
    if (frame.length() < Ethernet.HEADER) {
      malformed = true;
      type = -1;
      return;
    }
    type = Ethernet.type(bytes, start);
    int payload = start + Ethernet.HEADER;
    switch (type) {
      case Ethernet.IPV4 -> takeV4(payload);
      case Ethernet.IPV6 -> takeV6(payload);
      case Ethernet.ARP, RARP -> {
        arp = end - payload >= ARP_SHORT ? payload : -1;
        arpAddresses =
            end - payload >= ARP_LENGTH && NetworkOrder.get16(bytes, payload + 4) == 0x0604;
      }
      default -> {
        if (destinationMac() == STP_GROUP
            && end - start >= STP_START + STP_SHORT
            && NetworkOrder.get16(bytes, payload) == STP_LLC) {
          stp = start + STP_START;
        }
      }
    }
  }

  private void takeV4(int at) {
    malformed = true;
    if (end - at < 20 || bytes[at] >>> 4 != 4) {
      return;
    }
    int header = 4 * (bytes[at] & 15);
    int total = NetworkOrder.get16(bytes, at + 2);
    if (header < 20 || total < header || total > end - at) {
      return;
    }
    malformed = false;
    version = 4;
    network = at;
    packetEnd = at + total;
    protocol = bytes[at + 9] & 0xff;
    laterFragment = (NetworkOrder.get16(bytes, at + 6) & 0x1fff) != 0;
    takeTransport(at + header, (NetworkOrder.get16(bytes, at + 6) & 0x2000) != 0);
  }

  private void takeV6(int at) {
    malformed = true;
    if (end - at < 40 || (bytes[at] >>> 4 & 15) != 6) {
      return;
    }
    int length = NetworkOrder.get16(bytes, at + 4);
    // A length of 0 is that of a long packet, which is still to be cut.
    packetEnd = length == 0 ? end : at + 40 + length;
    if (packetEnd > end) {
      return;
    }
    int next = bytes[at + 6] & 0xff;
    int header = at + 40;
    boolean more = false;
    for (int i = 0; i <= MOST_EXTENSIONS; i++) {
      boolean fragment = next == IpProtocol.FRAGMENT;
      boolean extension =
          fragment
              || next == IpProtocol.HOP_BY_HOP
              || next == IpProtocol.ROUTING
              || next == IpProtocol.DESTINATION_OPTIONS
              || next == AUTHENTICATION;
      if (!extension || laterFragment) {
        malformed = false;
        version = 6;
        network = at;
        protocol = next;
        takeTransport(header, more);
        return;
      }
      if (packetEnd - header < 8) {
        return;
      }
      if (fragment) {
        int word = NetworkOrder.get16(bytes, header + 2);
        laterFragment = word >>> 3 != 0;
        more = (word & 1) != 0;
      }
      authenticated |= next == AUTHENTICATION;
      int words = bytes[header + 1] & 0xff;
      int size = fragment ? 8 : next == AUTHENTICATION ? 4 * (words + 2) : 8 * (words + 1);
      next = bytes[header] & 0xff;
      header += size;
      if (header > packetEnd) {
        return;
      }
    }
  }

  private void takeTransport(int at, boolean moreFragments) {
    if (laterFragment) {
      return;
    }
    int room = packetEnd - at;
    int needed =
        switch (protocol) {
          case IpProtocol.TCP -> TCP_HEADER;
          case IpProtocol.UDP, UDP_LITE -> 8;
          case SCTP, DCCP -> 12;
          case IpProtocol.ICMP, IpProtocol.ICMP6 -> 4;
          default -> 0;
        };
    if (room >= needed) {
      transport = at;
      return;
    }
    // A first fragment so short that its ports are in the second one hides them: RFC 1858 §3.
    malformed = !moreFragments || protocol == IpProtocol.TCP || hasPorts();
  }

  /** Whether the frame's own headers contradict what it is. */
  boolean malformed() {
    return malformed;
  }

  /** 4, 6, or 0 for what is no sound packet of IP. */
  int version() {
    return version;
  }

  int type() {
    return type;
  }

  int protocol() {
    return protocol;
  }

  boolean laterFragment() {
    return laterFragment;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Where the packet begins in {@link #bytes}. */
  int network() {
    return network;
  }

  /** Where its payload begins; -1 where there is no transport header. */
  int transport() {
    return transport;
  }

  /** Where the packet ends. */
  int packetEnd() {
    return packetEnd;
  }

  long destinationMac() {
    return mac(start);
  }

  long sourceMac() {
    return mac(start + 6);
  }

  private long mac(int at) {
    return (long) NetworkOrder.get16(bytes, at) << 32
        | NetworkOrder.get32(bytes, at + 2) & 0xffff_ffffL;
  }

  boolean hasPorts() {
    return switch (protocol) {
      case IpProtocol.TCP, IpProtocol.UDP, UDP_LITE, SCTP, DCCP -> true;
      default -> false;
    };
  }

  /** What the table of connections knows of the packet. */
  void connection(int stateBit, int way, int connections) {
    state = stateBit;
    direction = way;
    count = connections;
  }

  int state() {
    return state;
  }

  /** The upper 64 bits of what {@link #read} found. */
  long high() {
    return high;
  }

  /** The lower 64 bits of what {@link #read} found. */
  long low() {
    return low;
  }

  /** Reads a field into {@link #high} and {@link #low}; false where the frame has none. */
  boolean read(FrameField field) {
    if (type < 0) {
      return false;
    }
    high = 0;
    return switch (field) {
      case DESTINATION_MAC -> found(destinationMac());
      case SOURCE_MAC -> found(sourceMac());
      case ETHER_TYPE -> found(type);
      case VLAN_ID -> tagged() && found(NetworkOrder.get16(bytes, start + 14) & 0xfff);
      case VLAN_PROTOCOL -> tagged() && found(NetworkOrder.get16(bytes, start + 16));
      case ARP_HARDWARE -> arp >= 0 && found(NetworkOrder.get16(bytes, arp));
      case ARP_PROTOCOL -> arp >= 0 && found(NetworkOrder.get16(bytes, arp + 2));
      case ARP_OPERATION -> arp >= 0 && found(NetworkOrder.get16(bytes, arp + 6));
      case ARP_SOURCE_MAC -> addresses() && found(mac(arp + 8));
      case ARP_SOURCE_IP -> addresses() && found(word(arp + 14));
      case ARP_TARGET_MAC -> addresses() && found(mac(arp + 18));
      case ARP_TARGET_IP -> addresses() && found(word(arp + 24));
      case ARP_GRATUITOUS -> addresses() && found(word(arp + 14) == word(arp + 24) ? 1 : 0);
      case IP_VERSION -> version != 0 && found(version);
      case SOURCE_IP -> version != 0 && address(false);
      case DESTINATION_IP -> version != 0 && address(true);
      case IP_PROTOCOL -> version != 0 && found(protocol);
      case TYPE_OF_SERVICE -> version != 0 && found(service());
      case DSCP -> version != 0 && found(service() >>> 2);
      case AUTHENTICATED -> version == 6 && found(authenticated ? 1 : 0);
      case SOURCE_PORT -> ports() && found(NetworkOrder.get16(bytes, transport));
      case DESTINATION_PORT -> ports() && found(NetworkOrder.get16(bytes, transport + 2));
      case TCP_FLAGS -> tcp() && found(bytes[transport + 13] & 0xff);
      case TCP_OPTIONS -> tcp() && found(options());
      case ICMP_TYPE -> icmp() && found(bytes[transport] & 0xff);
      case ICMP_CODE -> icmp() && found(bytes[transport + 1] & 0xff);
      case CONNECTION_STATE -> found(state);
      case CONNECTION_DIRECTION -> state != 0 && found(direction);
      case CONNECTION_COUNT -> found(count);
      case STP_TYPE -> stp >= 0 && found(bytes[stp + 3] & 0xff);
      default -> stp >= 0 && end - stp >= STP_CONFIGURATION && bytes[stp + 3] == 0 && tree(field);
    };
  }

  private boolean tree(FrameField field) {
    return found(
        switch (field) {
          case STP_FLAGS -> bytes[stp + 4] & 0xff;
          case STP_ROOT_PRIORITY -> NetworkOrder.get16(bytes, stp + 5);
          case STP_ROOT_MAC -> mac(stp + 7);
          case STP_ROOT_COST -> word(stp + 13);
          case STP_SENDER_PRIORITY -> NetworkOrder.get16(bytes, stp + 17);
          case STP_SENDER_MAC -> mac(stp + 19);
          case STP_PORT -> NetworkOrder.get16(bytes, stp + 25);
          case STP_AGE -> NetworkOrder.get16(bytes, stp + 27);
          case STP_MAX_AGE -> NetworkOrder.get16(bytes, stp + 29);
          case STP_HELLO_TIME -> NetworkOrder.get16(bytes, stp + 31);
          case STP_FORWARD_DELAY -> NetworkOrder.get16(bytes, stp + 33);
          default -> throw new IllegalArgumentException(field.name());
        });
  }

  private boolean found(long value) {
    low = value;
    return true;
  }

  private boolean tagged() {
    return type == Ethernet.VLAN && end - start >= VLAN_END;
  }

  private boolean addresses() {
    return arp >= 0 && arpAddresses;
  }

  private boolean ports() {
    return transport >= 0 && hasPorts();
  }

  private boolean tcp() {
    return transport >= 0 && protocol == IpProtocol.TCP;
  }

  private boolean icmp() {
    return transport >= 0 && (protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMP6);
  }

  private long word(int at) {
    return NetworkOrder.get32(bytes, at) & 0xffff_ffffL;
  }

  private int service() {
    return version == 4
        ? bytes[network + 1] & 0xff
        : NetworkOrder.get16(bytes, network) >>> 4 & 0xff;
  }

  private boolean address(boolean destination) {
    if (version == 4) {
      low = word(network + (destination ? 16 : 12));
    } else {
      int at = network + (destination ? 24 : 8);
      high = NetworkOrder.get64(bytes, at);
      low = NetworkOrder.get64(bytes, at + 8);
    }
    return true;
  }

  private long options() {
    int stop = Math.min(packetEnd, transport + 4 * (bytes[transport + 12] >>> 4 & 15));
    long kinds = 0;
    for (int at = transport + TCP_HEADER; at < stop; ) {
      int kind = bytes[at] & 0xff;
      kinds |= kind < 64 ? 1L << kind : 0;
      int length = kind > 1 && at + 1 < stop ? bytes[at + 1] & 0xff : 1;
      if (kind == 0 || kind > 1 && length < 2) {
        break;
      }
      at += length;
    }
    return kinds;
  }
}

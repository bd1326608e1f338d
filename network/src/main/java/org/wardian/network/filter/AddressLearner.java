package org.wardian.network.filter;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.network.MacAddress;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.NetworkOrder;

/**
 * Finds the IPv4 address of a guest by what it sends and is sent, for filters that ask for it and
 * are not told: libvirt's {@code CTRL_IP_LEARNING}. Any thread.
 */
public final class AddressLearner {
  /** By what an address is learned. */
  public enum Method {
    /** By the first packet or ARP message with it, or a lease; once. */
    ANY,
    /** By leases of DHCP, for as long as they last. */
    DHCP
  }

  private static final int MOST = 32;
  private static final int BOOTP = 236;
  private static final int COOKIE = 0x6382_5363;
  private static final int OFFER_PORT = 67;
  private static final int CLIENT_PORT = 68;
  private static final int TYPE = 53;
  private static final int LEASE = 51;
  private static final int ACK = 5;
  private static final int RELEASE = 7;
  private static final long NANOS = 1_000_000_000L;

  private final Method method;
  private final long mac;
  private final List<IpAddress> servers;

  /** Addresses, and when they end; none ends with a method that learns once. */
  private final Map<IpAddress, Long> known = new LinkedHashMap<>();

  private int kind;
  private long seconds;

  /**
   * Knows nothing yet.
   *
   * @param servers whose leases are believed; any where there is none
   */
  public AddressLearner(Method method, MacAddress mac, List<IpAddress> servers) {
    this.method = method;
    this.mac = mac.bits();
    this.servers = List.copyOf(servers);
  }

  /** The addresses that hold now. */
  public synchronized List<IpAddress> addresses(long nanoseconds) {
    known.values().removeIf(end -> end - nanoseconds <= 0);
    return List.copyOf(known.keySet());
  }

  /** When the first of the addresses ends, in nanoseconds from now; -1 where none does. */
  public synchronized long untilEnd(long nanoseconds) {
    return method == Method.ANY
        ? -1
        : known.values().stream().mapToLong(end -> end - nanoseconds).min().orElse(-1);
  }

  /**
   * Looks at a frame.
   *
   * @return whether an address came or went
   */
  synchronized boolean see(FrameFields frame, boolean toGuest, long now) {
    if (method == Method.ANY && !known.isEmpty() || frame.type() < 0) {
      return false;
    }
    if (frame.version() == 4
        && frame.protocol() == IpProtocol.UDP
        && frame.transport() >= 0
        && dhcp(frame, toGuest, now)) {
      return true;
    }
    return method == Method.ANY && !toGuest && frame.sourceMac() == mac && sender(frame, now);
  }

  private boolean sender(FrameFields frame, long now) {
    boolean found =
        frame.version() == 4
            ? frame.read(FrameField.SOURCE_IP)
            : frame.type() == Ethernet.ARP && frame.read(FrameField.ARP_SOURCE_IP);
    IpAddress address = IpAddress.v4((int) frame.low());
    return found && usable(address) && add(address, Long.MAX_VALUE / 2 + now);
  }

  private static boolean usable(IpAddress address) {
    return !address.unspecified() && !address.multicast() && !address.equals(IpAddress.BROADCAST4);
  }

  private boolean add(IpAddress address, long end) {
    boolean isNew = !known.containsKey(address);
    if (isNew && known.size() >= MOST) {
      return false;
    }
    known.put(address, end);
    return isNew;
  }

  /** A message of DHCP (RFC 2131 §2). */
  private boolean dhcp(FrameFields frame, boolean toGuest, long now) {
    byte[] bytes = frame.bytes();
    int at = frame.transport();
    int from = NetworkOrder.get16(bytes, at);
    int to = NetworkOrder.get16(bytes, at + 2);
    int message = at + 8;
    if (from != (toGuest ? OFFER_PORT : CLIENT_PORT)
        || to != (toGuest ? CLIENT_PORT : OFFER_PORT)
        || frame.packetEnd() - message < BOOTP + 4
        || NetworkOrder.get32(bytes, message + BOOTP) != COOKIE
        || NetworkOrder.get64(bytes, message + 28) >>> 16 != mac) {
      return false;
    }
    options(bytes, message + BOOTP + 4, frame.packetEnd());
    if (toGuest && kind == ACK && believed(frame)) {
      IpAddress given = IpAddress.readV4(bytes, message + 16);
      long end = method == Method.ANY ? Long.MAX_VALUE / 2 : seconds * NANOS;
      return usable(given) && add(given, now + end);
    }
    if (!toGuest && kind == RELEASE && frame.sourceMac() == mac) {
      return known.remove(IpAddress.readV4(bytes, message + 12)) != null;
    }
    return false;
  }

  private boolean believed(FrameFields frame) {
    return servers.isEmpty()
        || frame.read(FrameField.SOURCE_IP) && servers.contains(IpAddress.v4((int) frame.low()));
  }

  private void options(byte[] bytes, int from, int end) {
    kind = 0;
    seconds = 0xffff_ffffL;
    for (int at = from; at + 1 < end && bytes[at] != -1; ) {
      int option = bytes[at] & 0xff;
      if (option == 0) {
        at++;
        continue;
      }
      int length = bytes[at + 1] & 0xff;
      if (at + 2 + length > end) {
        return;
      }
      if (option == TYPE && length == 1) {
        kind = bytes[at + 2] & 0xff;
      } else if (option == LEASE && length == 4) {
        seconds = NetworkOrder.get32(bytes, at + 2) & 0xffff_ffffL;
      }
      at += 2 + length;
    }
  }
}

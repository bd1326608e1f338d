package org.wardian.network.nat;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.wardian.network.wire.IpAddress;

/** Which station has which address, as they themselves have said; the oldest are forgotten. */
final class Neighbours {
  static final long UNKNOWN = -1;
  private static final int MOST = 1024;
  private static final int MOST_WAITING = 32;

  /** A packet for a station that does not answer yet: the frame, from its IP header on. */
  record Waiting(IpAddress station, byte[] frame, int offset, int length) {}

  private final Map<IpAddress, Long> stations = new LinkedHashMap<>();
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private IpAddress lastAddress = IpAddress.ANY4;
  private long lastMac = UNKNOWN;

  /** The 48 bits of the station's Ethernet address, or {@link #UNKNOWN}. */
  long find(IpAddress address) {
    if (address.equals(lastAddress)) {
      return lastMac;
    }
    Long mac = stations.get(address);
    if (mac == null) {
      return UNKNOWN;
    }
    lastAddress = address;
    lastMac = mac;
    return mac;
  }

  /**
   * Notes a station.
   *
   * @return whether it is news
   */
  boolean learn(IpAddress address, long mac) {
    if (mac == lastMac && address.equals(lastAddress)) {
      return false;
    }
    Long before = stations.put(address, mac);
    if (before != null && before == mac) {
      return false;
    }
    if (stations.size() > MOST) {
      Iterator<IpAddress> oldest = stations.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
    lastAddress = address;
    lastMac = mac;
    return true;
  }

  /** Keeps a packet until its station is known; the oldest gives way. */
  void await(Waiting packet) {
    if (waiting.size() >= MOST_WAITING) {
      waiting.removeFirst();
    }
    waiting.addLast(packet);
  }

  /** The next packet that waits for a station, or null. */
  Waiting next(IpAddress station) {
    for (Iterator<Waiting> packets = waiting.iterator(); packets.hasNext(); ) {
      Waiting packet = packets.next();
      if (packet.station().equals(station)) {
        packets.remove();
        return packet;
      }
    }
    return null;
  }
}

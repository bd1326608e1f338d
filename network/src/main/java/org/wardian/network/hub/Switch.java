package org.wardian.network.hub;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.wardian.network.Frame;
import org.wardian.network.wire.Ethernet;

/**
 * A learning switch (IEEE 802.1D §7): a frame goes to where its destination was heard last, or to
 * all others where it was not. Safe for any number of threads.
 */
public final class Switch {
  private static final int MOST_STATIONS = 4096;
  private static final long FORGETS = 300_000_000_000L;

  private record Station(Outlet place, long heard) {}

  private final int mtu;
  private final List<Outlet> places = new CopyOnWriteArrayList<>();
  private final Map<Long, Station> stations = new LinkedHashMap<>();

  /**
   * A switch without ports.
   *
   * @param mtu largest IP packet that its guests are told to send, in bytes
   */
  public Switch(int mtu) {
    this.mtu = mtu;
  }

  /** Adds a port; it leaves the switch when it is closed. */
  public SwitchPort port() {
    SwitchPort port = new SwitchPort(this);
    add(port);
    return port;
  }

  /** Largest IP packet that guests are told to send, in bytes. */
  public int mtu() {
    return mtu;
  }

  /** Ethernet addresses that are known. */
  public int stations() {
    synchronized (stations) {
      return stations.size();
    }
  }

  void add(Outlet place) {
    places.add(place);
  }

  void remove(Outlet place) {
    places.remove(place);
    synchronized (stations) {
      stations.values().removeIf(station -> station.place().equals(place));
    }
  }

  /**
   * Passes a frame on.
   *
   * @return false where it was dropped, everywhere or at once
   */
  boolean pass(Outlet from, Frame frame) {
    if (frame.length() < Ethernet.HEADER) {
      return false;
    }
    long destination = Ethernet.destination(frame.bytes(), frame.offset());
    long source = Ethernet.source(frame.bytes(), frame.offset());
    Outlet to = learn(source, destination, from);
    if (to != null) {
      return to.equals(from) || to.offer(frame);
    }
    if (!from.mayFlood()) {
      return false;
    }
    boolean taken = false;
    for (Outlet place : places) {
      if (!place.equals(from)) {
        taken |= place.offer(frame);
      }
    }
    return taken;
  }

  /** Notes where a frame came from; where it goes, or null for everywhere. */
  private Outlet learn(long source, long destination, Outlet from) {
    long now = System.nanoTime();
    synchronized (stations) {
      if (!Ethernet.group(source)) {
        // Whoever was heard last stands last.
        stations.remove(source);
        stations.put(source, new Station(from, now));
        if (stations.size() > MOST_STATIONS) {
          Iterator<Long> oldest = stations.keySet().iterator();
          oldest.next();
          oldest.remove();
        }
      }
      Station station = Ethernet.group(destination) ? null : stations.get(destination);
      return station == null || now - station.heard() > FORGETS ? null : station.place();
    }
  }
}

package org.wardian.virtio.net;

import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;

/** Which frames a driver wants (virtio 1.2 §5.1.6.5.1 to 3). Its monitor guards it. */
final class ReceiveFilter {
  /** The most addresses of each kind; a driver that names more gets all frames of the kind. */
  static final int MOST_ADDRESSES = 64;

  private static final int VLANS = 4096;
  private static final int VLAN_TYPE = 0x8100;
  private static final int ETHERNET_HEADER = 14;

  private long address;
  private boolean promiscuous;
  private boolean allGroups;
  private boolean allStations;
  private boolean noGroups;
  private boolean noStations;
  private boolean noBroadcast;
  private final Set<Long> stations = new HashSet<>();
  private final Set<Long> groups = new HashSet<>();
  private boolean tooManyStations;
  private boolean tooManyGroups;
  private boolean vlanFilter;
  private final BitSet vlans = new BitSet(VLANS);

  ReceiveFilter(MacAddress address) {
    reset(address, false);
  }

  /** What a driver finds that has not said anything yet: everything passes but VLANs. */
  synchronized void reset(MacAddress own, boolean filterVlans) {
    address = own.bits();
    promiscuous = true;
    allGroups = false;
    allStations = false;
    noGroups = false;
    noStations = false;
    noBroadcast = false;
    stations.clear();
    groups.clear();
    tooManyStations = false;
    tooManyGroups = false;
    vlanFilter = filterVlans;
    vlans.clear();
  }

  synchronized void address(MacAddress own) {
    address = own.bits();
  }

  /** Sets one of the receive modes; false where there is no such. */
  synchronized boolean mode(int command, boolean on) {
    switch (command) {
      case NetProtocol.RECEIVE_PROMISCUOUS -> promiscuous = on;
      case NetProtocol.RECEIVE_ALL_GROUPS -> allGroups = on;
      case NetProtocol.RECEIVE_ALL_STATIONS -> allStations = on;
      case NetProtocol.RECEIVE_NO_GROUPS -> noGroups = on;
      case NetProtocol.RECEIVE_NO_STATIONS -> noStations = on;
      case NetProtocol.RECEIVE_NO_BROADCAST -> noBroadcast = on;
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Replaces both tables; a null one stands for more than can be kept. */
  synchronized void tables(Set<Long> someStations, Set<Long> someGroups) {
    stations.clear();
    groups.clear();
    tooManyStations = someStations == null;
    tooManyGroups = someGroups == null;
    if (someStations != null) {
      stations.addAll(someStations);
    }
    if (someGroups != null) {
      groups.addAll(someGroups);
    }
  }

  /** Adds or removes a VLAN; false where there is no such. */
  synchronized boolean vlan(int number, boolean member) {
    if (number >= VLANS) {
      return false;
    }
    vlans.set(number, member);
    return true;
  }

  /** Whether the driver wants a frame. */
  synchronized boolean passes(Frame frame) {
    byte[] bytes = frame.bytes();
    int at = frame.offset();
    if (vlanFilter && frame.length() >= ETHERNET_HEADER + 2 && type(bytes, at) == VLAN_TYPE) {
      int vlan = (bytes[at + 14] & 0xf) << 8 | bytes[at + 15] & 0xff;
      if (!vlans.get(vlan)) {
        return false;
      }
    }
    if (promiscuous) {
      return true;
    }
    long to = MacAddress.of(bytes, at).bits();
    if (to == MacAddress.BROADCAST.bits()) {
      return !noBroadcast;
    }
    if ((to >>> 40 & 1) != 0) {
      return !noGroups && (allGroups || tooManyGroups || groups.contains(to));
    }
    return !noStations
        && (allStations || tooManyStations || to == address || stations.contains(to));
  }

  private static int type(byte[] bytes, int at) {
    return (bytes[at + 12] & 0xff) << 8 | bytes[at + 13] & 0xff;
  }

  synchronized void save(StateWriter out) {
    out.writeLong(address);
    for (boolean flag :
        new boolean[] {
          promiscuous,
          allGroups,
          allStations,
          noGroups,
          noStations,
          noBroadcast,
          tooManyStations,
          tooManyGroups,
          vlanFilter
        }) {
      out.writeBoolean(flag);
    }
    save(stations, out);
    save(groups, out);
    byte[] bits = new byte[VLANS / 8];
    byte[] used = vlans.toByteArray();
    System.arraycopy(used, 0, bits, 0, used.length);
    out.writeBytes(bits);
  }

  private static void save(Set<Long> addresses, StateWriter out) {
    out.writeInt(addresses.size());
    new TreeSet<>(addresses).forEach(out::writeLong);
  }

  synchronized void load(StateReader in) {
    address = in.readLong() & MacAddress.BROADCAST.bits();
    promiscuous = in.readBoolean();
    allGroups = in.readBoolean();
    allStations = in.readBoolean();
    noGroups = in.readBoolean();
    noStations = in.readBoolean();
    noBroadcast = in.readBoolean();
    tooManyStations = in.readBoolean();
    tooManyGroups = in.readBoolean();
    vlanFilter = in.readBoolean();
    load(stations, in);
    load(groups, in);
    byte[] bits = new byte[VLANS / 8];
    in.readBytes(bits);
    vlans.clear();
    vlans.or(BitSet.valueOf(bits));
  }

  private static void load(Set<Long> addresses, StateReader in) {
    addresses.clear();
    int count = in.readInt(0, MOST_ADDRESSES);
    for (int i = 0; i < count; i++) {
      addresses.add(in.readLong());
    }
  }
}

package org.wardian.network.nat;

import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;

/**
 * Fragments of IP until their packet is whole: RFC 815, with the limits that hostile fragments call
 * for. Fragments that overlap lose their packet (RFC 5722 §3).
 */
final class Reassembly {
  private static final int MOST_PACKETS = 32;
  private static final int MOST_FRAGMENTS = 128;
  private static final int MOST_BYTES = 65_535;
  private static final long PATIENCE = 15_000_000_000L;

  private record Key(IpAddress source, IpAddress destination, int protocol, int identification) {}

  private static final class Partial {
    final long since;
    final SequenceRanges ranges = new SequenceRanges(MOST_FRAGMENTS);
    byte[] bytes = new byte[4096];
    int total = -1;
    int hopLimit;

    Partial(long since) {
      this.since = since;
    }
  }

  private final Map<Key, Partial> partials = new LinkedHashMap<>();

  /** Packets that are not whole. */
  int size() {
    return partials.size();
  }

  /**
   * Takes a fragment.
   *
   * @return the packet, its payload alone in a new array, when this made it whole; or null
   */
  IpPacket take(IpPacket fragment, long now) {
    expire(now);
    Key key =
        new Key(
            fragment.source(),
            fragment.destination(),
            fragment.protocol(),
            fragment.identification());
    Partial partial = partials.computeIfAbsent(key, absent -> new Partial(now));
    if (partials.size() > MOST_PACKETS) {
      removeOldest();
    }
    if (!add(partial, fragment)) {
      partials.remove(key);
      return null;
    }
    if (partial.total < 0
        || partial.ranges.count() != 1
        || partial.ranges.first(0) != 0
        || partial.ranges.end(0) != partial.total) {
      return null;
    }
    partials.remove(key);
    return new IpPacket(
        partial.bytes,
        0,
        0,
        partial.total,
        fragment.source(),
        fragment.destination(),
        fragment.protocol(),
        partial.hopLimit,
        0,
        false,
        fragment.identification());
  }

  private static boolean add(Partial partial, IpPacket fragment) {
    int from = fragment.fragmentOffset();
    int to = from + fragment.length();
    boolean last = !fragment.moreFragments();
    if (to > MOST_BYTES
        || fragment.length() == 0
        || !last && fragment.length() % 8 != 0
        || partial.total >= 0 && (last || to > partial.total)) {
      return false;
    }
    SequenceRanges ranges = partial.ranges;
    for (int i = 0; i < ranges.count(); i++) {
      if (from < ranges.end(i) && to > ranges.first(i) || last && ranges.end(i) > to) {
        return false;
      }
    }
    if (!ranges.add(from, to)) {
      return false;
    }
    if (last) {
      partial.total = to;
    }
    if (from == 0) {
      partial.hopLimit = fragment.hopLimit();
    }
    if (to > partial.bytes.length) {
      int size = Math.min(MOST_BYTES, Math.max(to, 4 * partial.bytes.length));
      partial.bytes = Arrays.copyOf(partial.bytes, size);
    }
    System.arraycopy(fragment.bytes(), fragment.payload(), partial.bytes, from, to - from);
    return true;
  }

  private void expire(long now) {
    Iterator<Partial> oldest = partials.values().iterator();
    while (oldest.hasNext() && now - oldest.next().since > PATIENCE) {
      oldest.remove();
    }
  }

  private void removeOldest() {
    Iterator<Key> oldest = partials.keySet().iterator();
    oldest.next();
    oldest.remove();
  }
}

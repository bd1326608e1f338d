package org.wardian.network.nat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.wardian.network.wire.IpAddress;

/**
 * Which client has which address of one family. A client is what its server knows it by: an
 * Ethernet address, or an identifier with the number of an association.
 *
 * @param <C> what identifies a client
 */
final class AddressPool<C> {
  private static final int MOST_LEASES = 1024;
  private static final int MOST_DECLINED = 64;
  private static final int MOST_TRIED = 65_536 + MOST_LEASES + MOST_DECLINED;

  private final boolean four;
  private final Predicate<IpAddress> station;
  private final LongSupplier seconds;
  private final Map<C, DhcpLease> leases = new LinkedHashMap<>();
  private final Map<IpAddress, C> holders = new HashMap<>();
  private final Set<IpAddress> declined = new LinkedHashSet<>();
  private DhcpPlan plan;
  private Consumer<List<DhcpLease>> listener = all -> {};

  /**
   * An empty one.
   *
   * @param station whether an address can be a guest's
   * @param seconds the time, since 1970
   */
  AddressPool(DhcpPlan plan, boolean four, Predicate<IpAddress> station, LongSupplier seconds) {
    this.plan = plan;
    this.four = four;
    this.station = station;
    this.seconds = seconds;
  }

  DhcpPlan plan() {
    return plan;
  }

  void plan(DhcpPlan value) {
    plan = value;
  }

  void listener(Consumer<List<DhcpLease>> value) {
    listener = value;
  }

  int size() {
    return leases.size();
  }

  List<DhcpLease> leases() {
    return List.copyOf(leases.values());
  }

  DhcpLease of(C client) {
    return leases.get(client);
  }

  /** Takes a lease over that was given before. */
  void restore(C client, DhcpLease lease) {
    if (leases.size() < MOST_LEASES
        && station.test(lease.address())
        && !holders.containsKey(lease.address())
        && !expired(lease)) {
      leases.put(client, lease);
      holders.put(lease.address(), client);
    }
  }

  private boolean expired(DhcpLease lease) {
    return lease.expiry() != 0 && lease.expiry() <= seconds.getAsLong();
  }

  /**
   * An address for a client: what is kept for it, what it has, what it wants, or the next free one.
   *
   * @param known the host of the plan that it is, or null
   * @param wanted what it asks for, or null
   * @return null where there is none
   */
  IpAddress offer(C client, DhcpPlan.Host known, IpAddress wanted) {
    if (known != null && mayTake(client, known.address())) {
      return known.address();
    }
    DhcpLease held = leases.get(client);
    if (held != null && allowed(client, null, held.address())) {
      return held.address();
    }
    if (wanted != null && allowed(client, null, wanted)) {
      return wanted;
    }
    int tried = 0;
    for (DhcpPlan.Range range : plan.ranges()) {
      if (range.first().isV4() != four) {
        continue;
      }
      IpAddress candidate = range.first();
      while (range.contains(candidate) && tried < MOST_TRIED) {
        if (allowed(client, null, candidate)) {
          return candidate;
        }
        candidate = candidate.plus(1);
        tried++;
      }
    }
    // What was declined once may serve again before nothing does.
    if (!declined.isEmpty()) {
      IpAddress again = declined.iterator().next();
      declined.remove(again);
      return again;
    }
    return null;
  }

  /** Whether a client may have an address. */
  boolean allowed(C client, DhcpPlan.Host known, IpAddress address) {
    if (known != null) {
      return known.address().equals(address) && mayTake(client, address);
    }
    boolean planned =
        plan.any() || plan.ranges().stream().anyMatch(range -> range.contains(address));
    return planned && plan.holder(address) == null && mayTake(client, address);
  }

  /** Whether an address is a guest's, and nobody else's. */
  private boolean mayTake(C client, IpAddress address) {
    if (address.isV4() != four || !station.test(address) || declined.contains(address)) {
      return false;
    }
    C holder = holders.get(address);
    if (holder == null) {
      return leases.containsKey(client) || leases.size() < MOST_LEASES || sweep();
    }
    return holder.equals(client) || expired(leases.get(holder));
  }

  /** Forgets what has run out; whether that gave room. */
  private boolean sweep() {
    List<C> gone = new ArrayList<>();
    leases.forEach((client, lease) -> {
      if (expired(lease)) {
        gone.add(client);
      }
    });
    gone.forEach(this::forget);
    return leases.size() < MOST_LEASES;
  }

  /** A client has taken an address. */
  DhcpLease bind(
      C client, IpAddress address, long mac, String name, String identifier, int association) {
    C holder = holders.get(address);
    if (holder != null && !holder.equals(client)) {
      forget(holder);
    }
    DhcpLease before = leases.get(client);
    if (before != null && !before.address().equals(address)) {
      forget(client);
    }
    int length = plan.seconds(address);
    long expiry = length == 0 ? 0 : seconds.getAsLong() + length;
    String called = name != null || before == null ? name : before.name();
    DhcpLease lease = new DhcpLease(address, mac, called, identifier, association, expiry);
    leases.put(client, lease);
    holders.put(address, client);
    listener.accept(leases());
    return lease;
  }

  private void forget(C client) {
    DhcpLease lease = leases.remove(client);
    if (lease != null) {
      holders.remove(lease.address());
    }
  }

  /** A client gives its address back. */
  void release(C client) {
    if (leases.containsKey(client)) {
      forget(client);
      listener.accept(leases());
    }
  }

  /** A client has found that somebody else uses its address. */
  void decline(C client, IpAddress address) {
    release(client);
    declined.add(address);
    if (declined.size() > MOST_DECLINED) {
      declined.remove(declined.iterator().next());
    }
  }
}

package org.wardian.daemon.domain;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainRef;

/** All domains, found by identity, name and number. Looking waits for nobody. */
final class DomainTable {
  private final Map<UUID, Domain> byUuid = new ConcurrentHashMap<>();
  private final Map<String, Domain> byName = new ConcurrentHashMap<>();
  private final AtomicInteger ids = new AtomicInteger();

  /** The domain that a client means: by its identity, for numbers and names change. */
  Domain find(DomainRef ref) throws LibvirtException {
    Domain domain = byUuid.get(ref.uuid());
    if (domain == null) {
      throw none("no domain with matching uuid '" + ref.uuid() + "' (" + ref.name() + ")");
    }
    return domain;
  }

  Domain byUuid(UUID uuid) throws LibvirtException {
    Domain domain = byUuid.get(uuid);
    if (domain == null) {
      throw none("no domain with matching uuid '" + uuid + "'");
    }
    return domain;
  }

  Domain byName(String name) throws LibvirtException {
    Domain domain = byName.get(name);
    if (domain == null) {
      throw none("no domain with matching name '" + name + "'");
    }
    return domain;
  }

  Domain byId(int id) throws LibvirtException {
    return byUuid.values().stream()
        .filter(domain -> id >= 0 && domain.id() == id)
        .findFirst()
        .orElseThrow(() -> none("no domain with matching id " + id));
  }

  static LibvirtException none(String detail) {
    return Refusal.qemu(ErrorNumber.NO_DOMAIN, detail);
  }

  /** The domain of an identity; null where there is none. */
  Domain get(UUID uuid) {
    return byUuid.get(uuid);
  }

  /** The domain of a name; null where there is none. */
  Domain get(String name) {
    return byName.get(name);
  }

  /** All, in no order. */
  Collection<Domain> all() {
    return List.copyOf(byUuid.values());
  }

  /** How many there are in each state. */
  Map<String, Long> countByState() {
    return byUuid.values().stream()
        .collect(
            Collectors.groupingBy(
                domain -> domain.facts().state().name().toLowerCase(java.util.Locale.ROOT),
                java.util.TreeMap::new,
                Collectors.counting()));
  }

  /**
   * Adds a domain.
   *
   * @throws LibvirtException where another has its name or identity
   */
  synchronized void add(Domain domain, String name) throws LibvirtException {
    requireFree(name, domain.uuid());
    byUuid.put(domain.uuid(), domain);
    byName.put(name, domain);
  }

  /** Refuses a name and an identity that belong to two domains, as libvirt does. */
  synchronized void requireFree(String name, UUID uuid) throws LibvirtException {
    Domain sameUuid = byUuid.get(uuid);
    if (sameUuid != null && !sameUuid.name().equals(name)) {
      throw Refusal.failed("domain '" + sameUuid.name() + "' is already defined with uuid " + uuid);
    }
    Domain sameName = byName.get(name);
    if (sameName != null && !sameName.uuid().equals(uuid)) {
      throw Refusal.failed("domain '" + name + "' already exists with uuid " + sameName.uuid());
    }
  }

  /** Gives a domain another name. */
  synchronized void rename(Domain domain, String from, String to) throws LibvirtException {
    if (byName.containsKey(to)) {
      throw Refusal.notNow("domain with name '" + to + "' already exists");
    }
    byName.remove(from, domain);
    byName.put(to, domain);
  }

  synchronized void remove(Domain domain) {
    byUuid.remove(domain.uuid(), domain);
    byName.values().removeIf(one -> one == domain);
  }

  /** A number that no machine had since the daemon's start, and none has that was found. */
  int nextId() {
    return ids.incrementAndGet();
  }

  /** A machine with this number was found. */
  void sawId(int id) {
    ids.accumulateAndGet(id, Math::max);
  }
}

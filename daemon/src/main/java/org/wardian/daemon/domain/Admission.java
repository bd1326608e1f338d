package org.wardian.daemon.domain;

import java.util.HashMap;
import java.util.Map;
import org.wardian.daemon.host.HostProcedures;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.error.LibvirtException;

/** Lets machines start as long as no more is promised than the {@link OverCommit policy} allows. */
final class Admission {
  private static final long KIB_PER_MIB = 1024;

  /** What a machine may come to have. */
  private record Promise(long memoryKib, long processors) {
    static final Promise NONE = new Promise(0, 0);

    static Promise of(DomainDocument document) {
      return new Promise(document.memoryKib(), document.mostProcessors());
    }

    Promise plus(Promise other) {
      return new Promise(memoryKib + other.memoryKib, processors + other.processors);
    }
  }

  /** The right to start a machine; it ends when the machine runs, or will not. */
  interface Ticket extends AutoCloseable {
    @Override
    void close();
  }

  private final DomainTable table;
  private final OverCommit policy;

  /** Those that do not run yet. */
  private final Map<Domain, Promise> starting = new HashMap<>();

  Admission(DomainTable table, OverCommit policy) {
    this.table = table;
    this.policy = policy;
  }

  /**
   * Admits a domain that does not run.
   *
   * @param document what it is to run with
   * @throws LibvirtException where too much would be promised
   */
  synchronized Ticket admit(Domain domain, DomainDocument document) throws LibvirtException {
    if (policy.equals(OverCommit.UNLIMITED)) {
      return () -> {};
    }
    Promise wanted = Promise.of(document);
    Promise promised = promised();
    require(
        "memory_overcommit",
        "MiB of memory",
        policy.memoryPercent(),
        HostProcedures.memoryKib() / KIB_PER_MIB,
        promised.memoryKib() / KIB_PER_MIB,
        wanted.memoryKib() / KIB_PER_MIB);
    require(
        "vcpu_overcommit",
        "processors",
        policy.processorPercent(),
        Runtime.getRuntime().availableProcessors(),
        promised.processors(),
        wanted.processors());
    starting.put(domain, wanted);
    return () -> {
      synchronized (this) {
        starting.remove(domain);
      }
    };
  }

  private Promise promised() {
    Promise sum = Promise.NONE;
    for (Domain domain : table.all()) {
      DomainFacts facts = domain.facts();
      if (facts.isActive() && !starting.containsKey(domain)) {
        sum = sum.plus(Promise.of(facts.document()));
      }
    }
    for (Promise one : starting.values()) {
      sum = sum.plus(one);
    }
    return sum;
  }

  private static void require(
      String setting, String what, int percent, long host, long promised, long wanted)
      throws LibvirtException {
    // In this order nothing overflows: the host's and a percentage are small.
    if (percent != 0 && wanted > host * percent / 100 - promised) {
      throw Refusal.failed(
          "%d %s are wanted, machines that run have %d, and all may have %d (%d%% of the host's %d: %s of wardiand.conf)"
              .formatted(wanted, what, promised, host * percent / 100, percent, host, setting));
    }
  }
}

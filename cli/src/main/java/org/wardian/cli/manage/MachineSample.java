package org.wardian.cli.manage;

import java.util.Map;
import java.util.UUID;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.wire.remote.DomainGetInfoRet;

/**
 * Counters of a machine at a moment.
 *
 * @param id -1 where it does not run
 * @param state number of its state
 * @param processorNanoseconds that its processors have used
 * @param memory bytes that the guest has
 * @param read bytes of all disks
 * @param received bytes of all network cards, that the guest received
 */
record MachineSample(
    UUID uuid,
    String name,
    int id,
    int state,
    int processors,
    long processorNanoseconds,
    long memory,
    long read,
    long written,
    long received,
    long sent) {
  /** Disks or cards that are looked at; more no machine has. */
  private static final int MOST = 1024;

  /** Of a daemon's statistics; what is not among them is 0. */
  static MachineSample of(Domain domain, Map<String, Object> figures) {
    return new MachineSample(
        domain.uuid(),
        domain.name(),
        domain.id(),
        (int) number(figures, "state.state"),
        (int) number(figures, "vcpu.current"),
        number(figures, "cpu.time"),
        number(figures, "balloon.current") << 10,
        sum(figures, "block", "rd.bytes"),
        sum(figures, "block", "wr.bytes"),
        sum(figures, "net", "rx.bytes"),
        sum(figures, "net", "tx.bytes"));
  }

  /** Of what every daemon tells; disks and network are 0. */
  static MachineSample of(Domain domain, DomainGetInfoRet info) {
    return new MachineSample(
        domain.uuid(),
        domain.name(),
        domain.id(),
        info.state(),
        info.nrVirtCpu(),
        info.cpuTime(),
        info.memory() << 10,
        0,
        0,
        0,
        0);
  }

  private static long number(Map<String, Object> figures, String key) {
    return figures.get(key) instanceof Number number ? number.longValue() : 0;
  }

  private static long sum(Map<String, Object> figures, String kind, String what) {
    long count = Math.min(number(figures, kind + ".count"), MOST);
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += number(figures, kind + "." + i + "." + what);
    }
    return sum;
  }
}

package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.wardian.cli.Json;

/**
 * What a machine did between two moments.
 *
 * @param now its counters at the second
 * @param percent of one of the host's processors
 * @param read bytes a second, as the others
 */
record MachineLoad(
    MachineSample now, double percent, double read, double written, double received, double sent) {
  /** What a table is sorted by. */
  enum Order {
    CPU('c', Comparator.comparingDouble(MachineLoad::percent).reversed()),
    MEMORY('m', Comparator.<MachineLoad>comparingLong(one -> one.now().memory()).reversed()),
    DISK(
        'd', Comparator.<MachineLoad>comparingDouble(one -> one.read() + one.written()).reversed()),
    NETWORK(
        'n',
        Comparator.<MachineLoad>comparingDouble(one -> one.received() + one.sent()).reversed()),
    TIME(
        't',
        Comparator.<MachineLoad>comparingLong(one -> one.now().processorNanoseconds()).reversed()),
    NAME('a', Comparator.comparing(one -> one.now().name()));

    private final char key;
    private final Comparator<MachineLoad> comparator;

    Order(char key, Comparator<MachineLoad> comparator) {
      this.key = key;
      this.comparator = comparator.thenComparing(one -> one.now().name());
    }

    /** The key that chooses it. */
    char key() {
      return key;
    }

    List<MachineLoad> sort(List<MachineLoad> loads, boolean reversed) {
      return loads.stream().sorted(reversed ? comparator.reversed() : comparator).toList();
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What machines did; one that was not there at the first moment did nothing yet.
   *
   * @param nanoseconds between both
   */
  static List<MachineLoad> between(
      List<MachineSample> first, List<MachineSample> second, long nanoseconds) {
    Map<UUID, MachineSample> before =
        first.stream().collect(Collectors.toMap(MachineSample::uuid, one -> one, (a, b) -> b));
    return second.stream()
        .map(now -> {
          MachineSample then = before.getOrDefault(now.uuid(), now);
          // One that was started anew begins to count anew: then its id is another.
          return of(then.id() == now.id() ? then : now, now, Math.max(1, nanoseconds));
        })
        .toList();
  }

  private static MachineLoad of(MachineSample then, MachineSample now, long nanoseconds) {
    double seconds = nanoseconds / 1e9;
    return new MachineLoad(
        now,
        100.0 * Math.max(0, now.processorNanoseconds() - then.processorNanoseconds()) / nanoseconds,
        Math.max(0, now.read() - then.read()) / seconds,
        Math.max(0, now.written() - then.written()) / seconds,
        Math.max(0, now.received() - then.received()) / seconds,
        Math.max(0, now.sent() - then.sent()) / seconds);
  }

  /** For a program. */
  ObjectNode tree() {
    return Json.object()
        .put("id", now.id() < 0 ? null : now.id())
        .put("name", now.name())
        .put("uuid", now.uuid().toString())
        .put("state", DomainStates.words(now.state()))
        .put("processors", now.processors())
        .put("processorPercent", tenths(percent))
        .put("processorNanoseconds", now.processorNanoseconds())
        .put("memory", now.memory())
        .put("readBytesPerSecond", Math.round(read))
        .put("writtenBytesPerSecond", Math.round(written))
        .put("receivedBytesPerSecond", Math.round(received))
        .put("sentBytesPerSecond", Math.round(sent));
  }

  private static double tenths(double value) {
    return Math.round(value * 10) / 10.0;
  }
}

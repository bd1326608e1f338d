package org.wardian.network.nat;

import java.util.concurrent.atomic.LongAdder;

/** What {@link NatStatistics} shows, while it is being counted. */
final class NatCounters {
  final LongAdder framesIn = new LongAdder();
  final LongAdder bytesIn = new LongAdder();
  final LongAdder framesOut = new LongAdder();
  final LongAdder bytesOut = new LongAdder();
  final LongAdder malformed = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder overLimit = new LongAdder();
  final LongAdder undelivered = new LongAdder();
  final LongAdder connections = new LongAdder();
  final LongAdder connectionsOpen = new LongAdder();
  final LongAdder flows = new LongAdder();
  final LongAdder flowsOpen = new LongAdder();
  final LongAdder retransmissions = new LongAdder();
  final LongAdder queries = new LongAdder();
  final LongAdder failures = new LongAdder();

  NatStatistics read(long memory) {
    return new NatStatistics(
        framesIn.sum(),
        bytesIn.sum(),
        framesOut.sum(),
        bytesOut.sum(),
        malformed.sum(),
        refused.sum(),
        overLimit.sum(),
        undelivered.sum(),
        connections.sum(),
        connectionsOpen.sum(),
        flows.sum(),
        flowsOpen.sum(),
        retransmissions.sum(),
        queries.sum(),
        memory,
        failures.sum());
  }
}

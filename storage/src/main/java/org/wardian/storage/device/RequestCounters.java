package org.wardian.storage.device;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.wardian.storage.BlockRequest;

/** Counts requests by kind. Any thread. */
final class RequestCounters {
  private static final class Counter {
    final LongAdder operations = new LongAdder();
    final LongAdder bytes = new LongAdder();
    final LongAdder nanos = new LongAdder();
    final LongAdder errors = new LongAdder();
  }

  private final Counter[] counters = new Counter[BlockRequest.Kind.values().length];

  RequestCounters() {
    for (int i = 0; i < counters.length; i++) {
      counters[i] = new Counter();
    }
  }

  void done(BlockRequest request, long nanos) {
    Counter counter = counters[request.kind().ordinal()];
    counter.operations.increment();
    counter.bytes.add(request.length());
    counter.nanos.add(nanos);
  }

  void failed(BlockRequest request) {
    counters[request.kind().ordinal()].errors.increment();
  }

  Map<BlockRequest.Kind, DeviceStatistics.Totals> totals() {
    Map<BlockRequest.Kind, DeviceStatistics.Totals> all = new EnumMap<>(BlockRequest.Kind.class);
    for (BlockRequest.Kind kind : BlockRequest.Kind.values()) {
      Counter counter = counters[kind.ordinal()];
      all.put(
          kind,
          new DeviceStatistics.Totals(
              counter.operations.sum(),
              counter.bytes.sum(),
              counter.nanos.sum(),
              counter.errors.sum()));
    }
    return all;
  }
}

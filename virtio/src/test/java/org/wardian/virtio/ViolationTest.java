package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.memory.GuestMemory;
import org.wardian.virtio.DriverQueue.Buffer;

/** Rings that break the rules stop the device until its next reset, and nothing else. */
class ViolationTest {
  private static final int SIZE = 8;
  private static final int NEXT = DriverQueue.NEXT;
  private static final int WRITE = DriverQueue.WRITE;
  private static final int INDIRECT = DriverQueue.INDIRECT;
  private static final long ROM = 0x2000_0000L;

  private static final Map<String, Consumer<SplitDriverQueue>> SPLIT = new TreeMap<>();
  private static final Map<String, Consumer<PackedDriverQueue>> PACKED = new TreeMap<>();

  static {
    SPLIT.put(
        "a loop",
        q -> {
          q.descriptor(0, 0x1000, 1, NEXT, 1);
          q.descriptor(1, 0x1000, 1, NEXT, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a link out of the table",
        q -> {
          q.descriptor(0, 0x1000, 1, NEXT, SIZE);
          q.offer(0);
        });
    SPLIT.put("a head out of the table", q -> q.offer(SIZE));
    SPLIT.put(
        "a head twice",
        q -> {
          q.descriptor(0, 0x1000, 1, 0, 0);
          q.offer(0);
          q.offer(0);
        });
    SPLIT.put("more chains than descriptors", q -> q.availableIndex(SIZE + 1));
    SPLIT.put(
        "bytes outside of memory",
        q -> {
          q.descriptor(0, TestMachine.RAM - 1, 2, 0, 0);
          q.offer(0);
        });
    SPLIT.put(
        "an address that wraps",
        q -> {
          q.descriptor(0, -1, 16, 0, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a length beyond reason",
        q -> {
          q.descriptor(0, 0x1000, -1, 0, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a write to read-only memory",
        q -> {
          q.descriptor(0, ROM, 1, WRITE, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a readable run behind a writable one",
        q -> {
          q.descriptor(0, 0x1000, 1, WRITE | NEXT, 1);
          q.descriptor(1, 0x1000, 1, 0, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a table that goes on",
        q -> {
          q.descriptor(0, 0x1000, 16, INDIRECT | NEXT, 1);
          q.descriptor(1, 0x1000, 1, 0, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a table of half descriptors",
        q -> {
          q.descriptor(0, 0x1000, 24, INDIRECT, 0);
          q.offer(0);
        });
    SPLIT.put(
        "an empty table",
        q -> {
          q.descriptor(0, 0x1000, 0, INDIRECT, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a table too long",
        q -> {
          q.descriptor(0, 0x1000, 16 * 1025, INDIRECT, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a table within a table",
        q -> {
          long table = q.table(List.of(new Buffer(0x1000, 16, false)), true);
          q.put16(table + 12, INDIRECT);
          q.descriptor(0, table, 16, INDIRECT, 0);
          q.offer(0);
        });
    SPLIT.put(
        "a table outside of memory",
        q -> {
          q.descriptor(0, 1L << 40, 16, INDIRECT, 0);
          q.offer(0);
        });
    PACKED.put(
        "a chain longer than the ring",
        q -> {
          for (int i = 0; i < SIZE; i++) {
            q.descriptor(i, 0x1000, 1, 0, 0x80 | NEXT);
          }
        });
    PACKED.put("a number that does not exist", q -> q.descriptor(0, 0x1000, 1, SIZE, 0x80));
    PACKED.put(
        "a number twice",
        q -> {
          q.descriptor(0, 0x1000, 1, 1, 0x80);
          q.descriptor(1, 0x1000, 1, 1, 0x80);
        });
    PACKED.put("bytes outside of memory", q -> q.descriptor(0, 1L << 50, 1, 0, 0x80));
    PACKED.put(
        "a table within a table",
        q -> {
          long table = q.table(List.of(new Buffer(0x1000, 16, false)), false);
          q.put16(table + 14, INDIRECT);
          q.descriptor(0, table, 16, 0, 0x80 | INDIRECT);
        });
    PACKED.put(
        "a table within a chain",
        q -> {
          long table = q.table(List.of(new Buffer(0x1000, 16, false)), false);
          q.descriptor(1, table, 16, 0, 0x80 | INDIRECT);
          q.descriptor(0, 0x1000, 1, 0, 0x80 | NEXT);
        });
  }

  static Stream<String> split() {
    return SPLIT.keySet().stream();
  }

  static Stream<String> packed() {
    return PACKED.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("split")
  void aSplitQueueRefuses(String what) {
    check(
        0,
        queue -> {
          SplitDriverQueue split = (SplitDriverQueue) queue;
          SPLIT.get(what).accept(split);
          if (!what.startsWith("more chains")) {
            split.publish();
          }
        });
  }

  @ParameterizedTest
  @MethodSource("packed")
  void aPackedQueueRefuses(String what) {
    check(Features.PACKED, queue -> PACKED.get(what).accept((PackedDriverQueue) queue));
  }

  private static void check(long features, Consumer<DriverQueue> breach) {
    MirrorDevice device = new MirrorDevice(1, SIZE, false, 1);
    try (TestMachine machine = new TestMachine(device)) {
      machine.memory.addRegion(ROM, GuestMemory.PAGE, false, "rom");
      device.holds = true;
      TestDriver driver = new TestDriver(machine);
      long agreed = Features.VERSION_1 | Features.INDIRECT | features;
      driver.negotiate(agreed);
      driver.useMessages();
      DriverQueue queue = driver.queue(0, SIZE);
      driver.ready();
      breach.accept(queue);
      driver.notify(0);
      TestDriver.await(
          "the call for a reset", () -> (driver.status() & TestDriver.NEEDS_RESET) != 0);
      TestDriver.await("its interrupt", () -> machine.messages.contains(0));
      assertThat(device.failure()).as("no fault of the device").isEmpty();
      device.holds = false;
      driver.negotiate(agreed);
      DriverQueue sound = driver.queue(0, SIZE);
      driver.ready();
      long at = driver.allocate(16);
      assertThat(sound.transact(List.of(new Buffer(at, 4, false), new Buffer(at + 8, 4, true))))
          .isEqualTo(4);
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void aRingThatCannotBeIsRefusedAtOnce(long place) {
    try (TestMachine machine = new TestMachine(new MirrorDevice(1, SIZE, false, 1))) {
      TestDriver driver = new TestDriver(machine);
      driver.negotiate(Features.VERSION_1);
      DriverQueue queue = new SplitDriverQueue(driver, 0, SIZE);
      queue.deviceArea = place;
      driver.describe(queue, 0, SIZE);
      driver.ready();
      assertThat(driver.status() & TestDriver.NEEDS_RESET).isNotZero();
      driver.reset();
    }
  }

  static Stream<Long> places() {
    return Stream.of(TestMachine.RAM, TestMachine.RAM - 8, -4L, 0x1001L, Long.MIN_VALUE);
  }
}

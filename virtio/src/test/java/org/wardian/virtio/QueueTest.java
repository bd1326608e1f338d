package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.DriverQueue.Buffer;

/** Both forms of a queue with every feature, against a driver that follows the specification. */
class QueueTest {
  private static final int CHAINS = 3000;

  static Stream<Long> features() {
    return Stream.of(0L, Features.PACKED)
        .flatMap(f -> Stream.of(f, f | Features.INDIRECT))
        .flatMap(f -> Stream.of(f, f | Features.EVENT_INDEX))
        .map(f -> f | Features.VERSION_1);
  }

  /** One request of the driver, and what must come back. */
  private record Request(List<Buffer> room, byte[] expected) {}

  @ParameterizedTest
  @MethodSource("features")
  void everyByteComesBackWhateverTheOrder(long features) {
    try (TestMachine machine = new TestMachine(new MirrorDevice(1, 32, true, features))) {
      exchange(machine, features, new Random(features), 32);
    }
  }

  @Test
  void aPackedQueueNeedNoPowerOfTwo() {
    long features = Features.VERSION_1 | Features.PACKED | Features.EVENT_INDEX;
    try (TestMachine machine = new TestMachine(new MirrorDevice(1, 32, true, 7))) {
      exchange(machine, features, new Random(7), 21);
    }
  }

  @Test
  void aQueueOfOneDescriptorWorks() {
    long features = Features.VERSION_1 | Features.INDIRECT;
    try (TestMachine machine = new TestMachine(new MirrorDevice(1, 32, false, 7))) {
      exchange(machine, features, new Random(7), 1);
    }
  }

  private static void exchange(TestMachine machine, long features, Random random, int size) {
    TestDriver driver = new TestDriver(machine);
    driver.negotiate(features);
    driver.useMessages();
    DriverQueue queue = driver.queue(0, size);
    driver.ready();
    queue.enableInterrupts();
    long arena = driver.allocate(1);
    Map<Integer, Request> open = new HashMap<>();
    int added = 0;
    int back = 0;
    while (back < CHAINS) {
      int burst = random.nextInt(6);
      for (int i = 0; i < burst && added < CHAINS; i++) {
        Request request = request(driver, random, size);
        boolean indirect =
            (features & Features.INDIRECT) != 0 && (size == 1 || random.nextBoolean());
        int id = queue.add(request.room(), indirect);
        if (id < 0) {
          break;
        }
        assertThat(open.put(id, request)).isNull();
        added++;
      }
      queue.kick();
      DriverQueue.Used used = open.isEmpty() ? null : queue.await();
      for (; used != null; used = queue.poll()) {
        check(driver, open.remove(used.id()), used);
        back++;
      }
      if (random.nextInt(10) == 0) {
        queue.disableInterrupts();
      } else {
        queue.enableInterrupts();
      }
      if (added % 50 == 0) {
        // Tables of descriptors are given out anew: only those in use must stay.
        while (!open.isEmpty()) {
          DriverQueue.Used last = queue.await();
          check(driver, open.remove(last.id()), last);
          back++;
        }
        driver.forget(arena);
      }
    }
    assertThat(machine.messages).contains(1);
    assertThat(machine.device.failure()).isEmpty();
  }

  private static Request request(TestDriver driver, Random random, int size) {
    int most = Math.max(2, Math.min(6, size));
    int readable = 1 + random.nextInt(Math.max(1, most / 2));
    int writable = 1 + random.nextInt(Math.max(1, most / 2));
    List<Buffer> chain = new ArrayList<>();
    byte[] sent = new byte[0];
    for (int i = 0; i < readable; i++) {
      byte[] part = new byte[1 + random.nextInt(i == 0 ? 4000 : 40)];
      random.nextBytes(part);
      long at = driver.allocate(part.length);
      driver.write(at, part);
      chain.add(new Buffer(at, part.length, false));
      sent = Arrays.copyOf(sent, sent.length + part.length);
      System.arraycopy(part, 0, sent, sent.length - part.length, part.length);
    }
    int room = 0;
    for (int i = 0; i < writable; i++) {
      int length = 1 + random.nextInt(3000);
      chain.add(new Buffer(driver.allocate(length), length, true));
      room += length;
    }
    byte[] expected = Arrays.copyOf(sent, Math.min(room, sent.length));
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (byte) ~expected[i];
    }
    return new Request(chain, expected);
  }

  private static void check(TestDriver driver, Request request, DriverQueue.Used used) {
    assertThat(request).as("chain %d", used.id()).isNotNull();
    assertThat(used.written()).isEqualTo(request.expected().length);
    int done = 0;
    for (Buffer buffer : request.room()) {
      if (buffer.writes() && done < request.expected().length) {
        int part = Math.min(buffer.length(), request.expected().length - done);
        byte[] want = Arrays.copyOfRange(request.expected(), done, done + part);
        assertThat(driver.read(buffer.address(), part)).isEqualTo(want);
        done += part;
      }
    }
  }

  @ParameterizedTest
  @MethodSource("features")
  void aDriverThatWantsNoInterruptGetsNone(long features) {
    try (TestMachine machine = new TestMachine(new MirrorDevice(1, 16, false, 1))) {
      TestDriver driver = new TestDriver(machine);
      driver.negotiate(features);
      driver.useMessages();
      DriverQueue queue = driver.queue(0, 16);
      driver.ready();
      long at = driver.allocate(64);
      List<Buffer> chain = List.of(new Buffer(at, 8, false), new Buffer(at + 8, 8, true));
      // The first look has no past to compare with, and may interrupt whatever the driver says.
      queue.transact(chain);
      TestDriver.await("quiet", () -> machine.device.idle());
      machine.messages.clear();
      for (int i = 0; i < 5; i++) {
        queue.disableInterrupts();
        queue.transact(chain);
      }
      TestDriver.await("quiet", () -> machine.device.idle());
      assertThat(machine.messages).isEmpty();
      queue.enableInterrupts();
      queue.transact(chain);
      TestDriver.await("an interrupt", () -> machine.messages.contains(1));
    }
  }

  @ParameterizedTest
  @MethodSource("features")
  void chainsThatTheDeviceHasMoveWithIt(long features) {
    MirrorDevice first = new MirrorDevice(1, 16, false, 1);
    MirrorDevice second = new MirrorDevice(1, 16, false, 1);
    try (TestMachine machine = new TestMachine(first);
        TestMachine other = new TestMachine(second, false)) {
      TestDriver driver = new TestDriver(machine);
      driver.negotiate(features);
      DriverQueue queue = driver.queue(0, 16);
      driver.ready();
      first.holds = true;
      long at = driver.allocate(64);
      driver.write(at, new byte[] {1, 2, 3, 4});
      boolean indirect = (features & Features.INDIRECT) != 0;
      for (int i = 0; i < 3; i++) {
        queue.add(
            List.of(new Buffer(at + i, 1, false), new Buffer(at + 16 + i, 1, true)), indirect);
      }
      queue.kick();
      TestDriver.await("idle", first::idle);
      assertThat(queue.poll()).isNull();
      machine.pci.pause();
      StateWriter out = new StateWriter();
      machine.pci.save(out);
      byte[] ram = new byte[(int) TestMachine.RAM];
      machine.memory.read(0, ram, 0, ram.length);
      other.memory.write(0, ram, 0, ram.length);
      StateReader in = new StateReader(out.toByteArray());
      other.pci.load(in);
      in.finish();
      other.pci.start();
      TestDriver moved = driver.movedTo(other);
      DriverQueue there = queue.movedTo(moved);
      for (int i = 0; i < 3; i++) {
        assertThat(there.await().written()).isEqualTo(1);
      }
      assertThat(moved.read(at + 16, 3)).containsExactly(~1, ~2, ~3);
      there.transact(List.of(new Buffer(at + 3, 1, false), new Buffer(at + 19, 1, true)));
      assertThat(moved.read(at + 19, 1)).containsExactly(~4);
      machine.pci.resume();
    }
  }
}

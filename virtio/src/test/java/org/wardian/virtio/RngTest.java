package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.rng.VirtioRng;

/** The entropy device (virtio 1.2 §5.4). */
class RngTest {
  @Test
  void givesNoMoreThanItsRate() {
    ManualTimers timers = new ManualTimers();
    try (TestMachine machine = new TestMachine(new VirtioRng("rng", new Random(1), timers, 640))) {
      TestDriver driver = new TestDriver(machine);
      driver.negotiate(Features.VERSION_1);
      DriverQueue queue = driver.queue(0, 8);
      driver.ready();
      long at = driver.allocate(256);
      assertThat(queue.transact(List.of(new Buffer(at, 48, true)))).isEqualTo(48);
      assertThat(driver.read(at, 48)).isNotEqualTo(new byte[48]);
      assertThat(queue.transact(List.of(new Buffer(at, 48, true)))).isEqualTo(16);
      queue.add(List.of(new Buffer(at, 48, true)), false);
      queue.kick();
      TestDriver.await("idle", machine.device::idle);
      assertThat(queue.poll()).isNull();
      timers.advance(100_000_000);
      assertThat(queue.await().written()).isEqualTo(48);
    }
  }

  @Test
  void aRequestForNothingIsABreachOfTheRules() {
    try (TestMachine machine =
        new TestMachine(new VirtioRng("rng", new Random(1), new ManualTimers(), 640))) {
      TestDriver driver = new TestDriver(machine);
      driver.negotiate(Features.VERSION_1);
      DriverQueue queue = driver.queue(0, 8);
      driver.ready();
      queue.add(List.of(new Buffer(0x1000, 4, false)), false);
      queue.kick();
      TestDriver.await("the call", () -> (driver.status() & TestDriver.NEEDS_RESET) != 0);
    }
  }
}

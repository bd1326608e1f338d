package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.wardian.bus.IoBus;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.transport.Doorbells;

/** Doorbells that an accelerator rings by an event file. */
@EnabledOnOs(OS.LINUX)
class DoorbellTest {
  private final AtomicInteger bound = new AtomicInteger();
  private final AtomicInteger rung = new AtomicInteger();

  private Doorbells.Binder binder(IoBus bus) {
    return (event, address, size) -> {
      bound.incrementAndGet();
      IoBus.Doorbell doorbell =
          bus.ring(
              address,
              size,
              OptionalLong.empty(),
              () -> {
                rung.incrementAndGet();
                event.get().signal();
              });
      return () -> {
        bound.decrementAndGet();
        doorbell.remove();
      };
    };
  }

  @Test
  void theyFollowTheBaseAddressRegister() {
    MirrorDevice device = new MirrorDevice(3, 16, false, 1);
    try (TestMachine machine = new TestMachine(device, this::binder)) {
      TestDriver driver = new TestDriver(machine);
      assertThat(bound).hasValue(3);
      driver.negotiate(Features.VERSION_1);
      DriverQueue queue = driver.queue(1, 16);
      driver.ready();
      long at = driver.allocate(16);
      List<Buffer> chain = List.of(new Buffer(at, 4, false), new Buffer(at + 8, 4, true));
      for (int i = 0; i < 100; i++) {
        assertThat(queue.transact(chain)).isEqualTo(4);
      }
      assertThat(rung.get()).isPositive();
      driver.moveWindow(0xd000_0000L);
      assertThat(bound).hasValue(3);
      int before = rung.get();
      TestDriver.await("idle", device::idle);
      assertThat(queue.transact(chain)).isEqualTo(4);
      assertThat(rung.get()).isGreaterThan(before);
      driver.writeConfig(4, 2, 0);
      assertThat(bound).as("memory decoding is off").hasValue(0);
    }
  }
}

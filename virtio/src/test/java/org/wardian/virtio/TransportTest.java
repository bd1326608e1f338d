package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.virtio.DriverQueue.Buffer;

/** What a driver meets on PCI: negotiation, interrupts, resets, both interfaces. */
class TransportTest {
  private static final long VERSION_1 = Features.VERSION_1;

  private final MirrorDevice device = new MirrorDevice(2, 16, false, 1);
  private final TestMachine machine = new TestMachine(device);
  private final TestDriver driver = new TestDriver(machine);

  @AfterEach
  void end() {
    machine.close();
  }

  private List<Buffer> chain() {
    long at = driver.allocate(64);
    driver.write(at, (byte) 5);
    return List.of(new Buffer(at, 1, false), new Buffer(at + 1, 1, true));
  }

  @Test
  void saysWhatItIs() {
    assertThat(driver.readConfig(0, 4)).isEqualTo(0x1005_1af4L);
    assertThat(driver.readConfig(0x2e, 2)).isEqualTo(4);
    assertThat(driver.common(18, 2)).isEqualTo(2);
    assertThat(driver.offered())
        .isEqualTo(
            1
                | Features.INDIRECT
                | Features.EVENT_INDEX
                | VERSION_1
                | Features.PACKED
                | Features.QUEUE_RESET);
    driver.common(0, 4, 2);
    assertThat(driver.common(4, 4)).as("no third word of features").isZero();
  }

  @Test
  void featuresThatWereNotOfferedAreNotAgreed() {
    driver.reset();
    driver.status(3);
    driver.common(8, 4, 0);
    driver.common(12, 4, 2);
    driver.common(8, 4, 1);
    driver.common(12, 4, 1);
    driver.status(11);
    assertThat(driver.status()).isEqualTo(3);
    driver.status(15);
    assertThat(driver.status()).as("nor is the driver ready without").isEqualTo(3);
  }

  @Test
  void aModernDriverMustKnowVersionOne() {
    driver.reset();
    driver.status(3);
    driver.common(8, 4, 0);
    driver.common(12, 4, 1);
    driver.status(11);
    assertThat(driver.status()).isEqualTo(3);
  }

  @Test
  void intxIsAssertedUntilTheStatusIsRead() {
    driver.negotiate(VERSION_1);
    DriverQueue queue = driver.queue(0, 16);
    driver.ready();
    queue.transact(chain());
    TestDriver.await("INTx", () -> machine.levels.contains(true));
    machine.levels.clear();
    assertThat(driver.interruptStatus()).isEqualTo(1);
    assertThat(machine.levels).contains(false);
    assertThat(driver.interruptStatus()).isZero();
    assertThat(machine.messages).isEmpty();
  }

  @Test
  void aChangedConfigurationIsTold() {
    driver.negotiate(VERSION_1);
    driver.useMessages();
    driver.ready();
    long generation = driver.common(21, 1);
    device.say(0x1234);
    assertThat(machine.messages).containsExactly(0);
    assertThat(driver.deviceConfig(0, 4)).isEqualTo(0x1234);
    assertThat(driver.common(21, 1)).isNotEqualTo(generation);
  }

  @Test
  void aVectorThatDoesNotExistIsNone() {
    driver.negotiate(VERSION_1);
    driver.common(16, 2, 3);
    assertThat(driver.common(16, 2)).isEqualTo(0xffff);
    driver.common(16, 2, 2);
    assertThat(driver.common(16, 2)).isEqualTo(2);
    driver.reset();
    assertThat(driver.common(16, 2)).isEqualTo(0xffff);
  }

  @Test
  void aResetForgetsEverything() {
    driver.negotiate(VERSION_1);
    DriverQueue queue = driver.queue(0, 8);
    driver.ready();
    queue.transact(chain());
    driver.reset();
    driver.common(22, 2, 0);
    assertThat(driver.common(24, 2)).isEqualTo(16);
    assertThat(driver.common(28, 2)).isZero();
    assertThat(driver.common(32, 8)).isZero();
    driver.negotiate(VERSION_1 | Features.PACKED);
    DriverQueue again = driver.queue(0, 16);
    driver.ready();
    assertThat(again.transact(chain())).isEqualTo(1);
  }

  @Test
  void aResetWaitsForWhatTheDeviceHas() {
    driver.negotiate(VERSION_1);
    DriverQueue queue = driver.queue(0, 8);
    driver.ready();
    device.holds = true;
    queue.add(chain(), false);
    queue.kick();
    TestDriver.await("idle", device::idle);
    driver.reset();
    assertThat(queue.poll()).as("nothing comes back into memory that may be another's").isNotNull();
  }

  @Test
  void oneQueueIsResetAlone() {
    driver.negotiate(VERSION_1 | Features.QUEUE_RESET);
    DriverQueue first = driver.queue(0, 16);
    final DriverQueue second = driver.queue(1, 16);
    driver.ready();
    first.transact(chain());
    driver.common(22, 2, 0);
    driver.common(58, 2, 1);
    TestDriver.await("the queue's reset", () -> driver.common(58, 2) == 0);
    assertThat(driver.common(28, 2)).isZero();
    assertThat(second.transact(chain())).isEqualTo(1);
    DriverQueue again = driver.queue(0, 4);
    assertThat(again.transact(chain())).isEqualTo(1);
  }

  @Test
  void theLegacyInterfaceServesOldDrivers() {
    driver.legacy(18, 1, 0);
    driver.legacy(18, 1, 3);
    assertThat(driver.legacy(0, 4)).isEqualTo(1 | 1L << 27 | 3L << 28);
    driver.legacy(4, 4, 0);
    driver.legacy(14, 2, 0);
    assertThat(driver.legacy(12, 2)).isEqualTo(16);
    SplitDriverQueue queue = new SplitDriverQueue(driver, 0, 16);
    queue.descriptorArea = 0x8_0000;
    queue.driverArea = 0x8_0000 + 16 * 16;
    queue.deviceArea = 0x8_1000;
    driver.legacy(8, 4, 0x80);
    assertThat(driver.legacy(8, 4)).isEqualTo(0x80);
    driver.legacy(18, 1, 7);
    queue.add(chain(), false);
    queue.publish();
    driver.legacy(16, 2, 0);
    assertThat(queue.await().written()).isEqualTo(1);
    TestDriver.await("INTx", () -> machine.levels.contains(true));
    assertThat(driver.legacy(19, 1)).isEqualTo(1);
    driver.legacy(18, 1, 0);
    assertThat(driver.legacy(18, 1)).as("the reset is over").isZero();
  }

  @Test
  void structuresAreReachedByConfigurationSpaceToo() {
    int at = (int) driver.readConfig(0x34, 1);
    while (driver.readConfig(at, 1) != 9 || driver.readConfig(at + 3, 1) != 5) {
      at = (int) driver.readConfig(at + 1, 1);
    }
    driver.writeConfig(at + 4, 1, 4);
    driver.writeConfig(at + 8, 4, 18);
    driver.writeConfig(at + 12, 4, 2);
    assertThat(driver.readConfig(at + 16, 2)).isEqualTo(2);
    driver.writeConfig(at + 8, 4, 20);
    driver.writeConfig(at + 12, 4, 1);
    driver.writeConfig(at + 16, 1, 1);
    assertThat(driver.status()).isEqualTo(1);
    driver.writeConfig(at + 8, 4, 0x3fff);
    driver.writeConfig(at + 12, 4, 4);
    driver.writeConfig(at + 16, 4, -1);
    assertThat(driver.status()).as("what leaves the window goes nowhere").isEqualTo(1);
  }
}

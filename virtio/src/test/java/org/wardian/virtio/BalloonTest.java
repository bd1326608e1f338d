package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.balloon.VirtioBalloon;

/** The balloon by its protocol (virtio 1.2 §5.5). */
class BalloonTest {
  private static final long STATISTICS = 1 << 1;
  private static final long DEFLATE_ON_NEED = 1 << 2;
  private static final long REPORTING = 1 << 5;
  private static final long PAGE = 0x30_0000;

  private final VirtioBalloon balloon = new VirtioBalloon("balloon");
  private final TestMachine machine = new TestMachine(balloon);
  private final TestDriver driver = new TestDriver(machine);
  private DriverQueue inflate;
  private DriverQueue statistics;
  private DriverQueue reporting;

  @BeforeEach
  void begin() {
    driver.negotiate(Features.VERSION_1 | STATISTICS | REPORTING);
    inflate = driver.queue(0, 16);
    statistics = driver.queue(2, 16);
    reporting = driver.queue(3, 16);
    driver.ready();
    for (int page = 0; page < 8; page++) {
      driver.write(PAGE + page * 4096L, (byte) (page + 1));
    }
  }

  @AfterEach
  void end() {
    assertThat(balloon.failure()).isEmpty();
    machine.close();
  }

  @Test
  void aGuestIsOfferedWhatItMayDo() {
    VirtioBalloon plain = new VirtioBalloon("plain");
    assertThat(plain.features()).isEqualTo(STATISTICS | DEFLATE_ON_NEED | REPORTING);
    plain.offer(false, true);
    assertThat(plain.features()).isEqualTo(STATISTICS | DEFLATE_ON_NEED);
    plain.offer(true, false);
    assertThat(plain.features()).isEqualTo(STATISTICS | REPORTING);
  }

  private int page(int number) {
    return driver.read(PAGE + number * 4096L, 1)[0];
  }

  private Buffer numbers(int... frames) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * frames.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int frame : frames) {
      bytes.putInt(frame);
    }
    long at = driver.allocate(bytes.capacity());
    driver.write(at, bytes.array());
    return new Buffer(at, bytes.capacity(), false);
  }

  @Test
  void pagesGivenUpAreTheHosts() {
    int first = (int) (PAGE >> 12);
    inflate.transact(List.of(numbers(first + 1, first + 2, first + 5, -1, 0x7fff_ffff)));
    assertThat(List.of(page(0), page(1), page(2), page(3), page(5))).containsExactly(1, 0, 0, 4, 0);
  }

  @Test
  void isAskedAndAnswers() {
    balloon.target(5 * 4096);
    assertThat(driver.deviceConfig(0, 4)).isEqualTo(5);
    driver.deviceConfig(4, 4, 3);
    assertThat(balloon.actual()).isEqualTo(3 * 4096);
    driver.deviceConfig(0, 4, 77);
    assertThat(driver.deviceConfig(0, 4)).as("the target is the host's").isEqualTo(5);
  }

  @Test
  void freePagesAreReported() {
    reporting.transact(
        List.of(new Buffer(PAGE + 0x1000, 0x2000, true), new Buffer(PAGE + 0x4800, 0x1900, true)));
    assertThat(List.of(page(0), page(1), page(2), page(3), page(4), page(5), page(6)))
        .as("whole pages only")
        .containsExactly(1, 0, 0, 4, 5, 0, 7);
  }

  private Buffer figures(long free) {
    ByteBuffer bytes = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putShort((short) 4).putLong(free).putShort((short) 999).putLong(1);
    long at = driver.allocate(20);
    driver.write(at, bytes.array());
    return new Buffer(at, 20, false);
  }

  @Test
  void figuresComeWhenAskedFor() {
    AtomicInteger told = new AtomicInteger();
    statistics.add(List.of(figures(1000)), false);
    statistics.kick();
    TestDriver.await("idle", balloon::idle);
    assertThat(statistics.poll()).as("the device keeps the buffer").isNull();
    balloon.ask(told::incrementAndGet);
    statistics.await();
    assertThat(told).hasValue(0);
    statistics.add(List.of(figures(2000)), false);
    statistics.kick();
    TestDriver.await("the answer", () -> told.get() == 1);
    assertThat(balloon.figures()).containsEntry(VirtioBalloon.Figure.FREE, 2000L).hasSize(1);
  }
}

package org.wardian.machine.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.chipset.Pit8254Registers.ACCESS_BOTH;
import static org.wardian.chipset.Pit8254Registers.LARGEST_COUNT;
import static org.wardian.chipset.Pit8254Registers.NOT_LATCHED;
import static org.wardian.machine.platform.ChipGuest.load;
import static org.wardian.machine.platform.ChipGuest.record;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.ManualTimers;
import org.wardian.chipset.Pic8259;
import org.wardian.chipset.Pit8254;
import org.wardian.chipset.Pit8254Registers;
import org.wardian.chipset.Pit8254Registers.Channel;

/** State moves between our PIT and the kernel's. */
class KernelPitTest {
  private static final int SEEDS = 300;
  private static final Channel IDLE = Channel.powerOn(true);

  /** Waits for OUT of channel 2 at port 0x61 and says so. */
  private static final String AWAIT_OUT = "e4 61 a8 20 74 fa b0 77 e6 10 f4";

  /** Reads the count of channel 2, low byte and high byte. */
  private static final String READ_COUNT =
      "b0 80 e6 43 e4 42 88 c4 e4 42 88 c5 88 e0 e6 10 88 e8 e6 10 f4";

  private final ChipGuest guest = new ChipGuest(ChipGuest.WAIT);
  private final ManualTimers timers = new ManualTimers();
  private final Pit8254 ours = new Pit8254(timers, InterruptLine.UNCONNECTED);

  @AfterEach
  void close() {
    guest.close();
  }

  private static Channel channel(int mode, boolean counting, int count, long elapsed) {
    return new Channel(
        ACCESS_BOTH,
        mode,
        false,
        true,
        counting,
        counting,
        count,
        elapsed,
        0,
        0,
        0,
        false,
        false,
        0,
        NOT_LATCHED,
        NOT_LATCHED);
  }

  private void load2(Channel channel) {
    ours.registers(new Pit8254Registers(List.of(IDLE, IDLE, channel), 1));
    load(guest.pit, record(ours));
  }

  private static Channel random(SplittableRandom random, boolean gate) {
    boolean latched = random.nextBoolean();
    int access = random.nextInt(1, 4);
    boolean both = access == ACCESS_BOTH;
    return new Channel(
        access,
        random.nextInt(2, 4),
        random.nextBoolean(),
        gate,
        true,
        true,
        random.nextInt(0x1000, LARGEST_COUNT + 1),
        0,
        0,
        0,
        0,
        both && random.nextBoolean(),
        both && random.nextBoolean(),
        random.nextInt(),
        latched ? random.nextInt(0x10000) : NOT_LATCHED,
        random.nextBoolean() ? random.nextInt(0x100) : NOT_LATCHED);
  }

  private static Channel withElapsed(Channel channel, long elapsed) {
    return new Channel(
        channel.access(),
        channel.mode(),
        channel.bcd(),
        channel.gate(),
        channel.written(),
        channel.counting(),
        channel.count(),
        elapsed,
        channel.nextCount(),
        channel.nextChange(),
        channel.nextStart(),
        channel.writeHigh(),
        channel.readHigh(),
        channel.lowByte(),
        channel.latchedCount(),
        channel.latchedStatus());
  }

  @Test
  void registersSurviveTheKernel() {
    SplittableRandom random = new SplittableRandom(8254);
    for (int i = 0; i < SEEDS; i++) {
      boolean gate = random.nextBoolean();
      Pit8254Registers registers =
          new Pit8254Registers(
              List.of(random(random, true), random(random, true), random(random, gate)),
              (gate ? 1 : 0) | (random.nextBoolean() ? 2 : 0));
      ours.registers(registers);
      load(guest.pit, record(ours));
      Pit8254Registers kernel = guest.pit.registers();
      List<Channel> channels =
          kernel.channels().stream().map(channel -> withElapsed(channel, 0)).toList();
      assertThat(channels).isEqualTo(registers.channels());
      assertThat(kernel.portB()).isEqualTo(registers.portB());
      // At most a minute between the two calls: the kernel's time is that of System.nanoTime.
      assertThat(kernel.channels().get(1).elapsed()).isBetween(0L, 60L * Pit8254.FREQUENCY_HZ);
    }
  }

  @Test
  void resetIsThatOfOurs() {
    load2(channel(3, true, 1000, 0));
    guest.pit.reset();
    ours.reset();
    assertThat(guest.pit.registers()).isEqualTo(ours.registers());
    assertThat(record(guest.pit)).isEqualTo(record(ours));
  }

  @Test
  void aCountThatWaitsForItsValueWaitsOn() {
    for (int mode : new int[] {0, 2, 3, 4}) {
      Channel waiting = channel(mode, false, 0x1234, 0);
      ours.registers(new Pit8254Registers(List.of(waiting, IDLE, waiting), 1));
      load(guest.pit, record(ours));
      assertThat(guest.pit.registers().channels()).isEqualTo(ours.registers().channels());
    }
  }

  @Test
  void aCountGoesOnInTheKernel() {
    // Of 60,000 ticks 1,193 are left: a millisecond.
    load2(channel(0, true, 60_000, 58_807));
    Channel kernel = guest.pit.registers().channels().get(2);
    assertThat(kernel.count()).isEqualTo(1193);
    guest.code(AWAIT_OUT);
    assertThat(guest.out()).isEqualTo(0x77);
    kernel = guest.pit.registers().channels().get(2);
    assertThat(kernel.output()).isTrue();
    load(ours, record(guest.pit));
    assertThat(ours.portB().read(0, 1) & 0x20).isNotZero();
  }

  @Test
  void theGuestReadsTheCountThatOursWouldHave() {
    int count;
    long left;
    do {
      load2(channel(0, true, 60_000, 10_000));
      guest.code(READ_COUNT);
      count = guest.out() | guest.out() << 8;
      left = 50_000 - guest.pit.registers().channels().get(2).elapsed();
      // A busy host may take the 42 ms after which the count begins anew.
    } while (left < 0);
    assertThat(count).isBetween((int) left, 50_000);
  }

  @Test
  void aCountThatIsOverStaysOver() {
    load2(channel(0, true, 1000, 5_000_000));
    guest.code(AWAIT_OUT);
    assertThat(guest.out()).isEqualTo(0x77);
  }

  @Test
  void aCountThatIsOverDoesNotInterruptAgain() {
    Channel over = channel(0, true, 1000, 1234);
    ours.registers(new Pit8254Registers(List.of(over, IDLE, IDLE), 0));
    load(guest.pit, record(ours));
    Channel kernel = guest.pit.registers().channels().getFirst();
    assertThat(kernel.output()).isTrue();
    assertThat(kernel.value()).isEqualTo(over.value());
    assertThat(kernel.counting()).isTrue();
  }

  private void initializePics() {
    Pic8259 pics = new Pic8259(InterruptLine.UNCONNECTED);
    pics.masterPorts().write(0, 1, 0x11);
    pics.masterPorts().write(1, 1, 0x30);
    pics.masterPorts().write(1, 1, 4);
    pics.masterPorts().write(1, 1, 3);
    // Our PIT's line is high most of the time in mode 2.
    pics.line(0).set(true);
    assertThat(pics.acknowledge()).isEqualTo(0x30);
    load(guest.pics, record(pics));
  }

  @Test
  void aPeriodicCountInterrupts() {
    Channel periodic = channel(2, true, 11_932, 3000);
    ours.registers(new Pit8254Registers(List.of(periodic, IDLE, IDLE), 0));
    initializePics();
    load(guest.pit, record(ours));
    for (int tick = 0; tick < 3; tick++) {
      assertThat(guest.out()).isEqualTo(0x30);
    }
    assertThat(guest.pics.registers().lines() & 1).as("as our PIT would drive it").isOne();
  }

  @Test
  void aOneShotCountInterruptsAfterWhatWasLeft() {
    ours.registers(new Pit8254Registers(List.of(channel(4, true, 60_000, 59_000), IDLE, IDLE), 0));
    initializePics();
    load(guest.pit, record(ours));
    assertThat(guest.pit.registers().channels().getFirst().count()).isEqualTo(1000);
    assertThat(guest.out()).isEqualTo(0x30);
  }

  @Test
  void ticksOfAPauseAreNotMadeUpFor() throws InterruptedException {
    load2(channel(0, true, 60_000, 10_000));
    guest.pit.pause();
    byte[] atOnce = record(guest.pit);
    Thread.sleep(20);
    assertThat(record(guest.pit)).isEqualTo(atOnce);
    guest.pit.resume();
    Channel periodic = channel(2, true, 1193, 0);
    Channel saved;
    int left;
    do {
      ours.registers(
          new Pit8254Registers(List.of(periodic, IDLE, channel(0, true, 60_000, 10_000)), 1));
      load(guest.pit, record(ours));
      guest.pit.pause();
      byte[] before = record(guest.pit);
      Thread.sleep(100);
      guest.pit.resume();
      left = guest.pit.registers().channels().get(2).count();
      load(ours, before);
      saved = ours.registers().channels().get(2);
      // A busy host may take the 42 ms in which the count is over before the pause begins.
    } while (saved.elapsed() >= saved.count());
    assertThat(left).isEqualTo((int) (saved.count() - saved.elapsed()));
  }
}

package org.wardian.machine.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.wardian.machine.platform.ChipGuest.load;
import static org.wardian.machine.platform.ChipGuest.record;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.TimestampCounter;
import org.wardian.chipset.ApicBus;
import org.wardian.chipset.LocalApic;
import org.wardian.chipset.LocalApicRegisters;

/** State moves between our local APIC and the kernel's. */
class KernelLocalApicTest {
  private static final int SEEDS = 200;
  private static final int VECTOR = 0x41;
  private static final int MASKED = 1 << 16;
  private static final int PERIODIC = 1 << 17;
  private static final int TSC_DEADLINE = 2 << 17;
  private static final int DIVIDE_BY_1 = 0xb;
  private static final int DIVIDE_BY_16 = 3;
  private static final int SPURIOUS = 0xf0;
  private static final int LVT_TIMER = 0x320;
  private static final int INITIAL_COUNT = 0x380;
  private static final int DIVIDE_CONFIGURATION = 0x3e0;

  /** Writes 0 to the MSR 0x80b. */
  private static final String END_OF_INTERRUPT = "66 b9 0b 08 00 00 66 31 c0 66 31 d2 0f 30";

  /** Far enough for any test to end before. */
  private static final int SECOND = 1_000_000_000;

  private final ChipGuest guest = new ChipGuest(ChipGuest.WAIT);
  private final ManualTimers timers = new ManualTimers();
  private final LocalApic ours =
      new LocalApic(0, true, 40, new ApicBus(), timers, new Nanoseconds(timers));

  private record Nanoseconds(ManualTimers timers) implements TimestampCounter {
    @Override
    public long ticks() {
      return timers.nanoseconds();
    }

    @Override
    public long frequencyHz() {
      return SECOND;
    }
  }

  @AfterEach
  void close() {
    guest.close();
  }

  /** Our chip's record to the kernel, the kernel's to ours. */
  private void toKernel() {
    load(guest.localApic, record(ours));
  }

  private void toOurs() {
    load(ours, record(guest.localApic));
  }

  private void write(int register, int value) {
    ours.writeRegister(register, 4, Integer.toUnsignedLong(value));
  }

  private static List<Integer> words(SplittableRandom random, int count) {
    List<Integer> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      words.add(random.nextInt());
    }
    return words;
  }

  private static LocalApicRegisters random(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    boolean x2apic = random.nextBoolean();
    List<Integer> entries = words(random, 6);
    entries.set(0, entries.getFirst() & ~(3 << 17) | random.nextInt(3) << 17);
    boolean runs = random.nextBoolean();
    // Long enough not to end meanwhile, with a divider that shows what passes as nothing.
    int initial = runs ? random.nextInt(1 << 30, Integer.MAX_VALUE) : 0;
    boolean deadline = (entries.getFirst() & TSC_DEADLINE) != 0;
    return new LocalApicRegisters(
        LocalApic.DEFAULT_BASE
            | LocalApic.BASE_ENABLED
            | LocalApic.BASE_BOOTSTRAP
            | (x2apic ? LocalApic.BASE_X2APIC : 0),
        x2apic ? 0 : random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        0,
        x2apic ? random.nextLong() : random.nextLong() & 0xff000000_ffffffffL,
        entries,
        words(random, 8),
        words(random, 8),
        words(random, 8),
        false,
        random.nextInt(),
        initial,
        initial == 0 ? 0 : random.nextInt(1 << 29, initial),
        deadline && runs ? random.nextLong(1L << 61, Long.MAX_VALUE) : 0);
  }

  @Test
  void registersSurviveTheKernel() {
    for (int seed = 0; seed < SEEDS; seed++) {
      LocalApicRegisters registers = random(seed);
      ours.registers(registers);
      assertThat(ours.registers()).as("seed %d", seed).isEqualTo(registers);
      toKernel();
      LocalApicRegisters kernel = guest.localApic.registers();
      if (registers.currentCount() != 0) {
        assertThat(kernel.currentCount())
            .as("seed %d", seed)
            .isPositive()
            .isLessThanOrEqualTo(registers.currentCount());
      }
      assertThat(kernel.withCurrentCount(registers.currentCount()))
          .as("seed %d", seed)
          .isEqualTo(registers);
    }
  }

  @Test
  void recordsSurviveTheKernel() {
    for (int seed = 0; seed < SEEDS; seed++) {
      ours.registers(random(seed).withCurrentCount(0));
      if (ours.registers().initialCount() != 0 && ours.registers().deadline() == 0) {
        // A count that does not run is none in the kernel: see the test of one that ran out.
        continue;
      }
      byte[] before = record(ours);
      toKernel();
      assertThat(record(guest.localApic)).as("seed %d", seed).isEqualTo(before);
    }
  }

  @Test
  void resetIsThatOfOurs() {
    guest.localApic.registers(random(5));
    guest.localApic.reset();
    ours.reset();
    assertThat(guest.localApic.registers()).isEqualTo(ours.registers());
    assertThat(record(guest.localApic)).isEqualTo(record(ours));
  }

  /** Nothing but some interrupts requested and in service, software-enabled. */
  private static LocalApicRegisters interrupts(long mode, int requested, int inService) {
    LocalApicRegisters quiet = LocalApicRegisters.reset(0, true);
    return new LocalApicRegisters(
        quiet.base() | mode,
        0,
        0,
        0,
        -1,
        0x1ff,
        0,
        0,
        0,
        quiet.localVectors(),
        only(inService),
        quiet.triggerMode(),
        only(requested),
        false,
        0,
        0,
        0,
        0);
  }

  private static List<Integer> only(int vector) {
    List<Integer> words = new ArrayList<>(Collections.nCopies(8, 0));
    if (vector != 0) {
      words.set(vector >>> 5, 1 << (vector & 31));
    }
    return words;
  }

  @Test
  void aDisabledOneStaysDisabledAndAMovedOneWhereItIs() {
    ours.writeMsr(0x1b, 0xfed00900L);
    write(SPURIOUS, 0x1ff);
    toKernel();
    assertThat(record(guest.localApic)).isEqualTo(record(ours));
    assertThat(guest.localApic.registers().base()).isEqualTo(0xfed00900L);
    ours.writeMsr(0x1b, 0xfee00100L);
    toKernel();
    assertThat(record(guest.localApic)).isEqualTo(record(ours));
    ours.writeMsr(0x1b, 0xfee00900L);
    ours.writeMsr(0x1b, 0xfee00d00L);
    toKernel();
    assertThat(record(guest.localApic)).isEqualTo(record(ours));
  }

  @Test
  void anInterruptRequestedBeforeIsTakenAfter() {
    ours.registers(interrupts(0, 0x51, 0));
    toKernel();
    assertThat(guest.out()).isEqualTo(0x51);
    assertThat(guest.localApic.registers().requested()).containsOnly(0);
  }

  @Test
  void anInterruptInServiceHoldsOthersBackUntilItEnds() {
    guest.code("fb 90 b0 01 e6 10 90 b0 02 e6 10" + END_OF_INTERRUPT + "f4 b0 03 e6 10 f4");
    ours.registers(interrupts(LocalApic.BASE_X2APIC, 0x42, 0x61));
    toKernel();
    // At an OUT the vCPU leaves the guest, and would come back with an interrupt.
    assertThat(guest.out()).isEqualTo(1);
    assertThat(guest.out()).isEqualTo(2);
    assertThat(guest.out()).isEqualTo(0x42);
    assertThat(guest.out()).isEqualTo(3);
  }

  @Test
  void aTimerGoesOnInTheKernel() {
    for (int mode : new int[] {0, PERIODIC}) {
      ours.reset();
      write(SPURIOUS, 0x1ff);
      write(DIVIDE_CONFIGURATION, DIVIDE_BY_16);
      write(LVT_TIMER, mode | VECTOR);
      write(INITIAL_COUNT, 3 * SECOND);
      // Of 48 seconds 0.3 are left: the guest is interrupted then.
      timers.advance(47_700_000_000L);
      long before = System.nanoTime();
      toKernel();
      int left = guest.localApic.registers().currentCount();
      // A busy host may take longer to look than what is left.
      if (System.nanoTime() - before < 300_000_000L) {
        assertThat(left).isPositive().isLessThanOrEqualTo(300_000_000 / 16);
      }
      assertThat(guest.out()).as("mode %x", mode).isEqualTo(VECTOR);
      assertThat(System.nanoTime() - before).isBetween(300_000_000L, 47_000_000_000L);
    }
  }

  @Test
  void aTimerComesBackFromTheKernel() {
    write(SPURIOUS, 0x1ff);
    write(DIVIDE_CONFIGURATION, DIVIDE_BY_16);
    write(LVT_TIMER, PERIODIC | VECTOR);
    write(INITIAL_COUNT, 2 * SECOND);
    timers.advance(16L * SECOND / 2);
    toKernel();
    ours.reset();
    toOurs();
    int left = ours.registers().currentCount();
    assertThat(left).isPositive().isLessThanOrEqualTo(3 * (SECOND / 2));
    timers.advance(16L * left - 1);
    assertThat(ours.pending()).isFalse();
    timers.advance(1);
    assertThat(ours.acknowledge()).isEqualTo(VECTOR);
  }

  @Test
  void aDeadlineGoesOnInTheKernel() {
    write(SPURIOUS, 0x1ff);
    write(LVT_TIMER, TSC_DEADLINE | VECTOR);
    ours.writeMsr(0x6e0, Long.MAX_VALUE);
    toKernel();
    assertThat(guest.localApic.registers().deadline()).isEqualTo(Long.MAX_VALUE);
    long[] counter = new long[1];
    guest.cpu.getMsrs(new int[] {0x10}, counter);
    long soon = counter[0] + guest.cpu.timestampKilohertz() * 100L;
    ours.writeMsr(0x6e0, soon);
    toKernel();
    assertThat(guest.out()).isEqualTo(VECTOR);
    guest.cpu.getMsrs(new int[] {0x10}, counter);
    assertThat(counter[0]).isGreaterThanOrEqualTo(soon);
    assertThat(guest.localApic.registers().deadline()).isZero();
  }

  @Test
  void aModeFollowsAnother() {
    write(SPURIOUS, 0x1ff);
    write(LVT_TIMER, TSC_DEADLINE | VECTOR);
    ours.writeMsr(0x6e0, Long.MAX_VALUE);
    toKernel();
    write(LVT_TIMER, PERIODIC | VECTOR);
    write(INITIAL_COUNT, SECOND);
    toKernel();
    LocalApicRegisters registers = guest.localApic.registers();
    assertThat(registers.initialCount()).isEqualTo(SECOND);
    assertThat(registers.currentCount()).isPositive();
  }

  @Test
  void aCountThatRanOutBeforeDoesNotInterruptAgain() {
    write(SPURIOUS, 0x1ff);
    write(DIVIDE_CONFIGURATION, DIVIDE_BY_1);
    write(LVT_TIMER, VECTOR);
    write(INITIAL_COUNT, 1000);
    timers.advance(1000);
    assertThat(ours.acknowledge()).isEqualTo(VECTOR);
    ours.writeRegister(0xb0, 4, 0);
    toKernel();
    assertThat(guest.localApic.registers().initialCount()).isZero();
    guest.vm.signalMessage(0xfee00000L, VECTOR - 0x10);
    assertThat(guest.out()).as("the lower vector").isEqualTo(VECTOR - 0x10);
  }

  @Test
  void aCountThatRunsOutUnseenInterruptsLater() throws InterruptedException {
    write(SPURIOUS, 0x1ff);
    write(DIVIDE_CONFIGURATION, DIVIDE_BY_1);
    write(LVT_TIMER, VECTOR);
    write(INITIAL_COUNT, 1_000_000);
    toKernel();
    // The vCPU does not run: the kernel holds the interrupt back.
    while (guest.localApic.registers().currentCount() > 1) {
      Thread.sleep(1);
    }
    toOurs();
    timers.advance(1);
    assertThat(ours.acknowledge()).isEqualTo(VECTOR);
  }

  @Test
  void aMaskedCountRunsOutForGood() throws InterruptedException {
    write(SPURIOUS, 0x1ff);
    write(DIVIDE_CONFIGURATION, DIVIDE_BY_1);
    write(LVT_TIMER, MASKED | VECTOR);
    write(INITIAL_COUNT, 1_000_000);
    toKernel();
    while (guest.localApic.registers().currentCount() > 0) {
      Thread.sleep(1);
    }
    toOurs();
    write(LVT_TIMER, VECTOR);
    timers.advance(SECOND);
    assertThat(ours.pending()).isFalse();
  }

  @Test
  void theCountIsSavedAsItWasWhenThePauseBegan() throws InterruptedException {
    write(SPURIOUS, 0x1ff);
    write(DIVIDE_CONFIGURATION, DIVIDE_BY_16);
    write(LVT_TIMER, VECTOR);
    write(INITIAL_COUNT, SECOND);
    toKernel();
    guest.localApic.pause();
    byte[] atOnce = record(guest.localApic);
    Thread.sleep(20);
    assertThat(record(guest.localApic)).isEqualTo(atOnce);
    guest.localApic.resume();
    assertThat(record(guest.localApic)).isNotEqualTo(atOnce);
  }

  @Test
  void aBaseThatCannotBeIsRefused() {
    StateWriter out = new StateWriter();
    LocalApicRegisters registers = LocalApicRegisters.reset(0, true);
    new LocalApicRegisters(
            registers.base() | 1L << 62,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            registers.localVectors(),
            registers.inService(),
            registers.triggerMode(),
            registers.requested(),
            false,
            0,
            0,
            0,
            0)
        .save("apic0", out);
    assertThatThrownBy(() -> guest.localApic.load(new StateReader(out.toByteArray())))
        .isInstanceOf(StateException.class)
        .hasMessageContaining("IA32_APIC_BASE");
  }
}

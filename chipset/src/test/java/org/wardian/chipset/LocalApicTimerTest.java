package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.bus.ManualTimers;

/** The timer in its three modes; one count is one nanosecond times the divider. */
class LocalApicTimerTest {
  private static final int VECTOR = 0xec;
  private static final int PERIODIC = 1 << 17;
  private static final int DEADLINE = 2 << 17;
  private static final int MASKED = 1 << 16;
  private static final int DIVIDE_BY_1 = 0xb;
  private static final int TSC_DEADLINE = 0x6e0;

  private final ManualTimers timers = new ManualTimers();
  private final TestProcessor processor = new TestProcessor(0, new ApicBus(), timers).enabled();
  private final LocalApic apic = processor.apic;

  private void start(int lvt, int count) {
    processor.write(ApicRegister.DIVIDE_CONFIGURATION, DIVIDE_BY_1);
    processor.write(ApicRegister.LVT_TIMER, lvt);
    processor.write(ApicRegister.INITIAL_COUNT, count);
  }

  private int count() {
    return processor.read(ApicRegister.CURRENT_COUNT);
  }

  @Test
  void oneShotCountsDownAndFiresOnce() {
    start(VECTOR, 100_000);
    timers.advance(99_999);
    assertThat(count()).isEqualTo(1);
    assertThat(processor.pending).isFalse();
    timers.advance(1);
    assertThat(count()).isZero();
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    timers.advance(1_000_000);
    assertThat(processor.pending).isFalse();
    assertThat(processor.read(ApicRegister.INITIAL_COUNT)).isEqualTo(100_000);
  }

  @Test
  void periodicReloadsAndFiresEveryPeriod() {
    start(VECTOR | PERIODIC, 100_000);
    for (int i = 0; i < 5; i++) {
      timers.advance(99_999);
      assertThat(processor.pending).isFalse();
      timers.advance(1);
      assertThat(processor.takeAll()).containsExactly(VECTOR);
      assertThat(count()).isEqualTo(100_000);
    }
  }

  @ParameterizedTest
  @CsvSource({"0,2", "1,4", "2,8", "3,16", "8,32", "9,64", "10,128", "11,1"})
  void theDividerStretchesTheCount(int configuration, int divider) {
    processor.write(ApicRegister.DIVIDE_CONFIGURATION, configuration);
    processor.write(ApicRegister.LVT_TIMER, VECTOR);
    processor.write(ApicRegister.INITIAL_COUNT, 1000);
    timers.advance(400L * divider);
    assertThat(count()).isEqualTo(600);
    timers.advance(600L * divider - 1);
    assertThat(processor.pending).isFalse();
    timers.advance(1);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
  }

  @Test
  void anotherDividerKeepsTheCountReached() {
    start(VECTOR, 100_000);
    timers.advance(60_000);
    processor.write(ApicRegister.DIVIDE_CONFIGURATION, 0);
    assertThat(count()).isEqualTo(40_000);
    timers.advance(79_999);
    assertThat(processor.pending).isFalse();
    timers.advance(1);
    assertThat(processor.pending).isTrue();
  }

  @Test
  void aCountOfZeroStops() {
    start(VECTOR | PERIODIC, 100_000);
    processor.write(ApicRegister.INITIAL_COUNT, 0);
    timers.advance(1_000_000);
    assertThat(processor.pending).isFalse();
    assertThat(count()).isZero();
  }

  @Test
  void aMaskedTimerCountsWithoutInterrupting() {
    start(VECTOR | MASKED, 100_000);
    timers.advance(60_000);
    assertThat(count()).isEqualTo(40_000);
    assertThat(timers.earliest()).isEqualTo(Long.MAX_VALUE);
    processor.write(ApicRegister.LVT_TIMER, VECTOR);
    timers.advance(40_000);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
  }

  @Test
  void anInterruptThatFellDueWhileMaskedIsLost() {
    start(VECTOR | MASKED, 100_000);
    timers.advance(100_000);
    processor.write(ApicRegister.LVT_TIMER, VECTOR);
    timers.advance(1_000_000);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void theModeChangesUnderway() {
    start(VECTOR | PERIODIC, 100_000);
    timers.advance(130_000);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    processor.write(ApicRegister.LVT_TIMER, VECTOR);
    assertThat(count()).isEqualTo(70_000);
    timers.advance(70_000);
    assertThat(count()).isZero();
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    processor.write(ApicRegister.LVT_TIMER, VECTOR | PERIODIC);
    timers.advance(300_000);
    assertThat(count()).isZero();
    assertThat(processor.pending).isFalse();
  }

  @Test
  void veryShortPeriodsDoNotStarveTheHost() {
    start(VECTOR | PERIODIC, 1);
    timers.advance(1_000_000);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    assertThat(timers.earliest() - timers.nanoseconds()).isGreaterThan(1000);
  }

  @Test
  void theDeadlineFiresWhenTheCounterReachesIt() {
    processor.write(ApicRegister.LVT_TIMER, VECTOR | DEADLINE);
    apic.writeMsr(TSC_DEADLINE, 2001);
    assertThat(apic.readMsr(TSC_DEADLINE)).isEqualTo(2001);
    timers.advance(1000);
    assertThat(processor.pending).isFalse();
    timers.advance(1);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    assertThat(apic.readMsr(TSC_DEADLINE)).isZero();
    timers.advance(10_000);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void aDeadlineThatHasPassedFiresAtOnce() {
    timers.advance(1000);
    processor.write(ApicRegister.LVT_TIMER, VECTOR | DEADLINE);
    apic.writeMsr(TSC_DEADLINE, 2000);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
  }

  @Test
  void aDeadlineOfZeroDisarms() {
    processor.write(ApicRegister.LVT_TIMER, VECTOR | DEADLINE);
    apic.writeMsr(TSC_DEADLINE, 2000);
    apic.writeMsr(TSC_DEADLINE, 0);
    timers.advance(10_000);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void theDeadlineRegisterIsDeadInOtherModes() {
    apic.writeMsr(TSC_DEADLINE, 2000);
    assertThat(apic.readMsr(TSC_DEADLINE)).isZero();
    processor.write(ApicRegister.LVT_TIMER, VECTOR | DEADLINE);
    processor.write(ApicRegister.INITIAL_COUNT, 1000);
    assertThat(count()).isZero();
    timers.advance(10_000);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void leavingDeadlineModeDisarms() {
    processor.write(ApicRegister.LVT_TIMER, VECTOR | DEADLINE);
    apic.writeMsr(TSC_DEADLINE, 2000);
    processor.write(ApicRegister.LVT_TIMER, VECTOR);
    processor.write(ApicRegister.LVT_TIMER, VECTOR | DEADLINE);
    assertThat(apic.readMsr(TSC_DEADLINE)).isZero();
    timers.advance(10_000);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void aJumpOfTheCounterMovesTheDeadline() {
    processor.write(ApicRegister.LVT_TIMER, VECTOR | DEADLINE);
    apic.writeMsr(TSC_DEADLINE, 2_000_000);
    processor.counterOffset = 1_999_000;
    apic.timestampCounterChanged();
    timers.advance(499);
    assertThat(processor.pending).isFalse();
    timers.advance(1);
    assertThat(processor.pending).isTrue();
  }

  @Test
  void deadlinesBeyondAllTimeAreHeld() {
    processor.write(ApicRegister.LVT_TIMER, VECTOR | DEADLINE);
    apic.writeMsr(TSC_DEADLINE, -1);
    timers.advance(3_600_000_000_000L);
    assertThat(processor.pending).isFalse();
    assertThat(apic.readMsr(TSC_DEADLINE)).isEqualTo(-1);
  }
}

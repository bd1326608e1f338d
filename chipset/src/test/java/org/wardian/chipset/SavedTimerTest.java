package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;

/** The local APIC's timer between its expiry and the callback of the host's timer. */
class SavedTimerTest {
  private static final int VECTOR = 0x41;
  private static final int PERIODIC = 1 << 17;
  private static final int TSC_DEADLINE = 2 << 17;

  /** Time goes on, and no callback ever comes. */
  private static final class LateTimers implements Timers {
    long now;

    @Override
    public long nanoseconds() {
      return now;
    }

    @Override
    public Timer timer(String name, Runnable callback) {
      return new ManualTimers().timer(name, callback);
    }
  }

  private final LateTimers timers = new LateTimers();
  private final TestProcessor processor = processor(timers);

  private static TestProcessor processor(Timers timers) {
    return new TestProcessor(0, new ApicBus(), timers).enabled();
  }

  private void start(int mode) {
    processor.write(ApicRegister.DIVIDE_CONFIGURATION, 0xb);
    processor.write(ApicRegister.LVT_TIMER, mode | VECTOR);
    if (mode == TSC_DEADLINE) {
      processor.apic.writeMsr(0x6e0, 2_000_000);
    } else {
      processor.write(ApicRegister.INITIAL_COUNT, 1_000_000);
    }
  }

  @Test
  void anExpiryIsNotLostWhenStateIsSaved() {
    for (int mode : new int[] {0, PERIODIC, TSC_DEADLINE}) {
      start(mode);
      timers.now += 999_999;
      assertThat(processor.apic.registers().requested().get(2)).as("mode %x", mode).isZero();
      timers.now += 1;
      assertThat(processor.apic.registers().requested().get(2)).as("mode %x", mode).isEqualTo(2);
      assertThat(processor.takeAll()).containsExactly(VECTOR);
      assertThat(processor.apic.registers().requested().get(2)).as("mode %x", mode).isZero();
      processor.write(ApicRegister.INITIAL_COUNT, 0);
      timers.now = 0;
    }
  }

  @Test
  void anExpiryIsNotLostWhenTheGuestTurnsToTheTimer() {
    start(0);
    timers.now += 1_000_000;
    processor.write(ApicRegister.LVT_TIMER, VECTOR + 1);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    start(0);
    timers.now += 1_000_000;
    processor.write(ApicRegister.INITIAL_COUNT, 5);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    start(0);
    timers.now += 1_000_000;
    processor.write(ApicRegister.DIVIDE_CONFIGURATION, 0);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    assertThat(processor.read(ApicRegister.CURRENT_COUNT)).isZero();
  }

  @Test
  void anExpiryWhileMaskedIsNoInterruptEver() {
    start(0);
    processor.write(ApicRegister.LVT_TIMER, 1 << 16 | VECTOR);
    timers.now += 1_000_000;
    assertThat(processor.apic.registers().currentCount()).isZero();
    processor.write(ApicRegister.LVT_TIMER, VECTOR);
    assertThat(processor.takeAll()).isEmpty();
    assertThat(processor.apic.registers().initialCount()).isEqualTo(1_000_000);
  }

  @Test
  void aCountGoesOnWhereItWas() {
    for (int mode : new int[] {0, PERIODIC}) {
      start(mode);
      timers.now += 400_000;
      ManualTimers otherTime = new ManualTimers();
      otherTime.advance(77);
      TestProcessor other = processor(otherTime);
      other.apic.registers(processor.apic.registers());
      assertThat(other.read(ApicRegister.CURRENT_COUNT)).isEqualTo(600_000);
      otherTime.advance(599_999);
      assertThat(other.takeAll()).isEmpty();
      otherTime.advance(1);
      assertThat(other.takeAll()).containsExactly(VECTOR);
      otherTime.advance(1_000_000);
      assertThat(other.takeAll()).hasSize(mode == PERIODIC ? 1 : 0);
    }
  }
}

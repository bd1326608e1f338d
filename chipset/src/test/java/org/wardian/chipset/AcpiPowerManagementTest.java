package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.bus.IoBus;
import org.wardian.bus.ManualTimers;

class AcpiPowerManagementTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int STATUS = 0x600;
  private static final int ENABLE = 0x602;
  private static final int CONTROL = 0x604;
  private static final int TIMER = 0x608;
  private static final int EVENTS = 0x620;

  private final ManualTimers timers = new ManualTimers();
  private final RecordedLine sci = new RecordedLine();
  private final RecordedPower power = new RecordedPower();
  private final AcpiPowerManagement acpi = new AcpiPowerManagement(timers, sci, power);
  private final IoBus ports = IoBus.ports();

  AcpiPowerManagementTest() {
    ports.map(STATUS, 4, acpi.eventBlock());
    ports.map(CONTROL, 2, acpi.controlBlock());
    ports.map(TIMER, 4, acpi.timerBlock());
    ports.map(EVENTS, 4, acpi.generalPurposeEvents());
  }

  @Test
  void theTimerRunsAtItsFrequencyIn24Bits() {
    assertThat(ports.read(TIMER, 4)).isZero();
    timers.advance(SECOND);
    assertThat(ports.read(TIMER, 4)).isEqualTo(3_579_545);
    timers.advance(9 * SECOND);
    assertThat(ports.read(TIMER, 4)).isEqualTo(35_795_450 & 0xffffff);
    assertThat(ports.read(TIMER + 1, 1)).isEqualTo(35_795_450 >> 8 & 0xff);
    ports.write(TIMER, 4, 0);
    assertThat(ports.read(TIMER, 4)).isNotZero();
  }

  @Test
  void thePowerButtonInterruptsUntilItsStatusIsCleared() {
    ports.write(ENABLE, 2, 0x100);
    acpi.pressPowerButton();
    assertThat(sci.level).isTrue();
    assertThat(ports.read(STATUS, 2)).isEqualTo(0x100);
    ports.write(STATUS, 2, 0x8031);
    assertThat(sci.level).as("other bits were cleared").isTrue();
    ports.write(STATUS + 1, 1, 0x01);
    assertThat(sci.level).isFalse();
    assertThat(ports.read(STATUS, 4)).isEqualTo(0x01000000L);
  }

  @Test
  void aButtonThatIsNotEnabledWaits() {
    acpi.pressPowerButton();
    assertThat(sci.level).isFalse();
    ports.write(STATUS, 4, 0x01000000L);
    assertThat(sci.level).isTrue();
  }

  @Test
  void theTimersCarryInterrupts() {
    ports.write(ENABLE, 2, 0x001);
    timers.advance(2 * SECOND);
    assertThat(sci.level).isFalse();
    timers.advance(SECOND);
    assertThat(sci.level).isTrue();
    ports.write(STATUS, 2, 1);
    assertThat(sci.level).isFalse();
    timers.advance(2_400_000_000L);
    assertThat(sci.takeEdges()).isEqualTo(2);
  }

  @Test
  void theTimersCarryShowsWithoutInterruptAndWithoutATimer() {
    timers.advance(3 * SECOND);
    assertThat(ports.read(STATUS, 2)).isEqualTo(1);
    assertThat(sci.level).isFalse();
    assertThat(timers.earliest()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void theMachineIsAlwaysInAcpiMode() {
    assertThat(ports.read(CONTROL, 2)).isEqualTo(1);
    ports.write(CONTROL, 2, 0);
    assertThat(ports.read(CONTROL, 2)).isEqualTo(1);
  }

  @Test
  void sleepTypesTurnOffAndSuspend() {
    ports.write(CONTROL, 2, AcpiPowerManagement.SLEEP_TYPE_S5 << 10);
    assertThat(power.requests).isEmpty();
    ports.write(CONTROL, 2, AcpiPowerManagement.SLEEP_TYPE_S5 << 10 | 1 << 13);
    ports.write(CONTROL, 2, AcpiPowerManagement.SLEEP_TYPE_S3 << 10 | 1 << 13);
    ports.write(CONTROL, 2, 3 << 10 | 1 << 13);
    assertThat(power.requests).containsExactly("off", "suspend");
    assertThat(ports.read(CONTROL, 2)).as("SLP_EN reads as zero").isEqualTo(3 << 10 | 1);
  }

  @Test
  void wakingShows() {
    acpi.wake();
    assertThat(ports.read(STATUS, 2)).isEqualTo(0x8000);
  }

  @Test
  void generalPurposeEvents() {
    acpi.event(3);
    assertThat(ports.read(EVENTS, 2)).isEqualTo(8);
    assertThat(sci.level).isFalse();
    ports.write(EVENTS + 2, 1, 8);
    assertThat(sci.level).isTrue();
    ports.write(EVENTS, 1, 8);
    assertThat(sci.level).isFalse();
    assertThat(ports.read(EVENTS, 4)).isEqualTo(0x80000);
  }

  @Test
  void resetClears() {
    ports.write(ENABLE, 2, 0x100);
    acpi.pressPowerButton();
    acpi.reset();
    assertThat(sci.level).isFalse();
    assertThat(ports.read(STATUS, 4)).isZero();
  }
}

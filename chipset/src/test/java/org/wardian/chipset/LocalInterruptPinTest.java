package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;

/** LINT0 and LINT1. */
class LocalInterruptPinTest {
  private static final int EXTINT = ApicMessage.EXTINT << 8;
  private static final int NMI = ApicMessage.NMI << 8;
  private static final int LEVEL = 1 << 15;
  private static final int REMOTE_IRR = 1 << 14;
  private static final int MASKED = 1 << 16;

  private final ApicBus bus = new ApicBus();
  private final ManualTimers timers = new ManualTimers();
  private final TestProcessor processor = new TestProcessor(0, bus, timers);
  private final LocalApic apic = processor.apic;

  @Test
  void afterResetThePicReachesTheBootstrapProcessorOnly() {
    TestProcessor other = new TestProcessor(1, bus, timers);
    bus.externalInterrupts(() -> 0x20);
    bus.localInterrupt0().set(true);
    assertThat(processor.pending).isTrue();
    assertThat(other.pending).isFalse();
    assertThat(apic.acknowledge()).isEqualTo(0x20);
    bus.localInterrupt0().set(false);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void externalInterruptsPassWhateverThePriority() {
    processor.enabled().write(ApicRegister.LVT_LINT0, EXTINT);
    bus.externalInterrupts(() -> 0x08);
    apic.taskPriority(15);
    bus.localInterrupt0().set(true);
    assertThat(apic.acknowledge()).isEqualTo(8);
    assertThat(processor.read(ApicRegister.ISR)).as("no EOI is due").isZero();
  }

  @Test
  void ownInterruptsComeBeforeExternalOnes() {
    processor.enabled().write(ApicRegister.LVT_LINT0, EXTINT);
    bus.externalInterrupts(() -> 0x20);
    bus.localInterrupt0().set(true);
    apic.accept(ApicMessage.FIXED, 0x41, false);
    assertThat(apic.acknowledge()).isEqualTo(0x41);
    assertThat(apic.acknowledge()).isEqualTo(0x20);
  }

  @Test
  void aMaskedPinHoldsThePicBack() {
    bus.localInterrupt0().set(true);
    processor.enabled().write(ApicRegister.LVT_LINT0, EXTINT | MASKED);
    assertThat(processor.pending).isFalse();
    processor.write(ApicRegister.LVT_LINT0, EXTINT);
    assertThat(processor.pending).isTrue();
  }

  @Test
  void thePinsOfADisabledApicAreTheProcessors() {
    processor.enabled().write(ApicRegister.LVT_LINT0, MASKED);
    apic.writeMsr(0x1b, 0xfee00100L);
    bus.externalInterrupts(() -> 0x70);
    bus.localInterrupt0().set(true);
    bus.localInterrupt1().set(true);
    assertThat(apic.acknowledge()).isEqualTo(0x70);
    assertThat(processor.events).containsExactly("nmi");
  }

  @Test
  void anEdgeOnLint1IsAnNmi() {
    processor.enabled().write(ApicRegister.LVT_LINT1, NMI);
    bus.localInterrupt1().set(true);
    bus.localInterrupt1().set(true);
    bus.localInterrupt1().set(false);
    bus.localInterrupt1().pulse();
    assertThat(processor.events).containsExactly("nmi", "nmi");
  }

  @Test
  void anEdgeTriggeredFixedPin() {
    processor.enabled().write(ApicRegister.LVT_LINT0, 0x45);
    bus.localInterrupt0().set(true);
    assertThat(processor.takeAll()).containsExactly(0x45);
    bus.localInterrupt0().set(false);
    assertThat(processor.takeAll()).isEmpty();
  }

  @Test
  void aLevelTriggeredFixedPinComesBackAfterItsEnd() {
    processor.enabled().write(ApicRegister.LVT_LINT0, 0x45 | LEVEL);
    bus.localInterrupt0().set(true);
    assertThat(processor.read(ApicRegister.LVT_LINT0)).isEqualTo(0x45 | LEVEL | REMOTE_IRR);
    assertThat(apic.acknowledge()).isEqualTo(0x45);
    processor.endOfInterrupt();
    assertThat(apic.acknowledge()).isEqualTo(0x45);
    bus.localInterrupt0().set(false);
    processor.endOfInterrupt();
    assertThat(processor.pending).isFalse();
    assertThat(processor.read(ApicRegister.LVT_LINT0)).isEqualTo(0x45 | LEVEL);
  }

  @Test
  void softwareDisablingMasksEveryEntry() {
    processor.enabled().write(ApicRegister.LVT_LINT0, EXTINT);
    processor.write(ApicRegister.SVR, 0xff);
    processor.write(ApicRegister.LVT_LINT1, NMI);
    assertThat(processor.read(ApicRegister.LVT_LINT0)).isEqualTo(EXTINT | MASKED);
    assertThat(processor.read(ApicRegister.LVT_LINT1)).isEqualTo(NMI | MASKED);
  }
}

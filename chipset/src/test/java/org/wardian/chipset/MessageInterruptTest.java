package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;

/** Message-signalled interrupts as memory writes to the APIC bus. */
class MessageInterruptTest {
  private final ApicBus bus = new ApicBus();
  private final ManualTimers timers = new ManualTimers();
  private final TestProcessor first = new TestProcessor(0, bus, timers).enabled();
  private final TestProcessor second = new TestProcessor(1, bus, timers).enabled();

  @Test
  void aPhysicalDestination() {
    bus.send(0xfee01000L, 0x4041);
    assertThat(first.takeAll()).isEmpty();
    assertThat(second.takeAll()).containsExactly(0x41);
  }

  @Test
  void aRedirectedLogicalDestinationWithLowestPriority() {
    first.write(ApicRegister.LDR, 1 << 24);
    second.write(ApicRegister.LDR, 2 << 24);
    first.apic.taskPriority(1);
    bus.send(0xfee0300cL, 0x4100 | 0x41);
    assertThat(first.takeAll()).isEmpty();
    assertThat(second.takeAll()).containsExactly(0x41);
  }

  @Test
  void aLogicalDestinationWithoutTheRedirectionHint() {
    first.write(ApicRegister.LDR, 2 << 24);
    second.write(ApicRegister.LDR, 1 << 24);
    bus.send(0xfee01004L, 0x41);
    assertThat(second.takeAll()).containsExactly(0x41);
    assertThat(first.takeAll()).isEmpty();
    bus.send(0xfee03004L, 0x42);
    assertThat(second.takeAll()).containsExactly(0x42);
    assertThat(first.takeAll()).containsExactly(0x42);
  }

  @Test
  void theRedirectionHintChoosesOneDestination() {
    first.write(ApicRegister.LDR, 1 << 24);
    second.write(ApicRegister.LDR, 2 << 24);
    second.write(ApicRegister.TPR, 0x20);
    bus.send(0xfee0300cL, 0x41);
    assertThat(first.takeAll()).containsExactly(0x41);
    assertThat(second.takeAll()).isEmpty();
  }

  @Test
  void broadcastReachesX2apicModeToo() {
    second.x2apic();
    bus.send(0xfeeff000L, 0x41);
    assertThat(first.takeAll()).containsExactly(0x41);
    assertThat(second.takeAll()).containsExactly(0x41);
  }

  @Test
  void nmiByMessage() {
    bus.send(0xfee01000L, ApicMessage.NMI << 8);
    assertThat(second.events).containsExactly("nmi");
  }

  @Test
  void writesElsewhereAreNoInterrupts() {
    bus.send(0xfed00000L, 0x41);
    bus.send(0x1_fee00000L, 0x41);
    assertThat(first.pending).isFalse();
  }
}

package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;

/** Which vector is deliverable when. */
class LocalApicPriorityTest {
  private final TestProcessor processor =
      new TestProcessor(0, new ApicBus(), new ManualTimers()).enabled();
  private final LocalApic apic = processor.apic;

  private void request(int... vectors) {
    for (int vector : vectors) {
      apic.accept(ApicMessage.FIXED, vector, false);
    }
  }

  @Test
  void nothingRequestedIsNothingToAcknowledge() {
    assertThat(processor.pending).isFalse();
    assertThat(apic.acknowledge()).isEqualTo(-1);
  }

  @Test
  void theHighestVectorComesFirst() {
    request(0x31, 0xfe, 0x42, 0x31);
    assertThat(processor.pending).isTrue();
    assertThat(processor.takeAll()).containsExactly(0xfe, 0x42, 0x31);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void whatIsInServiceHoldsBackItsClassAndLower() {
    request(0x45);
    assertThat(apic.acknowledge()).isEqualTo(0x45);
    request(0x4f, 0x33);
    assertThat(apic.pending()).isFalse();
    assertThat(apic.acknowledge()).isEqualTo(-1);
    assertThat(processor.read(ApicRegister.PPR)).isEqualTo(0x40);
    request(0x50);
    assertThat(apic.acknowledge()).isEqualTo(0x50);
    processor.endOfInterrupt();
    assertThat(apic.pending()).isFalse();
    processor.endOfInterrupt();
    assertThat(processor.takeAll()).containsExactly(0x4f, 0x33);
  }

  @Test
  void taskPriorityHoldsBackItsClassAndLower() {
    apic.taskPriority(4);
    request(0x4f);
    assertThat(processor.pending).isFalse();
    assertThat(processor.read(ApicRegister.PPR)).isEqualTo(0x40);
    request(0x51);
    assertThat(processor.takeAll()).containsExactly(0x51);
    apic.taskPriority(3);
    assertThat(processor.pending).isTrue();
    assertThat(processor.takeAll()).containsExactly(0x4f);
  }

  @Test
  void processorPriorityKeepsTheTaskPrioritysSubclass() {
    processor.write(ApicRegister.TPR, 0x48);
    request(0x55);
    apic.acknowledge();
    assertThat(processor.read(ApicRegister.PPR)).isEqualTo(0x50);
    processor.endOfInterrupt();
    assertThat(processor.read(ApicRegister.PPR)).isEqualTo(0x48);
  }

  @Test
  void requestAndServiceShowInTheirRegisters() {
    request(0x31, 0x61);
    assertThat(processor.read(ApicRegister.IRR + 0x10)).isEqualTo(1 << 0x11);
    assertThat(processor.read(ApicRegister.IRR + 0x30)).isEqualTo(1 << 1);
    apic.acknowledge();
    assertThat(processor.read(ApicRegister.IRR + 0x30)).isZero();
    assertThat(processor.read(ApicRegister.ISR + 0x30)).isEqualTo(1 << 1);
  }

  @Test
  void triggerModeFollowsTheLastRequest() {
    apic.accept(ApicMessage.FIXED, 0x61, true);
    assertThat(processor.read(ApicRegister.TMR + 0x30)).isEqualTo(1 << 1);
    apic.accept(ApicMessage.FIXED, 0x61, false);
    assertThat(processor.read(ApicRegister.TMR + 0x30)).isZero();
  }

  @Test
  void aSoftwareDisabledApicTakesNoFixedInterruptsButKeepsItsRequests() {
    request(0x41);
    processor.write(ApicRegister.SVR, 0xff);
    assertThat(apic.accept(ApicMessage.FIXED, 0x51, false)).isFalse();
    assertThat(apic.accept(ApicMessage.NMI, 0, false)).isTrue();
    assertThat(processor.events).containsExactly("nmi");
    assertThat(processor.takeAll()).containsExactly(0x41);
  }

  @Test
  void anEndWithNothingInServiceIsIgnored() {
    processor.endOfInterrupt();
    request(0x41);
    assertThat(processor.takeAll()).containsExactly(0x41);
  }
}

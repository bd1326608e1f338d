package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;

/** The error status register and its interrupt. */
class LocalApicErrorTest {
  private static final int VECTOR = 0xfe;

  private final TestProcessor processor =
      new TestProcessor(0, new ApicBus(), new ManualTimers()).enabled();

  private int errors() {
    processor.write(ApicRegister.ESR, 0);
    return processor.read(ApicRegister.ESR);
  }

  @Test
  void sendingAnIllegalVector() {
    processor.send(0, 0x400f);
    assertThat(processor.read(ApicRegister.ESR)).as("before it is latched").isZero();
    assertThat(errors()).isEqualTo(0x20);
    assertThat(errors()).isZero();
    assertThat(processor.pending).isFalse();
  }

  @Test
  void receivingAnIllegalVector() {
    processor.apic.accept(ApicMessage.FIXED, 15, false);
    assertThat(errors()).isEqualTo(0x40);
    assertThat(processor.pending).isFalse();
  }

  @Test
  void touchingARegisterThatIsNotThere() {
    processor.read(0x40);
    assertThat(errors()).isEqualTo(0x80);
    processor.write(ApicRegister.SELF_IPI, 0x41);
    assertThat(errors()).isEqualTo(0x80);
  }

  @Test
  void errorsInterruptOncePerKindUntilLatched() {
    processor.write(ApicRegister.LVT_ERROR, VECTOR);
    processor.read(0x40);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
    processor.read(0x40);
    assertThat(processor.takeAll()).isEmpty();
    errors();
    processor.read(0x40);
    assertThat(processor.takeAll()).containsExactly(VECTOR);
  }

  @Test
  void anErrorInterruptWithAnIllegalVectorIsAnotherErrorAndNoMore() {
    processor.write(ApicRegister.LVT_ERROR, 3);
    processor.read(0x40);
    assertThat(errors()).isEqualTo(0xc0);
  }
}

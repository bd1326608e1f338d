package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.bus.InvalidMsrException;
import org.wardian.bus.ManualTimers;

/** IA32_APIC_BASE and what each mode decodes. */
class LocalApicModeTest {
  private static final int BASE = 0x1b;
  private static final long XAPIC = 0xfee00900L;
  private static final long X2APIC = 0xfee00d00L;
  private static final long DISABLED = 0xfee00100L;

  private final ManualTimers timers = new ManualTimers();
  private final TestProcessor processor = new TestProcessor(0, new ApicBus(), timers);
  private final LocalApic apic = processor.apic;

  private void refused(int msr, long value) {
    assertThatThrownBy(() -> apic.writeMsr(msr, value)).isInstanceOf(InvalidMsrException.class);
  }

  private void unreadable(int msr) {
    assertThatThrownBy(() -> apic.readMsr(msr)).isInstanceOf(InvalidMsrException.class);
  }

  @Test
  void resetGivesTheBootstrapProcessorAnEnabledXapic() {
    assertThat(apic.base()).isEqualTo(XAPIC);
    assertThat(new TestProcessor(1, new ApicBus(), timers).apic.base()).isEqualTo(0xfee00800L);
  }

  @Test
  void resetStateIsTheManuals() {
    TestProcessor other = new TestProcessor(3, new ApicBus(), timers);
    assertThat(other.read(ApicRegister.ID)).isEqualTo(3 << 24);
    assertThat(other.read(ApicRegister.VERSION)).isEqualTo(0x00050014);
    assertThat(other.read(ApicRegister.SVR)).isEqualTo(0xff);
    assertThat(other.read(ApicRegister.DFR)).isEqualTo(-1);
    assertThat(other.read(ApicRegister.LDR)).isZero();
    for (int offset = ApicRegister.LVT_TIMER; offset <= ApicRegister.LVT_ERROR; offset += 16) {
      assertThat(other.read(offset)).isEqualTo(0x10000);
    }
    assertThat(processor.read(ApicRegister.LVT_LINT0)).isEqualTo(0x700);
  }

  @Test
  void legalTransitionsAreTaken() {
    for (long value : new long[] {X2APIC, DISABLED, XAPIC, X2APIC, X2APIC, DISABLED, XAPIC}) {
      apic.writeMsr(BASE, value);
      assertThat(apic.readMsr(BASE)).isEqualTo(value);
    }
  }

  @Test
  void illegalTransitionsFault() {
    refused(BASE, DISABLED | LocalApic.BASE_X2APIC);
    apic.writeMsr(BASE, X2APIC);
    refused(BASE, XAPIC);
    apic.writeMsr(BASE, DISABLED);
    refused(BASE, X2APIC);
    assertThat(apic.base()).isEqualTo(DISABLED);
  }

  @ParameterizedTest
  @ValueSource(longs = {1L, 0x80L, 0x200L, 1L << 40, 1L << 63})
  void reservedBitsOfTheBaseFault(long bit) {
    refused(BASE, XAPIC | bit);
  }

  @Test
  void theBaseMoves() {
    apic.writeMsr(BASE, 0xff_fee01900L);
    assertThat(apic.base()).isEqualTo(0xff_fee01900L);
  }

  @Test
  void x2apicRegistersFaultInXapicMode() {
    unreadable(0x802);
    refused(0x808, 0);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0x800, 0x809, 0x80b, 0x80c, 0x80e, 0x829, 0x82f, 0x831, 0x83a, 0x83f, 0x840, 0x8ff})
  void registersThatX2apicLacksOrOnlyWritesFaultWhenRead(int msr) {
    processor.x2apic();
    unreadable(msr);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0x800, 0x802, 0x803, 0x809, 0x80a, 0x80d, 0x80e, 0x810, 0x820, 0x831, 0x839, 0x8ff})
  void registersThatX2apicLacksOrOnlyReadsFaultWhenWritten(int msr) {
    processor.x2apic();
    refused(msr, 0);
  }

  @Test
  void reservedBitsFaultInX2apicMode() {
    processor.x2apic();
    refused(0x808, 0x100);
    refused(0x80b, 1);
    refused(0x80f, 0x1000);
    refused(0x828, 1);
    refused(0x830, 1 << 13);
    refused(0x830, 1 << 20);
    refused(0x832, 1 << 8);
    refused(0x838, 1L << 32);
    refused(0x83e, 4);
    refused(0x83f, 0x100);
  }

  @Test
  void x2apicShowsTheWholeIdAndALogicalIdFromIt() {
    TestProcessor other = new TestProcessor(0x25, new ApicBus(), timers).x2apic();
    assertThat(other.apic.readMsr(0x802)).isEqualTo(0x25);
    assertThat(other.apic.readMsr(0x80d)).isEqualTo(0x2_0020L);
  }

  @Test
  void disablingForgetsEverything() {
    processor.enabled().write(ApicRegister.LDR, 0x01000000);
    processor.write(ApicRegister.ICR_HIGH, 0);
    processor.send(0, 0x4041);
    assertThat(apic.pending()).isTrue();
    apic.writeMsr(BASE, DISABLED);
    assertThat(apic.pending()).isFalse();
    apic.writeMsr(BASE, XAPIC);
    assertThat(processor.read(ApicRegister.SVR)).isEqualTo(0xff);
    assertThat(processor.read(ApicRegister.LDR)).isZero();
  }

  @Test
  void initKeepsTheMode() {
    processor.x2apic().enabled();
    apic.accept(ApicMessage.INIT, 0, false);
    assertThat(apic.base()).isEqualTo(X2APIC);
    assertThat(processor.read(ApicRegister.SVR)).isEqualTo(0xff);
    assertThat(processor.events).containsExactly("init");
  }

  @Test
  void narrowAndUnalignedAccessesToThePage() {
    processor.write(ApicRegister.ID, 0x5a000000);
    assertThat(apic.readRegister(ApicRegister.ID + 3, 1)).isEqualTo(0x5a);
    assertThat(apic.readRegister(ApicRegister.ID + 2, 2)).isEqualTo(0x5a00);
    assertThat(apic.readRegister(ApicRegister.ID + 4, 4)).isZero();
    assertThat(apic.readRegister(ApicRegister.ID, 8)).isEqualTo(0x5a000000L);
    apic.writeRegister(ApicRegister.ID + 3, 1, 0x11);
    assertThat(processor.read(ApicRegister.ID)).isEqualTo(0x5a000000);
  }

  @Test
  void taskPriorityIsAlsoCr8() {
    apic.taskPriority(0xb);
    assertThat(processor.read(ApicRegister.TPR)).isEqualTo(0xb0);
    processor.write(ApicRegister.TPR, 0x37);
    assertThat(apic.taskPriority()).isEqualTo(3);
    apic.writeMsr(BASE, DISABLED);
    apic.taskPriority(9);
    assertThat(apic.taskPriority()).isEqualTo(9);
  }
}

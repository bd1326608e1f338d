package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.ManualTimers;

class IoApicTest {
  private static final int LEVEL = 1 << 15;
  private static final int MASKED = 1 << 16;
  private static final int REMOTE_IRR = 1 << 14;
  private static final int LOGICAL = 1 << 11;
  private static final int ACTIVE_LOW = 1 << 13;

  private final ApicBus bus = new ApicBus();
  private final ManualTimers timers = new ManualTimers();
  private final TestProcessor first = new TestProcessor(0, bus, timers).enabled();
  private final TestProcessor second = new TestProcessor(1, bus, timers).enabled();
  private final IoApic ioApic = new IoApic(8, bus);

  private int read(int register) {
    ioApic.write(0, 4, register);
    return (int) ioApic.read(0x10, 4);
  }

  private void write(int register, int value) {
    ioApic.write(0, 4, register);
    ioApic.write(0x10, 4, Integer.toUnsignedLong(value));
  }

  private void route(int pin, int destination, int low) {
    write(0x11 + 2 * pin, destination << 24);
    write(0x10 + 2 * pin, low);
  }

  private int low(int pin) {
    return read(0x10 + 2 * pin);
  }

  @Test
  void identification() {
    assertThat(read(1)).isEqualTo(0x00170011);
    assertThat(read(0)).isEqualTo(8 << 24);
    write(0, 0x5f000000);
    assertThat(read(0)).isEqualTo(0x5f000000);
    assertThat(read(2)).isEqualTo(0x5f000000);
    assertThat(ioApic.read(0, 4)).isEqualTo(2);
    assertThat(read(0x40)).isZero();
  }

  @Test
  void pinsBeginMasked() {
    for (int pin = 0; pin < IoApic.PINS; pin++) {
      assertThat(low(pin)).isEqualTo(MASKED);
    }
    ioApic.line(4).pulse();
    assertThat(first.pending).isFalse();
  }

  @Test
  void anEdgeIsDeliveredOnceToItsDestination() {
    route(4, 1, 0x34);
    InterruptLine line = ioApic.line(4);
    line.set(true);
    line.set(true);
    assertThat(second.takeAll()).containsExactly(0x34);
    assertThat(second.takeAll()).isEmpty();
    line.set(false);
    line.set(true);
    assertThat(second.takeAll()).containsExactly(0x34);
    assertThat(first.takeAll()).isEmpty();
  }

  @Test
  void anEdgeOnAMaskedPinIsLost() {
    route(4, 0, 0x34 | MASKED);
    ioApic.line(4).set(true);
    route(4, 0, 0x34);
    assertThat(first.pending).isFalse();
  }

  @Test
  void aLevelIsDeliveredAgainAfterItsEndWhileItLasts() {
    route(9, 0, 0x49 | LEVEL | ACTIVE_LOW);
    InterruptLine line = ioApic.line(9);
    line.set(true);
    assertThat(low(9)).isEqualTo(0x49 | LEVEL | ACTIVE_LOW | REMOTE_IRR);
    assertThat(first.apic.acknowledge()).isEqualTo(0x49);
    assertThat(first.apic.pending()).isFalse();
    first.endOfInterrupt();
    assertThat(first.apic.acknowledge()).isEqualTo(0x49);
    line.set(false);
    first.endOfInterrupt();
    assertThat(first.apic.pending()).isFalse();
    assertThat(low(9)).isEqualTo(0x49 | LEVEL | ACTIVE_LOW);
  }

  @Test
  void aLevelOnAMaskedPinWaits() {
    route(9, 0, 0x49 | LEVEL | MASKED);
    ioApic.line(9).set(true);
    assertThat(first.pending).isFalse();
    route(9, 0, 0x49 | LEVEL);
    assertThat(first.pending).isTrue();
  }

  @Test
  void theEndOfAnEdgeInterruptIsNotBroadcast() {
    route(9, 0, 0x49 | LEVEL);
    ioApic.line(9).set(true);
    first.apic.acknowledge();
    first.apic.accept(ApicMessage.FIXED, 0x59, false);
    first.apic.acknowledge();
    first.endOfInterrupt();
    assertThat(low(9) & REMOTE_IRR).isNotZero();
  }

  @Test
  void theEoiRegisterEndsALevel() {
    route(9, 0, 0x49 | LEVEL);
    ioApic.line(9).set(true);
    ioApic.line(9).set(false);
    ioApic.write(0x40, 4, 0x50);
    assertThat(low(9) & REMOTE_IRR).isNotZero();
    ioApic.write(0x40, 4, 0x49);
    assertThat(low(9) & REMOTE_IRR).isZero();
  }

  @Test
  void switchingToEdgeClearsRemoteIrr() {
    route(9, 0, 0x49 | LEVEL);
    ioApic.line(9).set(true);
    route(9, 0, 0x49 | MASKED);
    route(9, 0, 0x49 | LEVEL | MASKED);
    assertThat(low(9) & REMOTE_IRR).isZero();
  }

  @Test
  void readOnlyBitsStay() {
    route(9, 0xff, -1);
    assertThat(low(9)).isEqualTo(0x1afff);
    assertThat(read(0x11 + 18)).isEqualTo(0xff000000);
  }

  @Test
  void logicalDestination() {
    first.write(ApicRegister.LDR, 1 << 24);
    second.write(ApicRegister.LDR, 2 << 24);
    route(4, 3, 0x34 | LOGICAL);
    ioApic.line(4).pulse();
    assertThat(first.takeAll()).containsExactly(0x34);
    assertThat(second.takeAll()).containsExactly(0x34);
  }

  @Test
  void aLevelThatNobodyAcceptsStaysAtThePin() {
    route(9, 7, 0x49 | LEVEL);
    ioApic.line(9).set(true);
    assertThat(low(9) & REMOTE_IRR).isZero();
    route(9, 1, 0x49 | LEVEL);
    assertThat(second.apic.acknowledge()).isEqualTo(0x49);
  }

  @Test
  void externalInterruptsAskThePic() {
    bus.externalInterrupts(() -> 0x31);
    route(0, 1, ApicMessage.EXTINT << 8);
    ioApic.line(0).set(true);
    assertThat(second.apic.acknowledge()).isEqualTo(0x31);
    assertThat(second.apic.pending()).isFalse();
  }

  @Test
  void nmiByPin() {
    route(5, 1, ApicMessage.NMI << 8);
    ioApic.line(5).set(true);
    assertThat(second.events).containsExactly("nmi");
  }

  @Test
  void thereAre24Pins() {
    assertThatThrownBy(() -> ioApic.line(24)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ioApic.line(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new IoApic(256, bus)).isInstanceOf(IllegalArgumentException.class);
  }
}

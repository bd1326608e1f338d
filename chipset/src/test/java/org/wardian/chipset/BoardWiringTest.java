package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.wardian.bus.InterruptLine;

/** Interrupts from a chip to a processor, by both controllers. */
class BoardWiringTest {
  private final TestBoard board = new TestBoard(1);
  private final TestProcessor processor = board.processors.getFirst();

  private void startTimer() {
    board.out(0x43, 0x34);
    board.out(0x40, 0x9c);
    board.out(0x40, 0x2e);
  }

  @Test
  void theTimerThroughThePicWithoutAnyApicSetUp() {
    board.initializePics();
    startTimer();
    board.timers.advance(10_000_000);
    assertThat(processor.pending).isTrue();
    assertThat(processor.apic.acknowledge()).isEqualTo(0x30);
    assertThat(processor.pending).isFalse();
    board.out(0x20, 0x20);
    board.timers.advance(10_000_000);
    assertThat(processor.apic.acknowledge()).isEqualTo(0x30);
  }

  @Test
  void theTimerThroughPin2OfTheIoApic() {
    processor.enabled().write(ApicRegister.LVT_LINT0, 0x10000);
    board.memory.write(IoApic.BASE, 4, 0x14);
    board.memory.write(IoApic.BASE + 0x10, 4, 0x30);
    startTimer();
    processor.takeAll();
    for (int i = 0; i < 3; i++) {
      board.timers.advance(10_057_000);
      assertThat(processor.takeAll()).containsExactly(0x30);
    }
  }

  @Test
  void theSerialPortThroughThePic() {
    board.initializePics();
    board.out(0x3fc, 0x0b);
    board.out(0x3f9, 0x02);
    assertThat(processor.apic.acknowledge()).isEqualTo(0x34);
    assertThat(board.in(0x3fa)).isEqualTo(0x02);
    board.out(0x20, 0x20);
    board.out(0x3f8, 'x');
    assertThat(processor.apic.acknowledge()).isEqualTo(0x34);
    assertThat(board.console).hasToString("x");
  }

  @Test
  void theClockThroughTheSlavePic() {
    board.initializePics();
    board.out(0x70, 0x0b);
    board.out(0x71, 0x12);
    board.timers.advance(1_000_000_000);
    assertThat(processor.apic.acknowledge()).isEqualTo(0x38);
  }

  @Test
  void isaInterruptNumbers() {
    assertThat(IsaInterrupts.gsi(0)).isEqualTo(2);
    assertThat(IsaInterrupts.gsi(9)).isEqualTo(9);
    assertThatThrownBy(() -> board.isa.line(2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> board.isa.line(16)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aSharedWireIsReleasedByItsLastSource() {
    RecordedLine line = new RecordedLine();
    WiredOr shared = new WiredOr(line);
    InterruptLine a = shared.input();
    InterruptLine b = shared.input();
    a.set(true);
    a.set(true);
    b.set(true);
    a.set(false);
    assertThat(line.level).isTrue();
    b.set(false);
    b.set(false);
    assertThat(line.level).isFalse();
    assertThat(line.edges).isEqualTo(1);
  }

  @Test
  void thePostPortSwallowsCodes() {
    board.out(0x80, 0x55);
    assertThat(board.in(0x80)).isEqualTo(0x55);
  }
}

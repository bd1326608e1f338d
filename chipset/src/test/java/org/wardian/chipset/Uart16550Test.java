package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;

/** Registers, interrupt sources and their priority. */
class Uart16550Test {
  private static final int DATA = 0;
  private static final int IER = 1;
  private static final int IIR = 2;
  private static final int FCR = 2;
  private static final int LCR = 3;
  private static final int MCR = 4;
  private static final int LSR = 5;
  private static final int MSR = 6;
  private static final int SCR = 7;

  private final ManualTimers timers = new ManualTimers();
  private final RecordedLine line = new RecordedLine();
  private final StringBuilder sent = new StringBuilder();
  private final Uart16550 uart =
      new Uart16550("serial0", timers, value -> sent.append((char) value), line);

  private int read(int register) {
    return (int) uart.read(register, 1);
  }

  private void write(int register, int value) {
    uart.write(register, 1, value);
  }

  private void type(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    assertThat(uart.offer(bytes, 0, bytes.length)).isEqualTo(bytes.length);
  }

  /** FIFOs with trigger level 8, and the interrupts named enabled. */
  private void open(int interrupts) {
    write(FCR, 0x87);
    write(MCR, 0x0b);
    write(IER, interrupts);
  }

  @Test
  void outputLeavesAtOnce() {
    write(DATA, 'o');
    assertThat(read(LSR)).isEqualTo(0x60);
    write(DATA, 'k');
    assertThat(sent).hasToString("ok");
  }

  @Test
  void theDivisorLatchHidesTwoRegisters() {
    write(IER, 0x05);
    write(LCR, 0x83);
    assertThat(read(DATA) | read(IER) << 8).isEqualTo(12);
    write(DATA, 0x34);
    write(IER, 0x12);
    assertThat(read(DATA) | read(IER) << 8).isEqualTo(0x1234);
    write(LCR, 0x03);
    assertThat(read(IER)).isEqualTo(5);
    assertThat(read(LCR)).isEqualTo(3);
    assertThat(sent).isEmpty();
  }

  @Test
  void unusedBitsReadAsZero() {
    write(IER, 0xff);
    write(MCR, 0xe0);
    write(SCR, 0xa5);
    assertThat(read(IER)).isEqualTo(0x0f);
    assertThat(read(MCR)).isZero();
    assertThat(read(SCR)).isEqualTo(0xa5);
  }

  @Test
  void theIdentificationShowsWhetherFifosAreOn() {
    assertThat(read(IIR)).isEqualTo(0x01);
    write(FCR, 0x01);
    assertThat(read(IIR)).isEqualTo(0xc1);
    write(FCR, 0x00);
    assertThat(read(IIR)).isEqualTo(0x01);
  }

  @Test
  void enablingTheTransmitterInterruptRaisesIt() {
    open(0x02);
    assertThat(line.level).isTrue();
    assertThat(read(IIR)).isEqualTo(0xc2);
    assertThat(read(IIR)).as("reading it takes it back").isEqualTo(0xc1);
    assertThat(line.level).isFalse();
    write(IER, 0x02);
    assertThat(line.level).as("it was enabled already").isFalse();
    write(IER, 0x00);
    write(IER, 0x02);
    assertThat(read(IIR)).isEqualTo(0xc2);
  }

  @Test
  void everyCharacterSentRaisesTheTransmitterInterruptWithAnEdge() {
    open(0x02);
    read(IIR);
    line.takeEdges();
    write(DATA, 'a');
    assertThat(line.takeEdges()).isEqualTo(1);
    write(DATA, 'b');
    assertThat(line.takeEdges()).isEqualTo(1);
  }

  @Test
  void otherInterruptsDoNotTakeTheTransmittersBack() {
    open(0x07);
    write(MCR, 0x1b); // loop, to make an overrun
    for (int i = 0; i < 17; i++) {
      write(DATA, i);
    }
    assertThat(read(IIR)).isEqualTo(0xc6);
    assertThat(read(LSR)).isEqualTo(0x63);
    assertThat(read(IIR)).isEqualTo(0xc4);
    for (int i = 0; i < 9; i++) {
      assertThat(read(DATA)).isEqualTo(i);
    }
    assertThat(read(IIR)).isEqualTo(0xc2);
    assertThat(read(IIR)).isEqualTo(0xc1);
  }

  @Test
  void receivedDataInterruptsAtTheTriggerLevel() {
    open(0x01);
    type("1234567");
    assertThat(line.level).isFalse();
    assertThat(read(LSR) & 1).isEqualTo(1);
    type("8");
    assertThat(read(IIR)).isEqualTo(0xc4);
    assertThat(read(DATA)).isEqualTo('1');
    assertThat(line.level).isFalse();
  }

  @Test
  void aFewCharactersInterruptAfterATimeout() {
    open(0x01);
    type("ab");
    timers.advance(349_999);
    assertThat(line.level).isFalse();
    timers.advance(1);
    assertThat(line.level).isTrue();
    assertThat(read(IIR)).isEqualTo(0xcc);
    assertThat(read(DATA)).isEqualTo('a');
    assertThat(line.level).as("reading resets the timeout").isFalse();
    timers.advance(350_000);
    assertThat(read(IIR)).isEqualTo(0xcc);
    assertThat(read(DATA)).isEqualTo('b');
    timers.advance(1_000_000);
    assertThat(read(IIR)).isEqualTo(0xc1);
  }

  @Test
  void withoutFifosEveryCharacterInterrupts() {
    write(MCR, 0x0b);
    write(IER, 0x01);
    type("ab");
    assertThat(read(IIR)).isEqualTo(0x04);
    assertThat(read(DATA)).isEqualTo('a');
    assertThat(read(IIR)).isEqualTo(0x04);
    assertThat(read(DATA)).isEqualTo('b');
    assertThat(read(IIR)).isEqualTo(0x01);
    assertThat(read(DATA)).isZero();
  }

  @Test
  void out2OpensTheInterruptGate() {
    write(MCR, 0x03);
    write(IER, 0x02);
    assertThat(line.level).isFalse();
    assertThat(read(LSR)).isEqualTo(0x60);
    write(MCR, 0x0b);
    assertThat(line.level).isTrue();
    write(MCR, 0x1b);
    assertThat(line.level).isFalse();
  }

  @Test
  void loopbackConnectsTheModemLines() {
    write(MCR, 0x1a);
    assertThat(read(MSR) & 0xf0).isEqualTo(0x90);
    write(MCR, 0x15);
    assertThat(read(MSR) & 0xf0).isEqualTo(0x60);
    write(MCR, 0x00);
    assertThat(read(MSR) & 0xf0).isEqualTo(0xb0);
  }

  @Test
  void loopbackReturnsCharactersAndShowsTheDepthOfTheFifo() {
    write(FCR, 0x07);
    write(MCR, 0x10);
    for (int i = 0; i < 256; i++) {
      write(DATA, i);
    }
    int depth = 0;
    while ((read(LSR) & 1) != 0) {
      assertThat(read(DATA)).isEqualTo(depth++);
    }
    assertThat(depth).isEqualTo(16);
    assertThat(sent).isEmpty();
  }

  @Test
  void modemInputsInterruptWithTheirDeltas() {
    open(0x08);
    read(MSR);
    uart.modemInputs(false, true, true, true);
    assertThat(read(IIR)).isEqualTo(0xc0);
    assertThat(line.level).isTrue();
    assertThat(read(MSR)).isEqualTo(0xe1);
    assertThat(line.level).isFalse();
    uart.modemInputs(true, true, false, false);
    assertThat(read(MSR)).as("ring counts when it ends").isEqualTo(0x3d);
    assertThat(read(MSR)).isEqualTo(0x30);
  }

  @Test
  void modemOutputsReachTheBackEnd() {
    StringBuilder seen = new StringBuilder();
    SerialBackend backend =
        new SerialBackend() {
          @Override
          public void transmit(byte value) {}

          @Override
          public void modemControl(boolean dataTerminalReady, boolean requestToSend) {
            seen.append(dataTerminalReady ? 'D' : '-').append(requestToSend ? 'R' : '-');
          }
        };
    Uart16550 port = new Uart16550("serial1", timers, backend, line);
    port.write(MCR, 1, 0x01);
    port.write(MCR, 1, 0x0b);
    port.write(MCR, 1, 0x03);
    port.write(MCR, 1, 0x00);
    assertThat(seen).hasToString("D-DR--");
  }
}

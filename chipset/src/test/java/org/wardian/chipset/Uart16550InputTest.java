package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.bus.ManualTimers;

/** Input is never lost, whenever it comes. */
class Uart16550InputTest {
  private static final int DATA = 0;
  private static final int IER = 1;
  private static final int FCR = 2;
  private static final int MCR = 4;
  private static final int LSR = 5;
  private static final int MSR = 6;

  private final ManualTimers timers = new ManualTimers();
  private final RecordedLine line = new RecordedLine();
  private final AtomicInteger ready = new AtomicInteger();
  private final SerialBackend backend =
      new SerialBackend() {
        @Override
        public void transmit(byte value) {}

        @Override
        public void receiveReady() {
          ready.incrementAndGet();
        }
      };
  private final Uart16550 uart = new Uart16550("serial0", timers, backend, line);

  private int read(int register) {
    return (int) uart.read(register, 1);
  }

  private void write(int register, int value) {
    uart.write(register, 1, value);
  }

  private static byte[] text(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) ('a' + i % 26);
    }
    return bytes;
  }

  /** What the driver's interrupt handler takes while there is data. */
  private String drain() {
    StringBuilder taken = new StringBuilder();
    while ((read(LSR) & 1) != 0) {
      taken.append((char) read(DATA));
    }
    return taken.toString();
  }

  @Test
  void whatIsTypedBeforeThePortIsOpenedWaits() {
    byte[] bytes = "early input, longer than the FIFO".getBytes(StandardCharsets.US_ASCII);
    uart.offer(bytes, 0, bytes.length);
    // A driver finds the port, clears the FIFOs and reads every register "for luck".
    write(MCR, 0x1a);
    write(MCR, 0x00);
    write(FCR, 0x07);
    read(LSR);
    read(DATA);
    write(MCR, 0x0b);
    read(LSR);
    read(DATA);
    write(IER, 0x05);
    assertThat(drain()).isEqualTo("early input, longer than the FIFO");
  }

  @Test
  void clearingTheFifoKeepsItsCharacters() {
    write(FCR, 0x07);
    write(IER, 0x01);
    uart.offer(text(20), 0, 20);
    write(IER, 0x00);
    write(FCR, 0x07);
    write(MCR, 0x10);
    assertThat(read(LSR) & 1).as("loopback cuts the line").isZero();
    write(MCR, 0x00);
    write(FCR, 0x00);
    write(IER, 0x01);
    assertThat(drain()).isEqualTo(new String(text(20), StandardCharsets.US_ASCII));
  }

  @Test
  void aGuestThatPollsGetsInputToo() {
    uart.offer(text(3), 0, 3);
    assertThat(read(LSR)).isEqualTo(0x60);
    assertThat(read(LSR)).isEqualTo(0x61);
    assertThat(read(DATA)).isEqualTo('a');
    read(LSR);
    assertThat(read(LSR)).isEqualTo(0x61);
    assertThat(read(DATA)).isEqualTo('b');
  }

  /** As UEFI's driver polls: modem status, modem control, line status. */
  @Test
  void aGuestThatLooksAtTheModemBetweenPollsGetsInput() {
    uart.offer(text(1), 0, 1);
    for (int register : new int[] {MSR, MCR, LSR, MSR, MCR}) {
      read(register);
    }
    assertThat(read(LSR)).isEqualTo(0x61);
    assertThat(read(DATA)).isEqualTo('a');
  }

  @Test
  void aPasteBeyondTheQueueIsRefusedAndAskedForAgain() {
    write(FCR, 0x07);
    byte[] paste = text(10_000);
    int taken = uart.offer(paste, 0, paste.length);
    assertThat(taken).isBetween(4096, 9999);
    assertThat(uart.offer(paste, taken, paste.length - taken)).isZero();
    assertThat(ready).hasValue(0);
    write(IER, 0x01);
    StringBuilder seen = new StringBuilder();
    while (taken < paste.length) {
      seen.append(drain());
      assertThat(ready).hasPositiveValue();
      taken += uart.offer(paste, taken, paste.length - taken);
    }
    seen.append(drain());
    assertThat(seen).hasToString(new String(paste, StandardCharsets.US_ASCII));
    int asked = ready.get();
    uart.offer(text(5), 0, 5);
    drain();
    assertThat(ready).as("nothing was refused").hasValue(asked);
  }

  @Test
  @Timeout(600)
  void aBlockingSenderWaitsForTheGuest() throws InterruptedException {
    write(FCR, 0x07);
    write(IER, 0x01);
    byte[] paste = text(50_000);
    Thread sender =
        Thread.ofPlatform()
            .start(() -> {
              try {
                uart.receive(paste, 0, paste.length);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    StringBuilder seen = new StringBuilder();
    while (seen.length() < paste.length) {
      seen.append(drain());
      Thread.onSpinWait();
    }
    sender.join();
    assertThat(seen).hasToString(new String(paste, StandardCharsets.US_ASCII));
  }

  @Test
  void aResetKeepsInput() {
    write(FCR, 0x07);
    write(IER, 0x01);
    uart.offer(text(30), 0, 30);
    uart.reset();
    assertThat(line.level).isFalse();
    write(IER, 0x01);
    assertThat(drain()).isEqualTo(new String(text(30), StandardCharsets.US_ASCII));
  }
}

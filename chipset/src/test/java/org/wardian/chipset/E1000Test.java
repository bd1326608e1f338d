package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;

@Timeout(600)
class E1000Test {
  private static final int TRANSMIT = 0x5000;
  private static final int RECEIVE = 0x6000;
  private static final int BUFFER = 0x20000;

  private final PcDevices pc = new PcDevices().configured();

  @AfterEach
  void close() {
    pc.close();
  }

  private int read(int register) {
    return (int) pc.mmio.read(PcDevices.CARD + register, 4);
  }

  private void write(int register, int value) {
    pc.mmio.write(PcDevices.CARD + register, 4, value & 0xffffffffL);
  }

  @Test
  void theAddressIsInTheRegistersAndTheMemory() {
    assertThat(read(0x5400)).isEqualTo(0x12005452);
    assertThat(read(0x5404)).isEqualTo(0x80005634);
    write(0x14, 1);
    assertThat(read(0x14) >>> 16).isEqualTo(0x5452);
    int sum = 0;
    for (int word = 0; word < 64; word++) {
      sum += microwire(word);
    }
    assertThat(sum & 0xffff).isEqualTo(0xbaba);
    assertThat(microwire(2)).isEqualTo(0x5634);
  }

  /** Reads a word as drivers do: start bit, operation, address, then sixteen bits. */
  private int microwire(int word) {
    write(0x10, 0x40);
    assertThat(read(0x10) & 0x80).as("granted").isNotZero();
    write(0x10, 0x42);
    int command = 6 << 6 | word;
    for (int bit = 8; bit >= 0; bit--) {
      int pins = 0x42 | (command >> bit & 1) << 2;
      write(0x10, pins);
      write(0x10, pins | 1);
      write(0x10, pins);
    }
    int value = 0;
    for (int bit = 0; bit < 16; bit++) {
      write(0x10, 0x43);
      value = value << 1 | read(0x10) >> 3 & 1;
      write(0x10, 0x42);
    }
    write(0x10, 0x40);
    return value;
  }

  @Test
  void thePhysicalLayerAnswers() {
    write(0x20, 0x08000000 | 1 << 21 | 2 << 16);
    assertThat(read(0x20) & 0x1000ffff).isEqualTo(0x10000141);
    write(0x20, 0x08000000 | 1 << 21 | 1 << 16);
    assertThat(read(0x20) & 4).as("link").isEqualTo(4);
    assertThat(read(0x08) & 2).isEqualTo(2);
  }

  private void transmitter() {
    write(0x3800, TRANSMIT);
    write(0x3808, 16 * 16);
    write(0xd0, 1);
    write(0x400, 2);
  }

  private void descriptor(int number, long address, int control, int options) {
    pc.poke(TRANSMIT + 16L * number, (int) address, (int) (address >>> 32), control, options);
  }

  @Test
  void aFrameIsSentFromPieces() throws InterruptedException {
    transmitter();
    byte[] frame = new byte[100];
    Arrays.fill(frame, (byte) 7);
    pc.memory.write(BUFFER, frame, 0, 100);
    descriptor(0, BUFFER, 40, 0);
    descriptor(1, BUFFER + 40, 0x0b000000 | 60, 0);
    write(0x3818, 2);
    assertThat(pc.port.await(1).getFirst()).isEqualTo(frame);
    pc.card.pause();
    assertThat(read(0x3810)).isEqualTo(2);
    assertThat(pc.peek(TRANSMIT + 28) & 1).as("done").isEqualTo(1);
    assertThat(pc.lines[16 + 4].level).isTrue();
    assertThat(read(0xc0) & 1).isEqualTo(1);
    assertThat(pc.lines[16 + 4].level).as("reading the causes acknowledges").isFalse();
  }

  /** Ethernet, IPv4 and TCP headers before 2,500 bytes, as a driver leaves them to the card. */
  private static byte[] message() {
    ByteBuffer m = ByteBuffer.allocate(54 + 2500);
    m.putShort(12, (short) 0x0800);
    m.put(14, (byte) 0x45).putShort(18, (short) 100).put(22, (byte) 64).put(23, (byte) 6);
    m.putInt(26, 0x0a00020f).putInt(30, 0x0a000202);
    m.putShort(34, (short) 1234).putShort(36, (short) 80).putInt(38, 5000);
    m.put(46, (byte) 0x50).put(47, (byte) 0x19);
    int pseudo = 0x0a00 + 0x020f + 0x0a00 + 0x0202 + 6;
    m.putShort(50, (short) pseudo);
    for (int i = 0; i < 2500; i++) {
      m.put(54 + i, (byte) i);
    }
    return m.array();
  }

  @Test
  void aLongMessageIsCutIntoSegments() throws InterruptedException {
    transmitter();
    byte[] message = message();
    pc.memory.write(BUFFER, message, 0, message.length);
    // Context: IP header at 14 with its sum at 24, TCP at 34 with its sum at 50; 1000 bytes each.
    pc.poke(
        TRANSMIT, 33 << 16 | 24 << 8 | 14, 50 << 8 | 34, 0x27000000 | 2500, 1000 << 16 | 54 << 8);
    descriptor(1, BUFFER, 0x2d100000 | message.length, 3 << 8);
    write(0x3818, 2);
    List<byte[]> frames = pc.port.await(3);
    assertThat(frames).extracting(f -> f.length).containsExactly(1054, 1054, 554);
    for (int i = 0; i < 3; i++) {
      byte[] frame = frames.get(i);
      ByteBuffer fields = ByteBuffer.wrap(frame);
      assertThat(fields.getShort(16)).isEqualTo((short) (frame.length - 14));
      assertThat(fields.getShort(18)).isEqualTo((short) (100 + i));
      assertThat(fields.getInt(38)).isEqualTo(5000 + 1000 * i);
      assertThat(frame[47] & 9).as("FIN and PSH").isEqualTo(i == 2 ? 9 : 0);
      assertThat(InternetChecksum.sum(frame, 14, 20)).isEqualTo(0xffff);
      int length = frame.length - 34;
      int pseudo = 0x0a00 + 0x020f + 0x0a00 + 0x0202 + 6 + length;
      int sum = InternetChecksum.sum(frame, 34, length) + pseudo;
      assertThat(sum % 0xffff).as("TCP checksum").isZero();
    }
  }

  private void receiver() {
    write(0x2800, RECEIVE);
    write(0x2808, 8 * 16);
    for (int i = 0; i < 8; i++) {
      pc.poke(RECEIVE + 16L * i, BUFFER + 2048 * i, 0, 0, 0);
    }
    write(0x2818, 4);
    write(0xd0, 0x80);
    write(0x100, 0x8002);
  }

  private static Frame frame(String to, int length) {
    byte[] bytes = new byte[length];
    MacAddress.parse(to).write(bytes, 0);
    for (int i = 6; i < length; i++) {
      bytes[i] = (byte) i;
    }
    return Frame.complete(bytes, 0, length);
  }

  @Test
  void framesForTheCardAreReceived() {
    receiver();
    Frame frame = frame("52:54:00:12:34:56", 200);
    assertThat(pc.port.receiver.receive(frame)).isTrue();
    assertThat(pc.peek(BUFFER, 200)).isEqualTo(frame.bytes());
    assertThat(pc.peek(RECEIVE + 8)).as("length with check sequence").isEqualTo(204);
    assertThat(pc.peek(RECEIVE + 12) & 3).isEqualTo(3);
    assertThat(pc.lines[16 + 4].level).isTrue();
    assertThat(read(0x2810)).isEqualTo(1);
  }

  @Test
  void othersAreNot() {
    receiver();
    assertThat(pc.port.receiver.receive(frame("52:54:00:12:34:57", 200))).isTrue();
    assertThat(read(0x2810)).isZero();
    assertThat(pc.port.receiver.receive(frame("ff:ff:ff:ff:ff:ff", 60))).isTrue();
    assertThat(read(0x2810)).as("broadcast").isEqualTo(1);
    assertThat(pc.port.receiver.receive(frame("01:00:5e:00:00:fb", 60))).isTrue();
    assertThat(read(0x2810)).isEqualTo(1);
    int hash = 0xfb00 >> 4 & 0xfff;
    write(0x5200 + (hash >> 5 << 2), 1 << (hash & 31));
    assertThat(pc.port.receiver.receive(frame("01:00:5e:00:00:fb", 60))).isTrue();
    assertThat(read(0x2810)).as("multicast by its hash").isEqualTo(2);
  }

  @Test
  void aFullRingTakesNothing() {
    receiver();
    for (int i = 0; i < 4; i++) {
      assertThat(pc.port.receiver.receive(frame("52:54:00:12:34:56", 60))).isTrue();
    }
    assertThat(pc.port.receiver.receive(frame("52:54:00:12:34:56", 60))).isFalse();
    write(0x2818, 5);
    assertThat(pc.port.receiver.receive(frame("52:54:00:12:34:56", 60))).isTrue();
  }

  @Test
  void interruptsAreThrottled() {
    receiver();
    write(0xc4, 400);
    assertThat(pc.port.receiver.receive(frame("52:54:00:12:34:56", 60))).isTrue();
    assertThat(pc.lines[20].level).isTrue();
    read(0xc0);
    assertThat(pc.port.receiver.receive(frame("52:54:00:12:34:56", 60))).isTrue();
    assertThat(pc.lines[20].level).as("too soon").isFalse();
    pc.timers.advance(400 * 256);
    assertThat(pc.lines[20].level).isTrue();
  }
}

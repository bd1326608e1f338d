package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort.Offloads;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.net.VirtioNet;

/** The network device by its protocol (virtio 1.2 §5.1). */
class NetTest {
  private static final MacAddress OWN = MacAddress.parse("52:54:00:12:34:56");
  private static final MacAddress OTHER = MacAddress.parse("52:54:00:00:00:99");
  private static final long GUEST_CSUM = 1 << 1;
  private static final long CSUM = 1;
  private static final long GUEST_TSO4 = 1 << 7;
  private static final long TSO4 = 1 << 11;
  private static final long MERGEABLE = 1 << 15;
  private static final long CONTROL = 1 << 17;
  private static final long CONTROL_RX = 1 << 18;
  private static final long CONTROL_VLAN = 1 << 19;
  private static final long MULTI_QUEUE = 1 << 22;
  private static final long CONTROL_MAC = 1 << 23;
  private static final long CONTROL_OFFLOADS = 1 << 2;
  private static final int HEADER = 12;

  private final TestPort port = new TestPort();
  private final TestMachine machine = new TestMachine(new VirtioNet("net", port, OWN, 2));
  private final TestDriver driver = new TestDriver(machine);
  private DriverQueue receive;
  private DriverQueue send;
  private DriverQueue control;

  private void open(long features) {
    driver.negotiate(features | Features.VERSION_1);
    receive = driver.queue(0, 64);
    send = driver.queue(1, 64);
    if ((features & CONTROL) != 0) {
      control = driver.queue((features & MULTI_QUEUE) != 0 ? 4 : 2, 16);
    }
    driver.ready();
  }

  @AfterEach
  void end() {
    assertThat(machine.device.failure()).isEmpty();
    machine.close();
  }

  private static byte[] frame(MacAddress to, int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    to.write(bytes, 0);
    OTHER.write(bytes, 6);
    bytes[12] = 0x08;
    bytes[13] = 0;
    return bytes;
  }

  private void transmit(byte[] header, byte[] bytes) {
    long at = driver.allocate(HEADER + bytes.length);
    driver.write(at, header);
    driver.write(at + HEADER, bytes);
    send.transact(List.of(new Buffer(at, HEADER + bytes.length, false)));
  }

  private static byte[] header(
      int flags, int segmentation, int size, int checksumStart, int checksumOffset) {
    return ByteBuffer.allocate(HEADER)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) flags)
        .put((byte) segmentation)
        .putShort((short) 0)
        .putShort((short) size)
        .putShort((short) checksumStart)
        .putShort((short) checksumOffset)
        .array();
  }

  @Test
  void saysWhatItIs() {
    byte[] mac = new byte[6];
    for (int i = 0; i < 6; i++) {
      mac[i] = (byte) driver.deviceConfig(i, 1);
    }
    assertThat(MacAddress.of(mac, 0)).isEqualTo(OWN);
    assertThat(driver.deviceConfig(6, 2)).as("link up").isEqualTo(1);
    assertThat(driver.deviceConfig(8, 2)).isEqualTo(2);
    assertThat(driver.deviceConfig(10, 2)).isEqualTo(1500);
    port.card.linkChanged(false);
    assertThat(driver.deviceConfig(6, 2)).isZero();
  }

  @Test
  void sendsFrames() {
    open(0);
    byte[] bytes = frame(OTHER, 100);
    transmit(new byte[HEADER], bytes);
    Frame sent = port.sent.remove();
    assertThat(Arrays.copyOfRange(sent.bytes(), sent.offset(), sent.offset() + sent.length()))
        .isEqualTo(bytes);
    assertThat(sent.checksumStart()).isEqualTo(-1);
    assertThat(sent.segmentation()).isEqualTo(Frame.Segmentation.NONE);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void aDoorbellSendsShortFramesBeforeItReturns(long form) {
    port.atOnce = true;
    open(form);
    for (int i = 0; i < 3; i++) {
      long at = driver.allocate(HEADER + 100);
      driver.write(at, new byte[HEADER]);
      driver.write(at + HEADER, frame(OTHER, 100));
      TestDriver.await("idle", machine.device::idle);
      send.add(List.of(new Buffer(at, HEADER + 100, false)), false);
      send.kick();
      assertThat(port.sent).hasSize(i + 1);
      assertThat(send.poll()).isNotNull();
    }
    transmit(new byte[HEADER], frame(OTHER, 9000));
    assertThat(port.sent).as("a long one is the device's own thread's").hasSize(4);
  }

  @Test
  void interruptsOnceForABatch() {
    driver.negotiate(Features.VERSION_1);
    receive = driver.queue(0, 64);
    send = driver.queue(1, 64);
    driver.useMessages();
    driver.ready();
    offer(2000, 2000, 2000);
    for (int length = 100; length <= 300; length += 100) {
      byte[] bytes = frame(OWN, length);
      assertThat(port.card.receive(Frame.complete(bytes, 0, length))).isTrue();
      assertThat(receive.await().written()).isEqualTo(HEADER + length);
    }
    assertThat(machine.messages).isEmpty();
    port.card.batchEnd();
    assertThat(machine.messages).containsExactly(1);
    port.card.batchEnd();
    assertThat(machine.messages).hasSize(1);
  }

  @Test
  void interruptsWithinABatchOnceMuchHasCome() {
    driver.negotiate(Features.VERSION_1 | MERGEABLE);
    receive = driver.queue(0, 64);
    driver.useMessages();
    driver.ready();
    offer(40_000);
    byte[] bytes = frame(OWN, 33_000);
    assertThat(port.card.receive(Frame.complete(bytes, 0, bytes.length))).isTrue();
    assertThat(machine.messages).containsExactly(1);
    port.card.batchEnd();
    assertThat(machine.messages).hasSize(1);
  }

  @Test
  void leavesChecksumAndSegmentationToThePort() {
    open(CSUM | TSO4);
    transmit(header(1, 1, 1448, 34, 16), frame(OTHER, 9000));
    Frame sent = port.sent.remove();
    assertThat(sent.checksumStart()).isEqualTo(34);
    assertThat(sent.checksumOffset()).isEqualTo(16);
    assertThat(sent.segmentation()).isEqualTo(Frame.Segmentation.TCP4);
    assertThat(sent.segmentSize()).isEqualTo(1448);
  }

  @Test
  void dropsFramesThatCannotBe() {
    open(CSUM);
    transmit(new byte[HEADER], new byte[5]);
    transmit(header(1, 0, 0, 90, 16), frame(OTHER, 100));
    transmit(header(1, 1, 1448, 34, 16), frame(OTHER, 200));
    transmit(header(1, 77, 1448, 34, 16), frame(OTHER, 200));
    transmit(header(0, 1, 1448, 34, 16), frame(OTHER, 200));
    assertThat(port.sent).isEmpty();
    transmit(new byte[HEADER], frame(OTHER, 60));
    assertThat(port.sent).hasSize(1);
  }

  private List<Buffer> offer(int... lengths) {
    List<Buffer> buffers = new ArrayList<>();
    for (int length : lengths) {
      Buffer buffer = new Buffer(driver.allocate(length), length, true);
      buffers.add(buffer);
      receive.add(List.of(buffer), false);
    }
    receive.kick();
    return buffers;
  }

  @Test
  void receivesFrames() {
    open(0);
    List<Buffer> buffers = offer(2000);
    byte[] bytes = frame(OWN, 300);
    assertThat(port.card.receive(Frame.complete(bytes, 0, bytes.length))).isTrue();
    assertThat(receive.await().written()).isEqualTo(HEADER + 300);
    assertThat(driver.read(buffers.getFirst().address(), HEADER))
        .isEqualTo(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0});
    assertThat(driver.read(buffers.getFirst().address() + HEADER, 300)).isEqualTo(bytes);
  }

  static Stream<Long> forms() {
    return Stream.of(0L, Features.PACKED);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void spreadsAFrameOverMergeableBuffers(long form) {
    open(MERGEABLE | GUEST_CSUM | GUEST_TSO4 | form);
    assertThat(port.accepted).isEqualTo(new Offloads(true, true, false, false));
    List<Buffer> buffers = offer(1000, 1000, 1000);
    byte[] bytes = frame(OWN, 2500);
    Frame frame = new Frame(bytes, 0, bytes.length, 34, 16, false, Frame.Segmentation.TCP4, 1448);
    assertThat(port.card.receive(frame)).isTrue();
    assertThat(receive.await().written()).isEqualTo(1000);
    assertThat(receive.await().written()).isEqualTo(1000);
    assertThat(receive.await().written()).isEqualTo(512);
    byte[] header = driver.read(buffers.getFirst().address(), HEADER);
    assertThat(header[0]).isEqualTo((byte) 1);
    assertThat(header[1]).isEqualTo((byte) 1);
    assertThat(header[10]).as("buffers").isEqualTo((byte) 3);
    byte[] seen = new byte[2500];
    System.arraycopy(driver.read(buffers.get(0).address() + HEADER, 988), 0, seen, 0, 988);
    System.arraycopy(driver.read(buffers.get(1).address(), 1000), 0, seen, 988, 1000);
    System.arraycopy(driver.read(buffers.get(2).address(), 512), 0, seen, 1988, 512);
    assertThat(seen).isEqualTo(bytes);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void aFrameWaitsUntilThereAreBuffersEnough(long form) {
    open(MERGEABLE | form);
    byte[] bytes = frame(OWN, 1500);
    Frame frame = Frame.complete(bytes, 0, bytes.length);
    assertThat(port.card.receive(frame)).isFalse();
    offer(600);
    TestDriver.await("ready", () -> port.readies.get() > 0);
    assertThat(port.card.receive(frame)).isFalse();
    assertThat(receive.poll()).as("a buffer too small stays the device's").isNull();
    int before = port.readies.get();
    offer(600, 600);
    TestDriver.await("ready", () -> port.readies.get() > before);
    assertThat(port.card.receive(frame)).isTrue();
    assertThat(receive.await().written()).isEqualTo(600);
    assertThat(receive.await().written()).isEqualTo(600);
    assertThat(receive.await().written()).isEqualTo(312);
  }

  @Test
  void aFrameTooLongForTheBuffersIsDropped() {
    open(0);
    offer(200);
    byte[] bytes = frame(OWN, 300);
    assertThat(port.card.receive(Frame.complete(bytes, 0, 300))).isTrue();
    assertThat(receive.poll()).isNull();
    assertThat(port.card.receive(Frame.complete(bytes, 0, 150))).isTrue();
    assertThat(receive.await().written()).isEqualTo(162);
  }

  @Test
  void doesTheChecksumForADriverThatCannot() {
    open(0);
    final List<Buffer> buffers = offer(200);
    byte[] bytes = new byte[60];
    OWN.write(bytes, 0);
    bytes[40] = 0x12;
    bytes[41] = 0x34;
    bytes[59] = 1;
    Frame frame = new Frame(bytes, 0, 60, 40, 10, false, Frame.Segmentation.NONE, 0);
    assertThat(port.card.receive(frame)).isTrue();
    receive.await();
    byte[] seen = driver.read(buffers.getFirst().address() + HEADER, 60);
    int sum = 0;
    for (int i = 40; i < 60; i += 2) {
      sum += (seen[i] & 0xff) << 8 | seen[i + 1] & 0xff;
    }
    assertThat((sum & 0xffff) + (sum >>> 16)).isEqualTo(0xffff);
    assertThat(bytes[50]).as("the port's own bytes stay").isZero();
  }

  private int command(int group, int number, byte... data) {
    long at = driver.allocate(2 + data.length + 1);
    driver.write(at, (byte) group, (byte) number);
    driver.write(at + 2, data);
    long answer = at + 2 + data.length;
    driver.write(answer, (byte) 0x55);
    control.transact(List.of(new Buffer(at, 2 + data.length, false), new Buffer(answer, 1, true)));
    return driver.read(answer, 1)[0];
  }

  private boolean passes(MacAddress to) {
    byte[] bytes = frame(to, 60);
    port.card.receive(Frame.complete(bytes, 0, 60));
    return receive.poll() != null;
  }

  @Test
  void filtersAsToldByTheDriver() {
    open(CONTROL | CONTROL_RX | CONTROL_MAC);
    offer(100, 100, 100, 100, 100, 100, 100, 100);
    MacAddress group = MacAddress.parse("33:33:00:00:00:01");
    assertThat(passes(OTHER)).as("all frames at first").isTrue();
    assertThat(command(0, 0, (byte) 0)).isZero();
    assertThat(passes(OTHER)).isFalse();
    assertThat(passes(OWN)).isTrue();
    assertThat(passes(MacAddress.BROADCAST)).isTrue();
    assertThat(passes(group)).isFalse();
    byte[] tables = new byte[4 + 6 + 4 + 6];
    tables[0] = 1;
    OTHER.write(tables, 4);
    tables[10] = 1;
    group.write(tables, 14);
    assertThat(command(1, 0, tables)).isZero();
    assertThat(passes(OTHER)).isTrue();
    assertThat(passes(group)).isTrue();
    assertThat(command(1, 0, new byte[8])).isZero();
    assertThat(passes(group)).isFalse();
    assertThat(command(0, 1, (byte) 1)).isZero();
    assertThat(passes(group)).isTrue();
    byte[] mac = new byte[6];
    OTHER.write(mac, 0);
    assertThat(command(1, 1, mac)).isZero();
    assertThat(passes(OTHER)).isTrue();
    assertThat(passes(OWN)).isFalse();
    assertThat(driver.deviceConfig(5, 1)).isEqualTo(0x99);
    assertThat(command(1, 0, (byte) 9, (byte) 0, (byte) 0, (byte) 0)).as("no table").isEqualTo(1);
    assertThat(command(9, 0)).as("an unknown class").isEqualTo(1);
  }

  @Test
  void filtersVlans() {
    open(CONTROL | CONTROL_VLAN);
    offer(100, 100);
    byte[] bytes = frame(OWN, 60);
    bytes[12] = (byte) 0x81;
    bytes[14] = 0x20;
    bytes[15] = 7;
    Frame tagged = Frame.complete(bytes, 0, 60);
    port.card.receive(tagged);
    assertThat(receive.poll()).isNull();
    assertThat(command(2, 0, (byte) 7, (byte) 0)).isZero();
    port.card.receive(tagged);
    assertThat(receive.poll()).isNotNull();
    assertThat(command(2, 1, (byte) 7, (byte) 0)).isZero();
    port.card.receive(tagged);
    assertThat(receive.poll()).isNull();
    assertThat(command(2, 0, (byte) 0, (byte) 0x10)).as("VLAN 4096").isEqualTo(1);
  }

  @Test
  void usesAsManyQueuesAsTheDriverAsksFor() {
    open(CONTROL | MULTI_QUEUE);
    DriverQueue second = driver.queue(2, 64);
    assertThat(command(4, 0, (byte) 3, (byte) 0)).isEqualTo(1);
    assertThat(command(4, 0, (byte) 2, (byte) 0)).isZero();
    for (DriverQueue queue : List.of(receive, second)) {
      for (int i = 0; i < 40; i++) {
        queue.add(List.of(new Buffer(driver.allocate(100), 100, true)), false);
      }
      queue.kick();
    }
    for (int i = 0; i < 40; i++) {
      byte[] bytes = new byte[60];
      OWN.write(bytes, 0);
      bytes[12] = 8;
      bytes[14] = 0x45;
      bytes[23] = 17;
      bytes[35] = (byte) i;
      assertThat(port.card.receive(Frame.complete(bytes, 0, 60))).isTrue();
    }
    int first = 0;
    int other = 0;
    while (receive.poll() != null) {
      first++;
    }
    while (second.poll() != null) {
      other++;
    }
    assertThat(first + other).isEqualTo(40);
    assertThat(first).isBetween(5, 35);
  }

  @Test
  void offloadsChangeOnCommand() {
    open(CONTROL | CONTROL_OFFLOADS | GUEST_CSUM | GUEST_TSO4);
    assertThat(port.accepted).isEqualTo(new Offloads(true, true, false, false));
    assertThat(
            command(
                5, 0, (byte) 2, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 0,
                (byte) 0))
        .isZero();
    assertThat(port.accepted).isEqualTo(new Offloads(true, false, false, false));
    assertThat(
            command(
                5,
                0,
                (byte) 0x82,
                (byte) 1,
                (byte) 0,
                (byte) 0,
                (byte) 0,
                (byte) 0,
                (byte) 0,
                (byte) 0))
        .as("not agreed")
        .isEqualTo(1);
    driver.reset();
    assertThat(port.accepted).isEqualTo(Offloads.NONE);
  }

  @Test
  void itsStateMoves() {
    open(CONTROL | CONTROL_RX | MERGEABLE);
    assertThat(command(0, 0, (byte) 0)).isZero();
    offer(100, 100);
    machine.pci.pause();
    StateWriter out = new StateWriter();
    machine.pci.save(out);
    TestPort there = new TestPort();
    try (TestMachine other = new TestMachine(new VirtioNet("net", there, OWN, 2), false)) {
      byte[] ram = new byte[(int) TestMachine.RAM];
      machine.memory.read(0, ram, 0, ram.length);
      other.memory.write(0, ram, 0, ram.length);
      StateReader in = new StateReader(out.toByteArray());
      other.pci.load(in);
      in.finish();
      other.pci.start();
      TestDriver moved = driver.movedTo(other);
      byte[] bytes = frame(OTHER, 60);
      assertThat(there.card.receive(Frame.complete(bytes, 0, 60))).isTrue();
      DriverQueue queue = receive.movedTo(moved);
      assertThat(queue.poll()).as("the filter has moved").isNull();
      OWN.write(bytes, 0);
      assertThat(there.card.receive(Frame.complete(bytes, 0, 60))).isTrue();
      assertThat(queue.await().written()).isEqualTo(72);
    }
    machine.pci.resume();
  }
}

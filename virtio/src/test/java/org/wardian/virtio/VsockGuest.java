package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.wardian.virtio.DriverQueue.Buffer;

/** A guest's side of the socket device: packets by hand. */
final class VsockGuest {
  static final int REQUEST = 1;
  static final int RESPONSE = 2;
  static final int RESET = 3;
  static final int SHUTDOWN = 4;
  static final int DATA = 5;
  static final int CREDIT_UPDATE = 6;
  static final int CREDIT_REQUEST = 7;

  static final long ADDRESS = 42;

  private static final int HEADER = 44;
  private static final int ROOM = 4096;

  private final TestDriver driver;
  private final DriverQueue receive;
  private final DriverQueue transmit;
  private final long out;
  private final long in;
  private boolean offered;

  /** What the guest says of its own room in each packet. */
  int buffer = 1 << 18;

  int forwarded;

  /** A packet that came. */
  record Packet(
      int operation,
      int hostPort,
      int guestPort,
      int flags,
      int buffer,
      int forwarded,
      byte[] data) {
    String text() {
      return new String(data, StandardCharsets.US_ASCII);
    }
  }

  VsockGuest(TestDriver driver, DriverQueue receive, DriverQueue transmit) {
    this.driver = driver;
    this.receive = receive;
    this.transmit = transmit;
    this.out = driver.allocate(1 << 17);
    this.in = driver.allocate(HEADER + ROOM);
  }

  void send(int operation, int guestPort, int hostPort, int flags, String data) {
    send(operation, guestPort, hostPort, flags, data.getBytes(StandardCharsets.US_ASCII));
  }

  void send(int operation, int guestPort, int hostPort, int flags, byte[] data) {
    send(ADDRESS, 2, 1, operation, guestPort, hostPort, flags, data.length, data);
  }

  void send(
      long from,
      long to,
      int type,
      int operation,
      int guestPort,
      int hostPort,
      int flags,
      int length,
      byte[] data) {
    ByteBuffer packet =
        ByteBuffer.allocate(HEADER + data.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(from)
            .putLong(to)
            .putInt(guestPort)
            .putInt(hostPort)
            .putInt(length)
            .putShort((short) type)
            .putShort((short) operation)
            .putInt(flags)
            .putInt(buffer)
            .putInt(forwarded)
            .put(data);
    driver.write(out, packet.array());
    List<Buffer> chain =
        data.length == 0
            ? List.of(new Buffer(out, HEADER, false))
            : List.of(new Buffer(out, HEADER, false), new Buffer(out + HEADER, data.length, false));
    transmit.transact(chain);
  }

  /** The next packet of the device's. */
  Packet next() {
    offer();
    Packet packet = read(receive.await().written());
    offered = false;
    return packet;
  }

  private void offer() {
    if (!offered) {
      receive.add(List.of(new Buffer(in, HEADER + ROOM, true)), false);
      receive.kick();
      offered = true;
    }
  }

  /** The next packet if there is one; the device has no more work then. */
  Packet nextIfAny() {
    offer();
    TestDriver.await("idle", driver.machine.device::idle);
    DriverQueue.Used used = receive.poll();
    if (used == null) {
      return null;
    }
    offered = false;
    return read(used.written());
  }

  private Packet read(int length) {
    ByteBuffer bytes = ByteBuffer.wrap(driver.read(in, length)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.getLong(0)).as("from the host").isEqualTo(2);
    assertThat(bytes.getLong(8)).as("to this guest").isEqualTo(ADDRESS);
    assertThat(bytes.getInt(24)).as("length").isEqualTo(length - HEADER);
    byte[] data = new byte[length - HEADER];
    bytes.get(HEADER, data);
    return new Packet(
        bytes.getShort(30),
        bytes.getInt(16),
        bytes.getInt(20),
        bytes.getInt(32),
        bytes.getInt(36),
        bytes.getInt(40),
        data);
  }
}

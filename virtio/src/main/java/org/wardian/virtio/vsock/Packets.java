package org.wardian.virtio.vsock;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;

/** Packets without data that are on their way to the guest, in their order. One thread. */
final class Packets {
  /** So many may wait before nothing more is taken from the guest, which caused them. */
  private static final int MANY = 256;

  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private final long guest;

  /**
   * None yet.
   *
   * @param guest its address
   */
  Packets(long guest) {
    this.guest = guest;
  }

  /** A header, with the credit that a connection has. */
  ByteBuffer header(
      int hostPort, int guestPort, int type, int operation, int flags, int length, int forwarded) {
    return ByteBuffer.allocate(VsockProtocol.HEADER)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(VsockProtocol.SOURCE, VsockProtocol.HOST)
        .putLong(VsockProtocol.DESTINATION, guest)
        .putInt(VsockProtocol.SOURCE_PORT, hostPort)
        .putInt(VsockProtocol.DESTINATION_PORT, guestPort)
        .putInt(VsockProtocol.LENGTH, length)
        .putShort(VsockProtocol.TYPE, (short) type)
        .putShort(VsockProtocol.OPERATION, (short) operation)
        .putInt(VsockProtocol.FLAGS, flags)
        .putInt(VsockProtocol.BUFFER, Connection.CAPACITY)
        .putInt(VsockProtocol.FORWARDED, forwarded);
  }

  /** Adds a packet of a connection. */
  void add(Connection connection, int operation, int flags) {
    waiting.add(
        header(
                connection.hostPort,
                connection.guestPort,
                VsockProtocol.TYPE_STREAM,
                operation,
                flags,
                0,
                connection.tell())
            .array());
  }

  /** Refuses a packet that belongs to no connection, by what its header says. */
  void refuse(ByteBuffer header) {
    waiting.add(
        header(
                header.getInt(VsockProtocol.DESTINATION_PORT),
                header.getInt(VsockProtocol.SOURCE_PORT),
                header.getShort(VsockProtocol.TYPE),
                VsockProtocol.RESET,
                0,
                0,
                0)
            .array());
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  boolean many() {
    return waiting.size() >= MANY;
  }

  byte[] remove() {
    return waiting.remove();
  }

  void clear() {
    waiting.clear();
  }
}

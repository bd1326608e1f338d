package org.wardian.virtio.vsock;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.List;

/**
 * One connection between a port of the guest and a socket of the host, with the credit that each
 * side has (virtio 1.2 §5.10.6.3). The device's thread alone uses it.
 */
final class Connection {
  /** Bytes of the guest's that may wait for the host's program to read. */
  static final int CAPACITY = 128 << 10;

  /** How far a connection has come. */
  enum Stage {
    /** The host's program has not said yet where it wants to go. */
    NAMELESS,
    /** The guest was asked, and has not answered. */
    REQUESTED,
    /** Bytes pass. */
    CONNECTED
  }

  final SocketChannel channel;
  final SelectionKey key;
  Stage stage;

  /** What the host's program has said before it is connected; null afterwards. */
  StringBuilder line;

  int guestPort;
  int hostPort;

  /** The guest's bytes that the host has not taken; null until there are some. Being filled. */
  private ByteBuffer waiting;

  /** Bytes that came from the guest, that the host has taken, and that the guest knows of. */
  private int received;

  private int forwarded;
  private int told;

  /** Bytes that were sent to the guest; what it has taken, and how many may be under way. */
  private int sent;

  private int guestForwarded;
  private int guestBuffer;

  /** The guest has been asked for room, and has not answered. */
  boolean askedForCredit;

  /** The host's program sends nothing more. */
  boolean hostEnded;

  /** The guest sends nothing more, and takes nothing more. */
  boolean guestEnded;

  boolean guestDeaf;

  /** Whether it is among those that are to be read. */
  boolean readable;

  /** Whether all that there was has been read. */
  boolean waitsForData = true;

  Connection(SocketChannel channel, SelectionKey key, Stage stage) {
    this.channel = channel;
    this.key = key;
    this.stage = stage;
  }

  /** Takes what each packet of the guest says of its room. */
  void credit(int buffer, int taken) {
    guestBuffer = buffer;
    guestForwarded = taken;
    askedForCredit = false;
  }

  /** How many bytes the guest takes now. */
  int room() {
    long underWay = Integer.toUnsignedLong(sent - guestForwarded);
    long room = Integer.toUnsignedLong(guestBuffer) - underWay;
    return Math.clamp(room, 0, Integer.MAX_VALUE);
  }

  void sent(int bytes) {
    sent += bytes;
  }

  /** What the guest is told in each packet: how much was taken. */
  int tell() {
    told = forwarded;
    return forwarded;
  }

  /** Whether so much was taken since the guest was told that it should be. */
  boolean hasNews() {
    return forwarded - told >= CAPACITY / 4;
  }

  /** Whether the guest has sent more than it may. */
  boolean exceeds(int bytes) {
    return bytes > CAPACITY - (received - forwarded);
  }

  /**
   * Takes bytes of the guest's, and passes on as many as the host takes.
   *
   * @throws IOException where the host's program is gone
   */
  void accept(List<ByteBuffer> bytes, int count) throws IOException {
    received += count;
    ByteBuffer[] parts = bytes.stream().map(ByteBuffer::duplicate).toArray(ByteBuffer[]::new);
    if (waiting == null || waiting.position() == 0) {
      forwarded += (int) channel.write(parts);
    }
    for (ByteBuffer part : parts) {
      if (part.hasRemaining()) {
        if (waiting == null) {
          waiting = ByteBuffer.allocateDirect(CAPACITY);
        }
        waiting.put(part);
      }
    }
  }

  /**
   * Passes on what waits.
   *
   * @throws IOException where the host's program is gone
   */
  void flush() throws IOException {
    if (waiting != null && waiting.position() > 0) {
      waiting.flip();
      try {
        forwarded += channel.write(waiting);
      } finally {
        waiting.compact();
      }
    }
  }

  /** Whether the host has taken all that the guest sent. */
  boolean flushed() {
    return waiting == null || waiting.position() == 0;
  }

  /** Has the selector tell when there is something to read, if that is waited for, or room. */
  void watch() {
    if (key.isValid()) {
      key.interestOps(
          (waitsForData ? SelectionKey.OP_READ : 0) | (flushed() ? 0 : SelectionKey.OP_WRITE));
    }
  }

  void close() {
    key.cancel();
    try {
      channel.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }
}

package org.wardian.network;

/**
 * Joins two ports, so that each takes what the other delivers: a TAP interface in a network
 * namespace is a guest, with a real system's network behind it.
 */
public final class Cable implements AutoCloseable {
  private final NetworkPort one;
  private final NetworkPort other;

  /** Plugs both ends in and starts both ports. */
  public Cable(NetworkPort one, NetworkPort other, NetworkPort.Offloads accepted) {
    this.one = one;
    this.other = other;
    one.attach(frame -> other.send(owned(frame)));
    other.attach(frame -> one.send(owned(frame)));
    one.accept(accepted);
    other.accept(accepted);
    one.start();
    other.start();
  }

  /** A port lends what it delivers, and keeps what is sent to it. */
  private static Frame owned(Frame frame) {
    byte[] copy = new byte[frame.length()];
    System.arraycopy(frame.bytes(), frame.offset(), copy, 0, copy.length);
    return new Frame(
        copy,
        0,
        copy.length,
        frame.checksumStart(),
        frame.checksumOffset(),
        frame.checksumValid(),
        frame.segmentation(),
        frame.segmentSize());
  }

  @Override
  public void close() {
    one.close();
    other.close();
  }
}

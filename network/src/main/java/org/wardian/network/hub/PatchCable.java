package org.wardian.network.hub;

import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;
import org.wardian.network.NetworkPort.Offloads;

/**
 * Joins two ports, so that each sends what the other delivers: a switch to a NAT, which gives the
 * switch's guests addresses and a way out; a TAP interface to a switch. Both ports are the cable's
 * from then on.
 */
public final class PatchCable implements AutoCloseable {
  private final NetworkPort one;
  private final NetworkPort other;

  /** Plugs both ends in and starts both ports; each leaves to the other what that takes. */
  public PatchCable(NetworkPort one, NetworkPort other) {
    this(one, other, Offloads.ALL);
  }

  /** The same, with no more left to do than {@code most} says. */
  public PatchCable(NetworkPort one, NetworkPort other, Offloads most) {
    this.one = one;
    this.other = other;
    one.attach(frame -> pass(frame, other));
    other.attach(frame -> pass(frame, one));
    one.accept(both(other.offered(), most));
    other.accept(both(one.offered(), most));
    one.start();
    other.start();
  }

  private static Offloads both(Offloads first, Offloads second) {
    return new Offloads(
        first.checksum() && second.checksum(),
        first.tcp4() && second.tcp4(),
        first.tcp6() && second.tcp6(),
        first.udp() && second.udp());
  }

  /** A port lends what it delivers, and keeps what is sent to it: in between is a copy. */
  private static boolean pass(Frame frame, NetworkPort to) {
    byte[] copy = new byte[frame.length()];
    System.arraycopy(frame.bytes(), frame.offset(), copy, 0, copy.length);
    to.send(
        new Frame(
            copy,
            0,
            copy.length,
            frame.checksumStart(),
            frame.checksumOffset(),
            frame.checksumValid(),
            frame.segmentation(),
            frame.segmentSize()));
    // A cable has no memory: what the other end has no room for is lost.
    return true;
  }

  /** Closes both ports. */
  @Override
  public void close() {
    one.close();
    other.close();
  }
}

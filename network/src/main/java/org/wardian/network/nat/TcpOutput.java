package org.wardian.network.nat;

import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.TcpHeader;

/** Writes the segments of a connection: our numbers, windows and options in each. */
final class TcpOutput implements TcpSender.Segments {
  private static final int MOST_BLOCKS = 3;
  private static final int SYN_OPTIONS = 12;
  private static final int ASSUMED4 = 536;
  private static final int ASSUMED6 = 1220;
  private static final int SMALLEST = 64;

  private final TcpTable table;
  private final Flow flow;
  private final TcpReceiver receiver;
  private final int initialSequence;
  private final int ownSegment;
  private Deadline delay;
  private boolean scaled;
  private boolean sackPermitted;

  TcpOutput(TcpTable table, Flow flow, TcpReceiver receiver) {
    this.table = table;
    this.flow = flow;
    this.receiver = receiver;
    initialSequence = table.initialSequence();
    int ipHeader = flow.guest().isV4() ? IpPacket.HEADER4 : IpPacket.HEADER6;
    ownSegment = Math.min(table.link().mtu() - ipHeader - TcpHeader.SIZE, 0xffff);
  }

  /** The number of our SYN. */
  int initialSequence() {
    return initialSequence;
  }

  /** Notes what the guest's SYN offers; payload of the longest segment that we send. */
  int greet(TcpHeader syn) {
    scaled = syn.windowScale() >= 0;
    sackPermitted = syn.sackPermitted();
    int announced = syn.maximumSegment();
    int assumed = flow.guest().isV4() ? ASSUMED4 : ASSUMED6;
    return Math.min(announced < 0 ? assumed : Math.max(announced, SMALLEST), ownSegment);
  }

  /**
   * Sends our SYN.
   *
   * @param answer whether it answers the guest's, and offers only what that did
   */
  void syn(boolean answer) {
    byte[] array = table.link().take(TcpHeader.SIZE + SYN_OPTIONS);
    int size =
        TcpHeader.SIZE
            + TcpHeader.writeSynOptions(
                array,
                Link.HEADROOM + TcpHeader.SIZE,
                ownSegment,
                !answer || scaled ? TcpReceiver.SCALE : -1,
                !answer || sackPermitted);
    TcpHeader.write(
        array,
        Link.HEADROOM,
        flow.peerPort(),
        flow.guestPort(),
        initialSequence,
        answer ? receiver.next() : 0,
        size,
        TcpHeader.SYN | (answer ? TcpHeader.ACK : 0),
        receiver.synWindow());
    transmit(array, size, 0);
  }

  /** Sends an acknowledgment without payload. */
  void acknowledge(int sequence) {
    emit(sequence, null, 0, 0, 0, 0);
  }

  /** Sends an acknowledgment in a while, unless another segment carries it before. */
  void acknowledgeSoon(TcpSender sender) {
    if (delay == null) {
      delay = new Deadline(() -> acknowledge(sender.next()));
    }
    if (!delay.isSet()) {
      delay.set(table.deadlines(), table.now() + TcpReceiver.DELAY);
    }
  }

  @Override
  public void emit(int sequence, ByteRing ring, int from, int count, int flags, int mss) {
    byte[] array = table.link().take(TcpHeader.SIZE + 4 + 8 * MOST_BLOCKS + count);
    int size = TcpHeader.SIZE;
    if (sackPermitted && count == 0) {
      int[] blocks = table.blocks();
      int pairs = receiver.sack(blocks, MOST_BLOCKS);
      if (pairs > 0) {
        size += TcpHeader.writeSack(array, Link.HEADROOM + size, blocks, pairs);
      }
    }
    close();
    TcpHeader.write(
        array,
        Link.HEADROOM,
        flow.peerPort(),
        flow.guestPort(),
        sequence,
        receiver.next(),
        size,
        flags | TcpHeader.ACK,
        receiver.window());
    if (count > 0) {
      ring.copy(from, array, Link.HEADROOM + size, count);
    }
    transmit(array, size + count, count > mss ? mss : 0);
  }

  private void transmit(byte[] array, int length, int segmentSize) {
    table
        .link()
        .send(
            array,
            flow.peer(),
            flow.guest(),
            IpProtocol.TCP,
            length,
            TcpHeader.CHECKSUM,
            segmentSize);
  }

  @Override
  public boolean congested() {
    return table.link().congested();
  }

  @Override
  public boolean longSegments() {
    return flow.guest().isV4() ? table.link().offloads().tcp4() : table.link().offloads().tcp6();
  }

  @Override
  public long now() {
    return table.now();
  }

  /** No acknowledgment waits any more. */
  void close() {
    if (delay != null) {
      delay.cancel();
    }
  }
}

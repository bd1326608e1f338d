package org.wardian.network.nat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.IpProtocol;
import org.wardian.network.wire.TcpHeader;

/**
 * One TCP connection: the guest's end, whose other end we are (RFC 9293 §3.10), and a socket of the
 * host. What happens to one happens to the other: refusal, half close, reset.
 */
final class TcpConnection implements TcpSender.Segments, Ready {
  /** How far it has come; half closes are with sender and receiver. */
  enum State {
    /** The guest has asked; the host connects. */
    CONNECTING,
    /** The host has asked; our SYN is with the guest. */
    SYN_SENT,
    /** The host is connected; our SYN is with the guest. */
    SYN_RECEIVED,
    /** Data flow. */
    OPEN,
    /** Both ends are done; the guest may have missed our last acknowledgment. */
    TIME_WAIT,
    /** Forgotten. */
    CLOSED
  }

  private enum Purpose {
    HANDSHAKE,
    RETRANSMIT,
    PROBE,
    IDLE
  }

  private static final int MOST_HANDSHAKES = 6;
  private static final int MOST_RETRANSMISSIONS = 12;
  private static final int MOST_PROBES = 20;
  private static final int MOST_KEEPALIVES = 9;
  private static final long IDLE = 7_200_000_000_000L;
  private static final long KEEPALIVE = 75_000_000_000L;
  private static final long TIME_WAIT = 1_000_000_000L;
  private static final long STARVED = 20_000_000L;
  private static final int MOST_BLOCKS = 3;

  private final TcpTable table;
  private final Flow flow;
  private final SocketChannel channel;
  private final TcpSender sender;
  private final TcpReceiver receiver;
  private final Deadline timer = new Deadline(this::expired);
  private final Deadline delay = new Deadline(this::acknowledgeNow);
  private final Deadline starved = new Deadline(this::readHost);
  private final int initialSequence;
  private final int ownSegment;
  private State state;
  private SelectionKey key;
  private int interest;
  private IpPacket request;
  private boolean scaled;
  private boolean sackPermitted;
  private boolean outputShut;
  private boolean activeClose;
  private Purpose purpose = Purpose.HANDSHAKE;
  private int attempts;
  private long lastHeard;

  /** Whether it is in the table's list of those that have something to do at the batch's end. */
  boolean dirty;

  /** Whether it waits for room in the card. */
  boolean blocked;

  TcpConnection(TcpTable table, Flow flow, SocketChannel channel, State state) {
    this.table = table;
    this.flow = flow;
    this.channel = channel;
    this.state = state;
    sender = new TcpSender(table.pool(), this, table.counters());
    receiver = new TcpReceiver(table.pool());
    initialSequence = table.initialSequence();
    sender.begin(initialSequence);
    int ipHeader = flow.guest().isV4() ? IpPacket.HEADER4 : IpPacket.HEADER6;
    ownSegment = Math.min(table.link().mtu() - ipHeader - TcpHeader.SIZE, 0xffff);
    lastHeard = table.now();
  }

  Flow flow() {
    return flow;
  }

  State state() {
    return state;
  }

  boolean handshaking() {
    return state == State.CONNECTING || state == State.SYN_SENT || state == State.SYN_RECEIVED;
  }

  void key(SelectionKey registered, int operations) {
    key = registered;
    interest = operations;
  }

  private void interest(int operations) {
    if (operations != interest && key.isValid()) {
      interest = operations;
      key.interestOps(operations);
    }
  }

  // The handshake.

  /**
   * The guest's SYN: the host connects first.
   *
   * @param quote the packet, for an error about it; its array is ours
   */
  void requested(TcpHeader syn, IpPacket quote) {
    request = quote;
    greet(syn);
  }

  private void greet(TcpHeader syn) {
    scaled = syn.windowScale() >= 0;
    sackPermitted = syn.sackPermitted();
    int announced = syn.maximumSegment();
    int assumed = flow.guest().isV4() ? 536 : 1220;
    int mss = Math.min(announced < 0 ? assumed : Math.max(announced, 64), ownSegment);
    sender.agree(mss, scaled ? syn.windowScale() : 0);
    receiver.begin(syn.sequence(), scaled, mss);
  }

  /** The host's connection has come about at once, or an accepted one wants its guest. */
  void hostConnected() {
    request = null;
    if (state == State.CONNECTING) {
      state = State.SYN_RECEIVED;
      interest(0);
    }
    sendSyn();
    setTimer(Purpose.HANDSHAKE, sender.rtt.timeout());
  }

  private void sendSyn() {
    boolean answer = state == State.SYN_RECEIVED;
    byte[] array = table.link().take(TcpHeader.SIZE + 12);
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

  // What the guest sends.

  void input(TcpHeader segment, byte[] bytes) {
    lastHeard = table.now();
    switch (state) {
      case CONNECTING -> {
        if (segment.has(TcpHeader.RST)) {
          abandon();
        }
      }
      case SYN_SENT -> answered(segment);
      case TIME_WAIT -> {
        if (segment.has(TcpHeader.RST)) {
          forget();
        } else if (segment.span() > 0) {
          acknowledgeNow();
        }
      }
      case SYN_RECEIVED, OPEN -> arrived(segment, bytes);
      case CLOSED -> {
        // Not in the table any more.
      }
    }
  }

  private void answered(TcpHeader segment) {
    boolean acknowledged = segment.has(TcpHeader.ACK);
    if (acknowledged && segment.acknowledgment() != initialSequence + 1) {
      if (!segment.has(TcpHeader.RST)) {
        table.reset(flow, segment);
      }
    } else if (segment.has(TcpHeader.RST)) {
      if (acknowledged) {
        abandon();
      }
    } else if (segment.has(TcpHeader.SYN) && acknowledged) {
      greet(segment);
      open(segment);
      receiver.acknowledge();
      table.dirty(this);
    }
  }

  private void open(TcpHeader segment) {
    state = State.OPEN;
    sender.established(segment);
    sender.rtt.progressed();
    attempts = 0;
    table.opened();
    interest(SelectionKey.OP_READ);
  }

  private void arrived(TcpHeader segment, byte[] bytes) {
    table.dirty(this);
    if (segment.has(TcpHeader.SYN)) {
      if (state == State.SYN_RECEIVED && segment.sequence() + 1 == receiver.next()) {
        sendSyn();
      } else {
        receiver.acknowledge();
      }
      return;
    }
    if (!receiver.acceptable(segment)) {
      if (!segment.has(TcpHeader.RST)) {
        receiver.acknowledge();
        // A closed window still hears what the guest has received.
        if (segment.has(TcpHeader.ACK) && state == State.OPEN) {
          acknowledged(segment);
        }
      }
      return;
    }
    if (segment.has(TcpHeader.RST)) {
      if (segment.sequence() == receiver.next()) {
        abandon();
      } else {
        // It may be forged: RFC 5961 §3.2.
        receiver.acknowledge();
      }
      return;
    }
    if (!segment.has(TcpHeader.ACK)) {
      return;
    }
    if (state == State.SYN_RECEIVED) {
      if (segment.acknowledgment() != initialSequence + 1) {
        table.reset(flow, segment);
        return;
      }
      open(segment);
    }
    boolean ended = sender.ended();
    acknowledged(segment);
    if (segment.span() > 0) {
      receiver.take(segment, bytes);
      if (receiver.finished() && ended) {
        activeClose = true;
      }
    }
  }

  private void acknowledged(TcpHeader segment) {
    int before = sender.unacknowledged();
    if (!sender.acknowledge(segment)) {
      receiver.acknowledge();
      return;
    }
    boolean progress = sender.unacknowledged() != before;
    if (progress || purpose == Purpose.PROBE || purpose == Purpose.IDLE) {
      attempts = 0;
    }
    if (progress && (interest & SelectionKey.OP_READ) == 0 && !sender.ending()) {
      int free = sender.ring.free();
      if (free >= BufferPool.SMALL / 2) {
        readHost();
      }
    }
    output();
    rearm(progress);
  }

  // What the host does.

  @Override
  public void ready(int operations) {
    if (state == State.CLOSED) {
      return;
    }
    if ((operations & SelectionKey.OP_CONNECT) != 0) {
      finishConnect();
      return;
    }
    if ((operations & SelectionKey.OP_WRITE) != 0) {
      table.dirty(this);
    }
    if ((operations & SelectionKey.OP_READ) != 0) {
      readHost();
    }
  }

  private void finishConnect() {
    try {
      if (channel.finishConnect()) {
        hostConnected();
      }
    } catch (IOException e) {
      connectFailed(e);
    }
  }

  /** The host could not connect: the guest hears why. */
  void connectFailed(IOException why) {
    IpPacket quote = request;
    State before = state;
    forget();
    if (before != State.CONNECTING || quote == null) {
      return;
    }
    if (why instanceof ConnectException && !String.valueOf(why.getMessage()).contains("timed")) {
      table.refuse(flow, receiver.next());
    } else {
      table.unreachable(quote, why);
    }
  }

  private void readHost() {
    if (state != State.OPEN || sender.ending()) {
      return;
    }
    if (!sender.ring.prepare()) {
      interest(interest & ~SelectionKey.OP_READ);
      starved.set(table.deadlines(), table.now() + STARVED);
      return;
    }
    try {
      int read = sender.fill(channel);
      if (read < 0) {
        sender.end();
      }
    } catch (IOException e) {
      resetGuest();
      return;
    }
    boolean more = !sender.ending() && sender.ring.free() > 0;
    interest(more ? interest | SelectionKey.OP_READ : interest & ~SelectionKey.OP_READ);
    output();
    rearm(false);
    table.dirty(this);
  }

  /** Sends what can be sent. */
  void output() {
    if (state == State.OPEN) {
      sender.output();
      if (congested()) {
        table.block(this);
      }
    }
  }

  /** The card has room again. */
  void unblocked() {
    output();
    rearm(false);
    table.dirty(this);
  }

  // The end of a batch.

  /** Gives the host what came, the guest its acknowledgment, and closes what is done. */
  void flush() {
    if (state != State.OPEN) {
      return;
    }
    try {
      boolean drained = receiver.flush(channel);
      interest(drained ? interest & ~SelectionKey.OP_WRITE : interest | SelectionKey.OP_WRITE);
      if (drained && receiver.finished() && !outputShut) {
        outputShut = true;
        channel.shutdownOutput();
      }
    } catch (IOException e) {
      resetGuest();
      return;
    }
    if (receiver.mustAcknowledge()) {
      acknowledgeNow();
    } else if (receiver.mayAcknowledge() && !delay.isSet()) {
      delay.set(table.deadlines(), table.now() + TcpReceiver.DELAY);
    }
    rearm(false);
    if (sender.ended() && receiver.finished() && outputShut) {
      finish();
    }
  }

  private void finish() {
    if (!activeClose) {
      forget();
      return;
    }
    release();
    state = State.TIME_WAIT;
    table.lingering(this);
    timer.set(table.deadlines(), table.now() + TIME_WAIT);
  }

  // Segments.

  private void acknowledgeNow() {
    if (state != State.OPEN && state != State.TIME_WAIT) {
      return;
    }
    emit(sender.next(), null, 0, 0, 0, 0);
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
    delay.cancel();
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

  // Timers.

  private void setTimer(Purpose why, long after) {
    purpose = why;
    timer.set(table.deadlines(), table.now() + after);
  }

  private void rearm(boolean progress) {
    if (state != State.OPEN) {
      return;
    }
    Purpose wanted =
        sender.outstanding()
            ? Purpose.RETRANSMIT
            : sender.stalled() && !congested() ? Purpose.PROBE : Purpose.IDLE;
    if (wanted != purpose || progress && wanted != Purpose.IDLE) {
      setTimer(wanted, wanted == Purpose.IDLE ? IDLE : sender.rtt.timeout());
    }
  }

  private void expired() {
    switch (state) {
      case TIME_WAIT -> forget();
      case SYN_SENT, SYN_RECEIVED -> {
        if (++attempts > MOST_HANDSHAKES) {
          abandon();
          return;
        }
        sender.rtt.expired();
        sendSyn();
        setTimer(Purpose.HANDSHAKE, sender.rtt.timeout());
      }
      case OPEN -> expiredOpen();
      case CONNECTING, CLOSED -> {
        // No timer is set.
      }
    }
  }

  private void expiredOpen() {
    if (purpose == Purpose.RETRANSMIT && congested()) {
      // Nothing is lost: the card has no room for it.
      setTimer(purpose, sender.rtt.timeout());
      return;
    }
    long idle = table.now() - lastHeard;
    if (purpose == Purpose.IDLE && idle < IDLE) {
      setTimer(purpose, IDLE - idle);
      return;
    }
    int most =
        switch (purpose) {
          case RETRANSMIT -> MOST_RETRANSMISSIONS;
          case PROBE -> MOST_PROBES;
          default -> MOST_KEEPALIVES;
        };
    if (++attempts > most) {
      resetGuest();
      return;
    }
    switch (purpose) {
      case RETRANSMIT -> {
        sender.expired();
        setTimer(sender.outstanding() ? Purpose.RETRANSMIT : Purpose.PROBE, sender.rtt.timeout());
      }
      case PROBE -> {
        sender.rtt.expired();
        // A number that was acknowledged already: the answer tells the window.
        emit(sender.unacknowledged() - 1, null, 0, 0, 0, 0);
        setTimer(Purpose.PROBE, sender.rtt.timeout());
      }
      default -> {
        emit(sender.unacknowledged() - 1, null, 0, 0, 0, 0);
        setTimer(Purpose.IDLE, KEEPALIVE);
      }
    }
  }

  // Ends.

  /** The host's end broke, or the guest does not answer: the guest's end is reset. */
  private void resetGuest() {
    emit(sender.next(), null, 0, 0, TcpHeader.RST, 0);
    abandon();
  }

  /** The guest's end broke: the host's end is reset. */
  void abandon() {
    if (channel != null && channel.isOpen()) {
      try {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      } catch (IOException e) {
        // Then the host sees an ordinary end.
      }
    }
    forget();
  }

  private void release() {
    delay.cancel();
    starved.cancel();
    sender.clear();
    receiver.clear();
    if (key != null) {
      key.cancel();
    }
    try {
      channel.close();
    } catch (IOException e) {
      table.counters().failures.increment();
    }
  }

  /** Gives everything back. */
  void forget() {
    if (state == State.CLOSED) {
      return;
    }
    timer.cancel();
    if (state != State.TIME_WAIT) {
      release();
    }
    table.forget(this);
    state = State.CLOSED;
  }
}

package org.wardian.network.nat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.TcpHeader;

/**
 * One TCP connection: the guest's end, whose other end we are (RFC 9293 §3.10), and a socket of the
 * host. What happens to one happens to the other: refusal, half close, reset.
 */
final class TcpConnection implements Ready {
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

  private static final long STARVED = 20_000_000L;
  private final TcpTable table;
  private final Flow flow;
  private final SocketChannel channel;
  private final TcpSender sender;
  private final TcpReceiver receiver;
  private final TcpTimer timer;
  private final TcpOutput output;
  private final Deadline starved = new Deadline(this::readHost);
  private final long begun;
  private State state;
  private SelectionKey key;
  private int interest;
  private IpPacket request;
  private boolean outputShut;
  private boolean activeClose;

  /** Whether it is in the table's list of those that have something to do at the batch's end. */
  boolean dirty;

  /** Whether it waits for room in the card. */
  boolean blocked;

  TcpConnection(TcpTable table, Flow flow, SocketChannel channel, State state) {
    this.table = table;
    this.flow = flow;
    this.channel = channel;
    this.state = state;
    receiver = new TcpReceiver(table.pool());
    output = new TcpOutput(table, flow, receiver);
    sender = new TcpSender(table.pool(), output, table.counters());
    sender.begin(output.initialSequence());
    timer = new TcpTimer(this, table);
    begun = table.now();
  }

  Flow flow() {
    return flow;
  }

  State state() {
    return state;
  }

  TcpSender sender() {
    return sender;
  }

  TcpOutput output() {
    return output;
  }

  /** When it began, by the engine's clock. */
  long begun() {
    return begun;
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
    int mss = output.greet(syn);
    sender.agree(mss, Math.max(0, syn.windowScale()));
    receiver.begin(syn.sequence(), syn.windowScale() >= 0, mss);
  }

  /** The host's connection has come about at once, or an accepted one wants its guest. */
  void hostConnected() {
    request = null;
    if (state == State.CONNECTING) {
      state = State.SYN_RECEIVED;
      interest(0);
    }
    sendSyn();
    timer.handshake();
  }

  /** Sends our SYN, for the first time or again. */
  void sendSyn() {
    output.syn(state == State.SYN_RECEIVED);
  }

  // What the guest sends.

  void input(TcpHeader segment, byte[] bytes) {
    timer.heard();
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
          output.acknowledge(sender.next());
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
    if (acknowledged && segment.acknowledgment() != output.initialSequence() + 1) {
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
    timer.progressed();
    table.opened(this);
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
      if (segment.acknowledgment() != output.initialSequence() + 1) {
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
    timer.answered(progress);
    if (progress && (interest & SelectionKey.OP_READ) == 0 && !sender.ending()) {
      int free = sender.ring.free();
      if (free >= BufferPool.SMALL / 2) {
        readHost();
      }
    }
    sendData();
    timer.rearm(progress);
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
    sendData();
    timer.rearm(false);
    table.dirty(this);
  }

  /** Sends what can be sent. */
  private void sendData() {
    if (state == State.OPEN) {
      sender.output();
      if (output.congested()) {
        table.block(this);
      }
    }
  }

  /** The card has room again. */
  void unblocked() {
    sendData();
    timer.rearm(false);
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
      output.acknowledge(sender.next());
    } else if (receiver.mayAcknowledge()) {
      output.acknowledgeSoon(sender);
    }
    timer.rearm(false);
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
    timer.linger();
  }

  // Ends.

  /** The host's end broke, or the guest does not answer: the guest's end is reset. */
  void resetGuest() {
    output.emit(sender.next(), null, 0, 0, TcpHeader.RST, 0);
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
    output.close();
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

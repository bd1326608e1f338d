package org.wardian.network.nat;

/**
 * What a connection waits for, and for how long: the handshake, an acknowledgment (RFC 6298 §5), a
 * window (RFC 9293 §3.8.6.1), any sign of life (§3.8.4), or its end.
 */
final class TcpTimer {
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

  private final TcpConnection connection;
  private final TcpTable table;
  private final Deadline deadline = new Deadline(this::expired);
  private Purpose purpose = Purpose.HANDSHAKE;
  private int attempts;
  private long lastHeard;

  TcpTimer(TcpConnection connection, TcpTable table) {
    this.connection = connection;
    this.table = table;
    lastHeard = table.now();
  }

  private void set(Purpose why, long after) {
    purpose = why;
    deadline.set(table.deadlines(), table.now() + after);
  }

  /** Our SYN went out. */
  void handshake() {
    set(Purpose.HANDSHAKE, connection.sender().rtt.timeout());
  }

  /** A segment of the guest came. */
  void heard() {
    lastHeard = table.now();
  }

  /** Something that was waited for came. */
  void progressed() {
    attempts = 0;
  }

  /** An acknowledgment came. */
  void answered(boolean progress) {
    if (progress || purpose == Purpose.PROBE || purpose == Purpose.IDLE) {
      attempts = 0;
    }
  }

  /**
   * Waits for what there is to wait for now.
   *
   * @param progress whether the waiting begins anew
   */
  void rearm(boolean progress) {
    if (connection.state() != TcpConnection.State.OPEN) {
      return;
    }
    TcpSender sender = connection.sender();
    Purpose wanted =
        sender.outstanding()
            ? Purpose.RETRANSMIT
            : sender.stalled() && !table.link().congested() ? Purpose.PROBE : Purpose.IDLE;
    if (purpose == Purpose.PROBE && wanted == Purpose.RETRANSMIT) {
      // The window is open again: the long waits between probes are over.
      sender.rtt.progressed();
    }
    if (wanted != purpose || progress && wanted != Purpose.IDLE) {
      set(wanted, wanted == Purpose.IDLE ? IDLE : sender.rtt.timeout());
    }
  }

  /** Both ends are done: the guest may have missed our last acknowledgment. */
  void linger() {
    deadline.set(table.deadlines(), table.now() + TIME_WAIT);
  }

  private void expired() {
    switch (connection.state()) {
      case TIME_WAIT -> connection.forget();
      case SYN_SENT, SYN_RECEIVED -> {
        if (++attempts > MOST_HANDSHAKES) {
          connection.abandon();
          return;
        }
        connection.sender().rtt.expired();
        connection.sendSyn();
        handshake();
      }
      case OPEN -> expiredOpen();
      case CONNECTING, CLOSED -> {
        // No timer is set.
      }
    }
  }

  private void expiredOpen() {
    TcpSender sender = connection.sender();
    if (purpose == Purpose.RETRANSMIT && table.link().congested()) {
      // Nothing is lost: the card has no room for it.
      set(purpose, sender.rtt.timeout());
      return;
    }
    long idle = table.now() - lastHeard;
    if (purpose == Purpose.IDLE && idle < IDLE) {
      set(purpose, IDLE - idle);
      return;
    }
    int most =
        switch (purpose) {
          case RETRANSMIT -> MOST_RETRANSMISSIONS;
          case PROBE -> MOST_PROBES;
          default -> MOST_KEEPALIVES;
        };
    if (++attempts > most) {
      connection.resetGuest();
      return;
    }
    switch (purpose) {
      case RETRANSMIT -> {
        sender.expired();
        set(sender.outstanding() ? Purpose.RETRANSMIT : Purpose.PROBE, sender.rtt.timeout());
      }
      case PROBE -> {
        sender.rtt.expired();
        probe(sender);
        set(Purpose.PROBE, sender.rtt.timeout());
      }
      default -> {
        probe(sender);
        set(Purpose.IDLE, KEEPALIVE);
      }
    }
  }

  /** A number that was acknowledged already: the answer tells the window, and that there is one. */
  private void probe(TcpSender sender) {
    connection.output().acknowledge(sender.unacknowledged() - 1);
  }

  void cancel() {
    deadline.cancel();
  }
}

package org.wardian.libvirt.rpc;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import org.wardian.libvirt.wire.keepalive.KeepaliveProgram;

/**
 * A connection to a peer, on either side: one thread {@linkplain #receive receives}, any may send.
 * Keepalive messages are answered here and never seen above.
 */
public final class MessageConnection implements AutoCloseable {
  /** Why a connection ended; the numbers of {@code ConnectCloseReason}. */
  public enum Ending {
    /** It broke, or the peer sent what is no message. */
    ERROR,
    /** The peer closed it. */
    EOF,
    /** The peer did not answer. */
    KEEPALIVE,
    /** This side closed it. */
    CLIENT
  }

  /** How long a peer may take to read the last messages. */
  private static final Duration FAREWELL = Duration.ofSeconds(10);

  private static final Duration MOMENT = Duration.ofSeconds(1);

  private final Outbox outbox;
  private final Keepalive keepalive = new Keepalive(this);
  private volatile Transport transport;
  private MessageReader reader;
  private Runnable whenClosed = () -> {};
  private Ending ending;
  private String cause = "";

  /** Over a connected transport, which it owns. */
  public MessageConnection(Transport transport) {
    this.transport = transport;
    reader = new MessageReader(transport);
    outbox = new Outbox(transport, () -> close(Ending.ERROR, "its side cannot be written to"));
  }

  /** Who is at the other end. */
  public Peer peer() {
    return transport.peer();
  }

  /** Whether files can be passed. */
  public boolean passesDescriptors() {
    return transport.passesDescriptors();
  }

  /**
   * Calls {@code action} once when the connection ends, on the thread that ends it; at once, where
   * it has ended.
   */
  public void whenClosed(Runnable action) {
    synchronized (this) {
      if (ending == null) {
        Runnable before = whenClosed;
        whenClosed =
            () -> {
              before.run();
              action.run();
            };
        return;
      }
    }
    action.run();
  }

  /**
   * Waits for a message other than keepalive. One thread does this.
   *
   * @return the message; null when the connection has ended, whichever way: {@link #ending()}
   */
  public Message receive() {
    try {
      while (true) {
        Message message = reader.next();
        if (message == null) {
          close(Ending.EOF, "it closed the connection");
          return null;
        }
        keepalive.heard();
        if (message.header().program() != KeepaliveProgram.NUMBER) {
          return message;
        }
        message.closeDescriptors();
        answer(message.header());
      }
    } catch (IOException e) {
      close(Ending.ERROR, e.getMessage());
      return null;
    }
  }

  private void answer(Header header) {
    if (header.procedure() == KeepaliveProgram.PING.number()
        && header.messageType() == MessageType.EVENT
        && !outbox.offer(Keepalive.message(KeepaliveProgram.PONG.number()))) {
      close(Ending.ERROR, "it asks without reading the answers");
    }
  }

  /**
   * Sends a message, and waits while the peer is behind.
   *
   * @throws IOException when the connection is gone
   */
  public void send(Frame frame) throws IOException {
    outbox.send(frame);
  }

  /** Sends a message soon; false, and not sent, when the peer is far behind or gone. */
  public boolean offer(Frame frame) {
    return outbox.offer(frame);
  }

  /**
   * Asks the peer from now on after some silence whether it is there.
   *
   * @param interval silence, more than 0
   * @param count questions in a row that may stay without an answer
   */
  public void keepAlive(Duration interval, int count) {
    synchronized (this) {
      if (ending == null) {
        keepalive.start(interval, count);
      }
    }
  }

  /** Asks no more whether the peer is there. */
  public void stopKeepAlive() {
    keepalive.stop();
  }

  /** Says whether the receiving thread leaves messages unread, which is not the peer's fault. */
  public void pauseReceiving(boolean pausing) {
    keepalive.pause(pausing);
  }

  /**
   * Puts all later bytes through a layer. To be called by the receiving thread when nothing is in
   * flight.
   */
  public void secure(SecurityLayer layer) {
    Transport layered = new LayeredTransport(transport, layer, reader.leftOver());
    transport = layered;
    reader = new MessageReader(layered);
    outbox.replace(layered);
  }

  /** Sends what was queued and then closes; a peer that does not read has ten seconds. */
  public void finish() {
    ScheduledFuture<?> farewell = Keepalive.later(() -> close(Ending.CLIENT, "closed"), FAREWELL);
    whenClosed(() -> farewell.cancel(false));
    outbox.finish();
  }

  /** Closes in a moment, when what was just answered has been read, or not. */
  public void closeSoon() {
    ScheduledFuture<?> end = Keepalive.later(() -> close(Ending.CLIENT, "closed"), MOMENT);
    whenClosed(() -> end.cancel(false));
  }

  @Override
  public void close() {
    close(Ending.CLIENT, "closed here");
  }

  /**
   * Closes, at once.
   *
   * @param why the first one counts
   * @param words for a person
   */
  public void close(Ending why, String words) {
    Runnable action;
    synchronized (this) {
      if (ending != null) {
        return;
      }
      ending = why;
      cause = words == null ? "" : words;
      action = whenClosed;
      keepalive.stop();
    }
    outbox.close();
    transport.close();
    action.run();
  }

  /** Why it ended; null while it lasts. */
  public synchronized Ending ending() {
    return ending;
  }

  /** Why it ended, in words. */
  public synchronized String cause() {
    return cause;
  }
}

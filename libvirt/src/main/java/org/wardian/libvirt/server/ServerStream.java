package org.wardian.libvirt.server;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.Frame;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.rpc.Message;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.rpc.MessageType;
import org.wardian.libvirt.rpc.StreamFrames;
import org.wardian.libvirt.rpc.StreamInbox;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.xdr.XdrException;
import org.wardian.libvirt.xdr.XdrReader;

/**
 * The daemon's end of a stream. One thread may send while another receives. What the client sends
 * faster than it is taken slows that client down; a body that takes nothing for half a minute while
 * more comes loses the stream, since nothing else of that client is read meanwhile.
 */
public final class ServerStream {
  private static final int INBOX = 1 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** How the client has ended the stream. */
  private enum ClientEnd {
    NOT,
    FINISHED,
    ABORTED,
    GONE
  }

  private final MessageConnection connection;
  private final Header call;
  private final StreamFrames frames;
  private final Runnable over;
  private final StreamInbox inbox = new StreamInbox(INBOX);
  private final List<Runnable> whenEnded = new ArrayList<>();
  private ClientEnd clientEnd = ClientEnd.NOT;
  private boolean bodyEnded;
  private boolean closed;
  private boolean dataEnded;

  /**
   * For a call.
   *
   * @param over called once when no message belongs to the stream any more
   */
  ServerStream(MessageConnection connection, Header call, Runnable over) {
    this.connection = connection;
    this.call = call;
    this.over = over;
    frames = new StreamFrames(call);
  }

  /** Whether a message belongs to it. */
  boolean has(Header header) {
    return header.program() == call.program() && header.procedure() == call.procedure();
  }

  /**
   * Waits for what the client sends.
   *
   * @return bytes, a hole, or the client's end
   * @throws IOException when the client aborted the stream or is gone
   */
  public StreamItem receive() throws IOException {
    return inbox.take();
  }

  /**
   * Sends bytes, and waits while the client is behind.
   *
   * @throws IOException when the client has ended the stream or is gone
   */
  public void send(byte[] from, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, from.length);
    for (int done = 0; done < length; done += Frame.STREAM_BYTES) {
      requireOpen();
      int count = Math.min(length - done, Frame.STREAM_BYTES);
      connection.send(frames.data(from, offset + done, count));
    }
  }

  /**
   * Sends zeros without sending them. Only where the client asked for a sparse stream.
   *
   * @throws IOException when the client has ended the stream or is gone
   */
  public void sendHole(long length) throws IOException {
    requireOpen();
    connection.send(frames.hole(length));
  }

  /**
   * Says that no more is sent, while the body still receives.
   *
   * @throws IOException when the client has ended the stream or is gone
   */
  public void endData() throws IOException {
    requireOpen();
    synchronized (this) {
      if (dataEnded) {
        return;
      }
      dataEnded = true;
    }
    connection.send(frames.endOfData());
  }

  private synchronized void requireOpen() throws IOException {
    if (clientEnd != ClientEnd.NOT || closed) {
      throw new IOException("the client has ended the stream");
    }
  }

  /** Calls {@code action} once the client has ended the stream in any way, or at once. */
  public void whenEnded(Runnable action) {
    synchronized (this) {
      if (clientEnd == ClientEnd.NOT && !closed) {
        whenEnded.add(action);
        return;
      }
    }
    action.run();
  }

  /** Runs the body to its end. */
  void run(StreamBody body) {
    try {
      body.run(this);
      ended();
    } catch (LibvirtException e) {
      fail(e);
    } catch (IOException e) {
      ended();
    } catch (RuntimeException | Error e) {
      Session.LOG.log(System.Logger.Level.ERROR, "a stream failed: " + call, e);
      fail(
          new LibvirtException(
              ErrorNumber.INTERNAL_ERROR, ErrorDomain.STREAMS, "the stream failed"));
    }
  }

  /** The body has returned: the client hears of it, or has its own end confirmed. */
  private void ended() {
    boolean confirm;
    boolean tell;
    synchronized (this) {
      bodyEnded = true;
      confirm = clientEnd == ClientEnd.FINISHED || clientEnd == ClientEnd.ABORTED;
      tell = clientEnd == ClientEnd.NOT && !dataEnded;
      dataEnded = true;
    }
    inbox.discard();
    if (confirm) {
      confirm();
    } else if (tell) {
      trySend(frames.endOfData());
    }
  }

  private void confirm() {
    if (close()) {
      trySend(frames.finish());
    }
  }

  private void fail(LibvirtException e) {
    if (close()) {
      try {
        trySend(Frame.of(call.answer(MessageType.STREAM, Header.ERROR), e.details()));
      } catch (XdrException tooLong) {
        connection.close(MessageConnection.Ending.ERROR, tooLong.getMessage());
      }
    }
  }

  private void trySend(Frame frame) {
    try {
      connection.send(frame);
    } catch (IOException gone) {
      end(ClientEnd.GONE);
    }
  }

  /** Takes the stream out of the connection; false where that was done before. */
  private boolean close() {
    List<Runnable> actions;
    synchronized (this) {
      if (closed) {
        return false;
      }
      closed = true;
      actions = List.copyOf(whenEnded);
      whenEnded.clear();
    }
    over.run();
    inbox.fail(new IOException("the stream has ended"));
    actions.forEach(Runnable::run);
    return true;
  }

  /** Takes a message of the client, on the thread that receives. */
  void take(Message message) {
    Header header = message.header();
    if (header.messageType() == MessageType.STREAM_HOLE) {
      hole(message);
    } else if (header.status() == Header.CONTINUE) {
      if (message.payload().length > 0) {
        put(new StreamItem.Data(message.payload()));
      }
    } else if (header.status() == Header.OK) {
      put(new StreamItem.End());
      end(ClientEnd.FINISHED);
    } else {
      inbox.discard();
      end(ClientEnd.ABORTED);
    }
  }

  private void hole(Message message) {
    try {
      XdrReader in = message.reader();
      long length = in.int64("length");
      int flags = in.int32("flags");
      if (length < 0 || flags != 0) {
        throw new XdrException("a hole of " + length + " bytes, flags " + flags);
      }
      put(new StreamItem.Hole(length));
    } catch (XdrException e) {
      fail(new LibvirtException(ErrorNumber.RPC, ErrorDomain.STREAMS, e.getMessage(), e));
    }
  }

  private void put(StreamItem item) {
    synchronized (this) {
      if (bodyEnded || closed || clientEnd != ClientEnd.NOT) {
        return;
      }
    }
    connection.pauseReceiving(true);
    boolean taken = inbox.put(item, PATIENCE);
    connection.pauseReceiving(false);
    if (!taken) {
      fail(
          new LibvirtException(
              ErrorNumber.OPERATION_TIMEOUT,
              ErrorDomain.STREAMS,
              "the stream's data is not taken"));
    }
  }

  /** The client has ended the stream, or is gone. */
  void end(boolean gone) {
    end(gone ? ClientEnd.GONE : ClientEnd.ABORTED);
  }

  private void end(ClientEnd how) {
    boolean confirm;
    List<Runnable> actions;
    synchronized (this) {
      if (clientEnd != ClientEnd.NOT || closed) {
        return;
      }
      clientEnd = how;
      confirm = bodyEnded && how != ClientEnd.GONE;
      actions = List.copyOf(whenEnded);
      whenEnded.clear();
    }
    if (how == ClientEnd.GONE) {
      close();
    } else if (how == ClientEnd.ABORTED) {
      inbox.fail(new IOException("the client aborted the stream"));
    }
    actions.forEach(Runnable::run);
    if (confirm) {
      confirm();
    }
  }
}

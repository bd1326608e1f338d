package org.wardian.libvirt.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
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
import org.wardian.libvirt.wire.remote.ErrorDetails;
import org.wardian.libvirt.xdr.XdrException;
import org.wardian.libvirt.xdr.XdrReader;

/**
 * This side of a stream: a console, a volume's content. One thread may send while another receives.
 * It has to be ended, by {@link #finish()} or by {@link #close()}, which aborts it. What is not
 * taken holds up all else on the connection once 32 MiB of it have come: the protocol has no flow
 * control for a single stream.
 */
public final class ClientStream implements AutoCloseable {
  private static final int INBOX = 32 << 20;
  private static final Duration PATIENCE = Duration.ofDays(365);

  private final MessageConnection connection;
  private final StreamFrames frames;
  private final Runnable over;
  private final StreamInbox inbox = new StreamInbox(INBOX);
  private final Object state = new Object();
  private boolean ending;
  private boolean ended;
  private LibvirtException failure;

  ClientStream(MessageConnection connection, Header call, Runnable over) {
    this.connection = connection;
    frames = new StreamFrames(call.answer(MessageType.CALL, Header.OK));
    this.over = over;
  }

  /**
   * Waits for what the daemon sends.
   *
   * @return bytes, a hole, or the end of data
   * @throws LibvirtException where the stream has failed
   */
  public StreamItem receive() throws LibvirtException {
    try {
      return inbox.take();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** The same, for a time; null when nothing came by then. */
  public StreamItem receive(Duration time) throws LibvirtException {
    try {
      return inbox.poll(time);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private LibvirtException failed(IOException e) {
    synchronized (state) {
      return failure != null
          ? failure
          : new LibvirtException(
              ErrorNumber.INTERNAL_ERROR, ErrorDomain.STREAMS, e.getMessage(), e);
    }
  }

  /**
   * Sends bytes, and waits while the daemon is behind.
   *
   * @throws LibvirtException where the stream has failed or ended
   */
  public void send(byte[] from, int offset, int length) throws LibvirtException {
    Objects.checkFromIndexSize(offset, length, from.length);
    for (int done = 0; done < length; done += Frame.STREAM_BYTES) {
      send(frames.data(from, offset + done, Math.min(length - done, Frame.STREAM_BYTES)));
    }
  }

  /** Sends zeros without sending them; only on a stream that was opened as sparse. */
  public void sendHole(long length) throws LibvirtException {
    send(frames.hole(length));
  }

  private void send(Frame frame) throws LibvirtException {
    synchronized (state) {
      if (failure != null) {
        throw failure;
      }
      if (ending) {
        throw new LibvirtException(
            ErrorNumber.INVALID_STREAM, ErrorDomain.STREAMS, "the stream was ended");
      }
    }
    transmit(frame);
  }

  private void transmit(Frame frame) throws LibvirtException {
    try {
      connection.send(frame);
    } catch (IOException e) {
      lost(e);
      throw failed(e);
    }
  }

  /**
   * Ends the stream well, and waits until the daemon confirms that it has everything.
   *
   * @throws LibvirtException where it has not
   */
  public void finish() throws LibvirtException {
    end(frames.finish());
  }

  private void end(Frame frame) throws LibvirtException {
    synchronized (state) {
      if (ending) {
        return;
      }
      ending = true;
    }
    // What still comes is for nobody.
    inbox.fail(new IOException("the stream was ended"));
    inbox.discard();
    if (!isEnded()) {
      transmit(frame);
    }
    synchronized (state) {
      try {
        while (!ended) {
          state.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (failure != null) {
        throw failure;
      }
    }
  }

  private boolean isEnded() {
    synchronized (state) {
      return ended;
    }
  }

  /** Aborts the stream unless it has ended. */
  @Override
  public void close() {
    try {
      end(frames.abort());
    } catch (LibvirtException e) {
      // Whoever aborts does not ask how it went.
    }
  }

  /** What the daemon sends, as far as the end of data; holes become zeros. */
  public InputStream asInput() {
    return new StreamInput(this);
  }

  /** What the daemon gets; closing it finishes the stream. */
  public OutputStream asOutput() {
    return new StreamOutput(this);
  }

  /** Takes a message, on the thread that receives. */
  void take(Message message) throws XdrException {
    Header header = message.header();
    if (header.messageType() == MessageType.STREAM_HOLE) {
      XdrReader in = message.reader();
      inbox.put(new StreamItem.Hole(in.int64("length")), PATIENCE);
    } else if (header.status() == Header.CONTINUE) {
      inbox.put(
          message.payload().length == 0
              ? new StreamItem.End()
              : new StreamItem.Data(message.payload()),
          PATIENCE);
    } else if (header.status() == Header.OK) {
      inbox.put(new StreamItem.End(), PATIENCE);
      over(null);
    } else {
      over(new LibvirtException(ErrorDetails.read(message.reader())));
    }
  }

  private void over(LibvirtException why) {
    synchronized (state) {
      ended = true;
      if (failure == null) {
        failure = why;
      }
      state.notifyAll();
    }
    over.run();
    if (why != null) {
      inbox.fail(new IOException(why.getMessage(), why));
    }
  }

  /** The connection is gone. */
  void lost(IOException e) {
    over(new LibvirtException(ErrorNumber.INTERNAL_ERROR, ErrorDomain.STREAMS, e.getMessage(), e));
  }
}

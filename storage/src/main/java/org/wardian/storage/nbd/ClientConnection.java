package org.wardian.storage.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One connection to a server, in the transmission phase. Any thread may call; requests of several
 * threads are under way together. Once lost it stays lost.
 */
final class ClientConnection implements AutoCloseable {
  /** Seconds for a server to answer the call, and then to agree. */
  private static final int PATIENCE = 15;

  private final Wire wire;
  private final WireInput input;
  private final ClientAgreement agreement;
  private final ReplyReader reader;
  private final AtomicLong handles = new AtomicLong();
  private final Map<Long, Call> calls = new ConcurrentHashMap<>();
  private final ReentrantLock sending = new ReentrantLock();
  private final ByteBuffer head = ByteBuffer.allocateDirect(Protocol.REQUEST_BYTES);

  /** Why there is no connection any more, or null. */
  private volatile IOException end;

  private ClientConnection(Wire wire, WireInput input, ClientAgreement agreement) {
    this.wire = wire;
    this.input = input;
    this.agreement = agreement;
    reader = new ReplyReader(input, agreement, calls);
  }

  /**
   * Connects and agrees on the export.
   *
   * @param context a metadata context that is of use, if the server has it
   * @throws IOException where there is no server, or it refuses; the message does not name the URI
   */
  static ClientConnection open(NbdUri uri, String context) throws IOException {
    ClientConnection connection =
        open(new ChannelWire(connected(uri.address())), uri.export(), context);
    Thread.ofPlatform().daemon().name("nbd " + uri).start(connection::receive);
    return connection;
  }

  /** Agrees on an export over a wire, which is closed where that fails; nobody reads then yet. */
  static ClientConnection open(Wire wire, String export, String context) throws IOException {
    CompletableFuture<Void> agreed = new CompletableFuture<>();
    agreed
        .orTimeout(PATIENCE, TimeUnit.SECONDS)
        .exceptionally(late -> {
          wire.close();
          return null;
        });
    try {
      WireInput input = new WireInput(wire);
      ClientAgreement agreement = new ClientHandshake(wire, input, export).run(context);
      return new ClientConnection(wire, input, agreement);
    } catch (IOException | RuntimeException e) {
      wire.close();
      if (agreed.isCompletedExceptionally()) {
        throw new IOException("the server does not say anything", e);
      }
      throw e;
    } finally {
      agreed.complete(null);
    }
  }

  private static SocketChannel connected(SocketAddress address) throws IOException {
    if (address instanceof InetSocketAddress tcp) {
      if (tcp.isUnresolved()) {
        throw new IOException("there is no host " + tcp.getHostString());
      }
      SocketChannel channel = SocketChannel.open();
      try {
        channel.socket().connect(tcp, (int) TimeUnit.SECONDS.toMillis(PATIENCE));
        return channel;
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    }
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(address);
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  ClientAgreement agreement() {
    return agreement;
  }

  boolean lost() {
    return end != null;
  }

  /** Takes answers until there are none any more; the work of one thread. */
  void receive() {
    IOException cause;
    try {
      while (input.await(Integer.BYTES)) {
        reader.next();
      }
      cause = new EOFException("the server closed the connection");
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      cause = e instanceof IOException failed ? failed : new IOException(e);
    }
    lose(cause);
  }

  private void lose(IOException cause) {
    synchronized (this) {
      if (end == null) {
        end = cause;
      }
    }
    wire.close();
    for (Long handle : calls.keySet()) {
      Call call = calls.remove(handle);
      if (call != null) {
        call.lost(new ConnectionLostException(cause.getMessage(), cause));
      }
    }
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param data what is written, or null; its position stays
   * @throws ConnectionLostException where the connection is lost before the answer has come
   */
  void carryOut(int flags, Call call, ByteBuffer data) throws IOException {
    long handle = handles.incrementAndGet();
    calls.put(handle, call);
    if (end != null) {
      calls.remove(handle);
      throw new ConnectionLostException(end.getMessage(), end);
    }
    try {
      send(flags, call.type, handle, call.offset, call.length, data);
    } catch (IOException e) {
      lose(e);
    }
    call.await();
    if (call.error == Protocol.ESHUTDOWN) {
      IOException closing = new IOException("the server is closing");
      lose(closing);
      throw new ConnectionLostException(closing.getMessage(), closing);
    }
  }

  private void send(int flags, int type, long handle, long offset, long length, ByteBuffer data)
      throws IOException {
    sending.lock();
    try {
      head.clear().putInt(Protocol.REQUEST).putShort((short) flags).putShort((short) type);
      head.putLong(handle).putLong(offset).putInt((int) length).flip();
      if (data == null) {
        wire.write(head);
      } else {
        wire.write(head, data.duplicate());
      }
    } finally {
      sending.unlock();
    }
  }

  /** Takes leave, with nothing under way. */
  @Override
  public void close() {
    if (end == null) {
      try {
        send(0, Protocol.CMD_DISC, 0, 0, 0, null);
      } catch (IOException e) {
        // It is gone already, which is what was wanted.
        wire.close();
      }
    }
    lose(new IOException("the connection was closed"));
  }
}

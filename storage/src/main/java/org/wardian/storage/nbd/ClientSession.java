package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.ReadOnlyImageException;

/**
 * Requests to an export whose server may be lost and come back. A request whose connection is lost
 * is sent again over the next one; that the connection is tried again at once, and until the URI's
 * delay has passed, after which requests fail. A later request tries again.
 */
final class ClientSession implements AutoCloseable {
  /** Between two attempts to connect. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final NbdUri uri;
  private final boolean writable;
  private final String context;
  private final ClientAgreement first;
  private final ReentrantLock connecting = new ReentrantLock();
  private volatile ClientConnection current;
  private volatile boolean closed;

  /** When the last attempt to connect failed, by {@link System#nanoTime}, or 0; and why. */
  private long failedAt;

  private IOException failure;

  private ClientSession(NbdUri uri, boolean writable, String context, ClientConnection connection) {
    this.uri = uri;
    this.writable = writable;
    this.context = context;
    first = connection.agreement();
    current = connection;
  }

  /**
   * Connects.
   *
   * @param context a metadata context that is of use, if the server has it
   * @throws IOException with the URI and the cause
   */
  static ClientSession open(NbdUri uri, boolean writable, String context) throws IOException {
    try {
      ClientConnection connection = ClientConnection.open(uri, context);
      if (writable && connection.agreement().has(Protocol.READ_ONLY)) {
        connection.close();
        throw new ReadOnlyImageException("the server offers it read-only");
      }
      return new ClientSession(uri, writable, context, connection);
    } catch (ReadOnlyImageException e) {
      throw new ReadOnlyImageException(uri + ": " + e.getMessage());
    } catch (IOException e) {
      throw new IOException(uri + ": " + e.getMessage(), e);
    }
  }

  /** What was agreed on with the server, each time alike. */
  ClientAgreement agreement() {
    return first;
  }

  /** The export. */
  NbdUri uri() {
    return uri;
  }

  /** Has a request carried out; its call, which has no error. */
  Call carryOut(int flags, int type, long offset, long length, ByteBuffer target, ByteBuffer data)
      throws IOException {
    long lostAt = 0;
    while (true) {
      Call call = new Call(type, offset, length, target);
      try {
        connection().carryOut(flags, call, data);
      } catch (ConnectionLostException e) {
        long now = System.nanoTime();
        if (lostAt == 0) {
          lostAt = now;
        } else if (now - lostAt >= uri.reconnectDelay().toNanos()) {
          throw new IOException(uri + ": the server was lost: " + e.getMessage(), e);
        }
        continue;
      }
      if (call.error != 0) {
        throw failure(call);
      }
      return call;
    }
  }

  private IOException failure(Call call) {
    String what =
        switch (call.type) {
          case Protocol.CMD_READ -> "read";
          case Protocol.CMD_WRITE -> "write";
          case Protocol.CMD_FLUSH -> "flush";
          case Protocol.CMD_TRIM -> "discard";
          case Protocol.CMD_WRITE_ZEROES -> "write zeroes";
          default -> "look at a range";
        };
    String why =
        switch (call.error) {
          case Protocol.EPERM -> "it is not permitted";
          case Protocol.EIO -> "the server failed";
          case Protocol.ENOSPC -> "the server has no room left";
          case Protocol.EINVAL -> "the server found the request invalid";
          default -> "the server says error " + call.error;
        };
    String words = call.message.isEmpty() ? why : why + " (" + call.message + ")";
    String message = uri + ": cannot " + what + " at offset " + call.offset + ": " + words;
    return switch (call.error) {
      case Protocol.ENOSPC -> new NoSpaceException(message);
      case Protocol.EPERM -> new ReadOnlyImageException(message);
      default -> new IOException(message);
    };
  }

  private ClientConnection connection() throws IOException {
    ClientConnection found = current;
    if (!found.lost()) {
      return found;
    }
    connecting.lock();
    try {
      if (!current.lost()) {
        return current;
      }
      return reconnect();
    } finally {
      connecting.unlock();
    }
  }

  private ClientConnection reconnect() throws IOException {
    long begin = System.nanoTime();
    if (failedAt != 0 && begin - failedAt < PAUSE_NANOS) {
      throw gone(failure);
    }
    while (true) {
      if (closed) {
        throw new IOException(uri + " is closed");
      }
      try {
        ClientConnection found = ClientConnection.open(uri, context);
        checkSame(found);
        current = found;
        failedAt = 0;
        return found;
      } catch (IOException e) {
        failedAt = System.nanoTime();
        failure = e;
        if (failedAt - begin + PAUSE_NANOS > uri.reconnectDelay().toNanos() || !pause()) {
          throw gone(e);
        }
      }
    }
  }

  private static boolean pause() {
    try {
      TimeUnit.NANOSECONDS.sleep(PAUSE_NANOS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private IOException gone(IOException cause) {
    return new IOException(
        uri + ": the server was lost and is not back: " + cause.getMessage(), cause);
  }

  /** A server that came back with another disk would have it mixed with the one we know. */
  private void checkSame(ClientConnection found) throws IOException {
    ClientAgreement now = found.agreement();
    boolean writes = !writable || !now.has(Protocol.READ_ONLY);
    if (now.size() != first.size()
        || !writes
        || now.smallestBlock() > first.smallestBlock()
        || now.largestPayload() < first.largestPayload()
        || (now.flags() & first.flags()) != first.flags()
        || now.contexts().isEmpty() && !first.contexts().isEmpty()) {
      found.close();
      throw new IOException("the server came back with a disk that is not the same");
    }
  }

  @Override
  public void close() {
    closed = true;
    current.close();
  }
}

package org.wardian.storage.nbd;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;

/** A peer that says what it has to say, whatever it hears, and then leaves. */
final class ScriptedWire implements Wire {
  private final ByteBuffer first;
  private final ByteBuffer second;
  private final CountDownLatch heard;
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private volatile boolean closed;

  /**
   * A peer.
   *
   * @param first what it says at once
   * @param second what it says after a number of requests has come
   */
  ScriptedWire(byte[] first, byte[] second, int requests) {
    this.first = ByteBuffer.wrap(first);
    this.second = ByteBuffer.wrap(second);
    heard = new CountDownLatch(requests);
  }

  /** All that was written to it. */
  synchronized byte[] written() {
    return written.toByteArray();
  }

  /** Waits for the requests. */
  void awaitRequests() {
    try {
      heard.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
    ByteBuffer from = first.hasRemaining() || heard.getCount() > 0 ? first : second;
    if (!from.hasRemaining()) {
      return -1;
    }
    int count = Math.min(to.remaining(), from.remaining());
    to.put(from.slice(from.position(), count));
    from.position(from.position() + count);
    return count;
  }

  @Override
  public void write(ByteBuffer... from) throws IOException {
    synchronized (this) {
      for (ByteBuffer each : from) {
        byte[] bytes = new byte[each.remaining()];
        each.get(bytes);
        written.writeBytes(bytes);
        if (bytes.length >= 4 && ByteBuffer.wrap(bytes).getInt() == Protocol.REQUEST) {
          heard.countDown();
        }
      }
    }
    if (closed) {
      throw new IOException("closed");
    }
  }

  @Override
  public void endInput() {
    closed = true;
  }

  @Override
  public void close() {
    closed = true;
  }
}

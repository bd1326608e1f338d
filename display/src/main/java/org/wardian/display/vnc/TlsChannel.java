package org.wardian.display.vnc;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** A channel within TLS. One thread may read while another writes. */
final class TlsChannel implements ByteChannel {
  private final ByteChannel below;
  private final SSLEngine engine;

  /** From the network, as it came; ready to be read. */
  private ByteBuffer encrypted;

  /** From the client; ready to be read. */
  private ByteBuffer plain;

  private final Object writing = new Object();
  private ByteBuffer leaving;
  private boolean agreed;

  /**
   * Makes the channel; {@link #handshake} comes first.
   *
   * @param early what came from {@code below} already
   */
  TlsChannel(ByteChannel below, SSLEngine engine, ByteBuffer early) {
    this.below = below;
    this.engine = engine;
    int packet = engine.getSession().getPacketBufferSize();
    this.encrypted = ByteBuffer.allocate(Math.max(packet, early.remaining())).put(early).flip();
    this.plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).flip();
    this.leaving = ByteBuffer.allocate(packet);
  }

  /** Agrees on keys. */
  void handshake() throws IOException {
    engine.beginHandshake();
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          if (!unwrap()) {
            throw new EOFException("the client left while TLS keys were being agreed on");
          }
        }
        case NEED_WRAP -> wrap(ByteBuffer.allocate(0));
        case NEED_TASK -> tasks();
        case FINISHED, NOT_HANDSHAKING -> {
          agreed = true;
          return;
        }
      }
    }
  }

  private void tasks() {
    Runnable task = engine.getDelegatedTask();
    while (task != null) {
      task.run();
      task = engine.getDelegatedTask();
    }
  }

  /** Takes a record. False at the end of the stream. */
  private boolean unwrap() throws IOException {
    while (true) {
      plain.compact();
      SSLEngineResult result;
      try {
        result = engine.unwrap(encrypted, plain);
      } catch (SSLException e) {
        sendAlert();
        throw e;
      } finally {
        plain.flip();
      }
      switch (result.getStatus()) {
        case OK -> {
          return true;
        }
        case CLOSED -> {
          return false;
        }
        case BUFFER_UNDERFLOW -> {
          encrypted.compact();
          int count;
          try {
            if (!encrypted.hasRemaining()) {
              throw new SSLException("a TLS record that is too long");
            }
            count = below.read(encrypted);
          } finally {
            encrypted.flip();
          }
          if (count < 0) {
            return false;
          }
        }
        case BUFFER_OVERFLOW -> {
          int more = engine.getSession().getApplicationBufferSize();
          plain = ByteBuffer.allocate(plain.remaining() + more).put(plain).flip();
        }
      }
    }
  }

  private void sendAlert() {
    try {
      if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
        wrap(ByteBuffer.allocate(0));
      }
    } catch (IOException e) {
      // The failure that is being told of matters more.
    }
  }

  private void wrap(ByteBuffer from) throws IOException {
    synchronized (writing) {
      while (true) {
        leaving.clear();
        SSLEngineResult result = engine.wrap(from, leaving);
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
          leaving = ByteBuffer.allocate(2 * leaving.capacity());
          continue;
        }
        leaving.flip();
        while (leaving.hasRemaining()) {
          below.write(leaving);
        }
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
          throw new SSLException("TLS was closed");
        }
        return;
      }
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    while (!plain.hasRemaining()) {
      if (!unwrap()) {
        return -1;
      }
      afterwards();
    }
    int count = Math.min(to.remaining(), plain.remaining());
    to.put(plain.slice(plain.position(), count));
    plain.position(plain.position() + count);
    return count;
  }

  /** TLS 1.3 changes keys at times; TLS 1.2 would begin anew, which nobody needs. */
  private void afterwards() throws IOException {
    HandshakeStatus status = engine.getHandshakeStatus();
    if (status == HandshakeStatus.NOT_HANDSHAKING || engine.isInboundDone()) {
      return;
    }
    if (agreed && !engine.getSession().getProtocol().equals("TLSv1.3")) {
      throw new SSLException("the client wants other TLS keys, which is not served");
    }
    if (status == HandshakeStatus.NEED_TASK) {
      tasks();
    } else if (status == HandshakeStatus.NEED_WRAP) {
      wrap(ByteBuffer.allocate(0));
    }
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int count = from.remaining();
    while (from.hasRemaining()) {
      wrap(from);
    }
    return count;
  }

  @Override
  public boolean isOpen() {
    return below.isOpen();
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}

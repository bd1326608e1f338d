package org.wardian.libvirt.rpc;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;

/** A transport whose bytes go through a {@link SecurityLayer}. */
final class LayeredTransport implements Transport {
  private final Transport inner;
  private final SecurityLayer layer;
  private final byte[] ahead;
  private int taken;
  private byte[] plain = new byte[0];
  private int position;

  /**
   * Over another transport.
   *
   * @param ahead protected bytes that were read from it already
   */
  LayeredTransport(Transport inner, SecurityLayer layer, byte[] ahead) {
    this.inner = inner;
    this.layer = layer;
    this.ahead = ahead;
  }

  private int readInner(byte[] into, int offset, int length) throws IOException {
    if (taken == ahead.length) {
      return inner.read(into, offset, length);
    }
    int count = Math.min(length, ahead.length - taken);
    System.arraycopy(ahead, taken, into, offset, count);
    taken += count;
    return count;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    while (position == plain.length) {
      byte[] word = new byte[4];
      int first = readInner(word, 0, 4);
      if (first < 0) {
        return -1;
      }
      fill(word, first);
      int size = java.nio.ByteBuffer.wrap(word).getInt();
      if (size < 0 || size > layer.largest()) {
        throw new ProtocolException("a protected buffer of " + size + " bytes");
      }
      byte[] wrapped = new byte[size];
      fill(wrapped, 0);
      plain = layer.unwrap(wrapped, 0, size);
      position = 0;
    }
    int count = Math.min(length, plain.length - position);
    System.arraycopy(plain, position, into, offset, count);
    position += count;
    return count;
  }

  private void fill(byte[] into, int from) throws IOException {
    int done = from;
    while (done < into.length) {
      int count = readInner(into, done, into.length - done);
      if (count < 0) {
        throw new EOFException("the connection ended within a protected buffer");
      }
      done += count;
    }
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    int most = layer.mostAtOnce();
    for (int done = 0; done < length; done += most) {
      byte[] wrapped = layer.wrap(from, offset + done, Math.min(most, length - done));
      inner.write(wrapped, 0, wrapped.length);
    }
  }

  @Override
  public Peer peer() {
    return inner.peer();
  }

  @Override
  public void close() {
    inner.close();
  }
}

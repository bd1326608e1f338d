package org.wardian.libvirt.client;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;

/** The bytes of a stream, holes as zeros. */
final class StreamInput extends InputStream {
  private final ClientStream stream;
  private byte[] data = {};
  private int position;
  private long zeros;

  StreamInput(ClientStream stream) {
    this.stream = stream;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    while (zeros == 0 && position == data.length) {
      try {
        switch (stream.receive()) {
          case StreamItem.Data more -> {
            data = more.bytes();
            position = 0;
          }
          case StreamItem.Hole hole -> zeros = hole.length();
          case StreamItem.End end -> {
            return -1;
          }
        }
      } catch (LibvirtException e) {
        throw new IOException(e.getMessage(), e);
      }
    }
    if (zeros > 0) {
      int count = (int) Math.min(length, zeros);
      Arrays.fill(into, offset, offset + count, (byte) 0);
      zeros -= count;
      return count;
    }
    int count = Math.min(length, data.length - position);
    System.arraycopy(data, position, into, offset, count);
    position += count;
    return count;
  }

  /** Aborts the stream unless it has ended. */
  @Override
  public void close() {
    stream.close();
  }
}

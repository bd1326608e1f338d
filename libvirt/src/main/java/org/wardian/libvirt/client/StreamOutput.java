package org.wardian.libvirt.client;

import java.io.IOException;
import java.io.OutputStream;
import org.wardian.libvirt.error.LibvirtException;

/** Bytes into a stream. */
final class StreamOutput extends OutputStream {
  private final ClientStream stream;

  StreamOutput(ClientStream stream) {
    this.stream = stream;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    try {
      stream.send(from, offset, length);
    } catch (LibvirtException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Finishes the stream; what cannot be stored is told here. */
  @Override
  public void close() throws IOException {
    try {
      stream.finish();
    } catch (LibvirtException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}

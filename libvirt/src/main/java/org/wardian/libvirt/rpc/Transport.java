package org.wardian.libvirt.rpc;

import java.io.IOException;
import java.util.List;
import org.wardian.host.Descriptor;

/**
 * A pipe of bytes both ways to one peer. One thread reads while another writes; {@link #close()}
 * may be called by any, at any time, and ends what they wait for.
 */
public interface Transport extends AutoCloseable {
  /**
   * Waits for bytes.
   *
   * @return bytes that were read, at least one, or -1 after the last
   * @throws IOException when the connection broke or was closed
   */
  int read(byte[] into, int offset, int length) throws IOException;

  /**
   * Sends all of the bytes, and waits until the peer's side has room for them.
   *
   * @throws IOException when the connection broke or was closed
   */
  void write(byte[] from, int offset, int length) throws IOException;

  /** Whether descriptors can be passed. */
  default boolean passesDescriptors() {
    return false;
  }

  /** Sends a byte that carries a descriptor. */
  default void pass(Descriptor descriptor) throws IOException {
    throw new IOException("descriptors cannot be passed to " + peer().address());
  }

  /**
   * The descriptors that came with the byte at a position, counted from the connection's start.
   * Those that came with bytes before it are closed.
   */
  default List<Descriptor> passedAt(long position) {
    return List.of();
  }

  /** Who is at the other end. */
  Peer peer();

  @Override
  void close();
}

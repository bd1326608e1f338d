package org.wardian.libvirt.rpc;

import java.io.IOException;

/**
 * What a SASL mechanism does to all bytes after it has authenticated (RFC 4422 §3.7). Mechanisms
 * without one, SCRAM among them, need none of this.
 */
public interface SecurityLayer {
  /** Most bytes that are protected at once. */
  int mostAtOnce();

  /** Protects bytes, {@link #mostAtOnce} at most, with the length word that precedes them. */
  byte[] wrap(byte[] from, int offset, int length) throws IOException;

  /** Takes the protection of a buffer away, which came with a length word before it. */
  byte[] unwrap(byte[] from, int offset, int length) throws IOException;

  /** Longest buffer that the peer may send, without the length word. */
  int largest();
}

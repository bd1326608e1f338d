package org.wardian.libvirt.rpc;

import org.wardian.host.PeerCredentials;

/**
 * Who is at the other end of a connection, as far as the transport knows.
 *
 * @param kind how it is reached
 * @param address its address, or a path, for messages
 * @param credentials of a UNIX socket's peer, or null
 * @param distinguishedName of a TLS peer's certificate, or null
 */
public record Peer(
    Kind kind, String address, PeerCredentials credentials, String distinguishedName) {
  /** How a peer is reached. */
  public enum Kind {
    /** A UNIX socket. */
    UNIX,
    /** Plain TCP. */
    TCP,
    /** TLS. */
    TLS,
    /** A UNIX socket of another host, by ssh. */
    SSH
  }

  /** Whether what is sent is readable for others on the way. */
  public boolean isPlain() {
    return kind == Kind.TCP;
  }
}

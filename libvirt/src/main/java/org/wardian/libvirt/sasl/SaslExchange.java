package org.wardian.libvirt.sasl;

import org.wardian.libvirt.rpc.SecurityLayer;

/** One side of an authentication in progress. */
public interface SaslExchange {
  /**
   * Takes what the other side sent.
   *
   * @param data null where it sent nothing, which differs from no bytes
   * @return what to send; null for nothing
   * @throws SaslException it has failed, for good
   */
  byte[] respond(byte[] data) throws SaslException;

  /** Whether it has succeeded. */
  boolean isComplete();

  /** Who has authenticated, once it has succeeded; on the client's side, this user. */
  String user();

  /** What all later bytes go through; null for nothing. */
  default SecurityLayer layer() {
    return null;
  }
}

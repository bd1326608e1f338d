package org.wardian.libvirt.sasl;

import org.wardian.libvirt.rpc.Peer;

/** A way to authenticate, on the daemon's side. */
public interface SaslMechanism {
  /** Its registered name. */
  String name();

  /** Whether it is offered to a client. */
  default boolean isFor(Peer peer) {
    return true;
  }

  /** Begins with one client. */
  SaslExchange begin();
}

package org.wardian.libvirt.sasl;

/** A way to authenticate, on the daemon's side. */
public interface SaslMechanism {
  /** Its registered name. */
  String name();

  /** Begins with one client. */
  SaslExchange begin();
}

package org.wardian.network.nat;

/** Where the guest may connect to by itself. What is forwarded to it works with each. */
public enum Reach {
  /** Wherever the host can, and the host's loopback by the gateway's address. */
  EVERYWHERE,
  /** Only the host's loopback, by the gateway's address. */
  HOST,
  /** Nowhere: restricted mode. */
  NOWHERE
}

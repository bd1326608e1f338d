package org.wardian.network.nat;

/** Where the guest may connect to by itself. What is forwarded to it works with each. */
public enum Reach {
  /** Wherever the host can, and the host's loopback by the gateway's address. */
  EVERYWHERE,
  /** Wherever the host can, but not its loopback: what listens there only, expects no guests. */
  OUTSIDE,
  /** Only the host's loopback, by the gateway's address. */
  HOST,
  /** Nowhere: restricted mode. */
  NOWHERE;

  /** Whether other hosts can be reached. */
  boolean outside() {
    return this == EVERYWHERE || this == OUTSIDE;
  }

  /** Whether the host's loopback can be reached, by the gateway's address. */
  boolean loopback() {
    return this == EVERYWHERE || this == HOST;
  }
}

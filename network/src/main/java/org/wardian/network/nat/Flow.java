package org.wardian.network.nat;

import org.wardian.network.wire.IpAddress;

/**
 * The two ends of a conversation as the guest sees them.
 *
 * @param guest the guest's address
 * @param guestPort the guest's port
 * @param peer the other's address
 * @param peerPort the other's port
 */
record Flow(IpAddress guest, int guestPort, IpAddress peer, int peerPort) {
  @Override
  public int hashCode() {
    long mixed =
        (guest.low() * 31 + guest.high()) * 31
            + (peer.low() * 31 + peer.high()) * 31
            + ((long) guestPort << 16 | peerPort) * 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed ^ mixed >>> 32);
  }
}

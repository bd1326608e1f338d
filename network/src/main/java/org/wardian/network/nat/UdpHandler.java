package org.wardian.network.nat;

import org.wardian.network.wire.IpAddress;

/** A service of the router that guests send datagrams to. */
interface UdpHandler {
  /**
   * Takes a datagram. The bytes are lent for the call.
   *
   * @param station 48 bits of the sender's Ethernet address
   */
  void datagram(
      long station,
      IpAddress source,
      int sourcePort,
      IpAddress destination,
      byte[] bytes,
      int offset,
      int length);
}

package org.wardian.network.nat;

/** A service of the router that guests send datagrams to. */
interface UdpHandler {
  /**
   * Takes a datagram. The bytes are lent for the call.
   *
   * @param flow who sent it, and to whom: a service's address and port
   */
  void datagram(Flow flow, byte[] bytes, int offset, int length);
}

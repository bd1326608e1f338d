/** Networks of guests: user-mode NAT, switches, TAP; Ethernet to TCP. */
module org.wardian.network {
  requires transitive org.wardian.host;

  exports org.wardian.network;
  exports org.wardian.network.capture;
  exports org.wardian.network.filter;
  exports org.wardian.network.hub;
  exports org.wardian.network.nat;
  exports org.wardian.network.rate;
  exports org.wardian.network.tap;
  exports org.wardian.network.wire;
}

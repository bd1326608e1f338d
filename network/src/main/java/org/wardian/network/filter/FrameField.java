package org.wardian.network.filter;

/** What a condition can be about. A value has up to 64 bits, an IP address up to 128. */
enum FrameField {
  /** Destination of the Ethernet frame, 48 bits. */
  DESTINATION_MAC,
  /** Source of the Ethernet frame, 48 bits. */
  SOURCE_MAC,
  /** Type of the Ethernet frame, 16 bits; that of a tagged frame is 0x8100. */
  ETHER_TYPE,
  /** Identifier of the VLAN, 12 bits. */
  VLAN_ID,
  /** Type of what a VLAN tag stands before, 16 bits. */
  VLAN_PROTOCOL,
  /** ARP: kind of hardware. */
  ARP_HARDWARE,
  /** ARP: kind of protocol addresses. */
  ARP_PROTOCOL,
  /** ARP: operation. */
  ARP_OPERATION,
  /** ARP: the sender's Ethernet address. */
  ARP_SOURCE_MAC,
  /** ARP: the target's Ethernet address. */
  ARP_TARGET_MAC,
  /** ARP: the sender's IPv4 address. */
  ARP_SOURCE_IP,
  /** ARP: the target's IPv4 address. */
  ARP_TARGET_IP,
  /** ARP: 1 where both IPv4 addresses are the same. */
  ARP_GRATUITOUS,
  /** 4 or 6, of a packet whose header is sound. */
  IP_VERSION,
  /** Source of the packet; of IPv4 the low 32 bits. */
  SOURCE_IP,
  /** Destination of the packet. */
  DESTINATION_IP,
  /** The protocol within the packet, behind extension headers. */
  IP_PROTOCOL,
  /** Class of the packet: the upper 6 bits of its type of service. */
  DSCP,
  /** The whole type of service, 8 bits. */
  TYPE_OF_SERVICE,
  /** 1 where the packet of IPv6 has an authentication header. */
  AUTHENTICATED,
  /** Source port of TCP, UDP, UDP-Lite, DCCP or SCTP; a later fragment has none. */
  SOURCE_PORT,
  /** Destination port of those. */
  DESTINATION_PORT,
  /** The 8 flags of TCP. */
  TCP_FLAGS,
  /** Options of TCP: one bit for each kind below 64. */
  TCP_OPTIONS,
  /** Type of ICMP. */
  ICMP_TYPE,
  /** Code of ICMP. */
  ICMP_CODE,
  /** Spanning tree: type of the message. */
  STP_TYPE,
  /** Spanning tree: flags. */
  STP_FLAGS,
  /** Spanning tree: priority of the root, 16 bits. */
  STP_ROOT_PRIORITY,
  /** Spanning tree: address of the root. */
  STP_ROOT_MAC,
  /** Spanning tree: cost of the way to the root, 32 bits. */
  STP_ROOT_COST,
  /** Spanning tree: priority of the sender. */
  STP_SENDER_PRIORITY,
  /** Spanning tree: address of the sender. */
  STP_SENDER_MAC,
  /** Spanning tree: port. */
  STP_PORT,
  /** Spanning tree: age of the message. */
  STP_AGE,
  /** Spanning tree: greatest age. */
  STP_MAX_AGE,
  /** Spanning tree: time between greetings. */
  STP_HELLO_TIME,
  /** Spanning tree: delay of forwarding. */
  STP_FORWARD_DELAY,
  /** State of the connection: a bit of {@link ConnectionTable}. */
  CONNECTION_STATE,
  /** 0 where the packet goes the way of the connection's first one, 1 where it goes back. */
  CONNECTION_DIRECTION,
  /** How many connections the packet's source has. */
  CONNECTION_COUNT
}

package org.wardian.virtio.net;

/** Numbers of the network device (virtio 1.2 §5.1). */
final class NetProtocol {
  // Feature bits (§5.1.3). "Guest" is what the driver takes, "host" what the device takes.
  static final long CHECKSUM = 1L << 0;
  static final long GUEST_CHECKSUM = 1L << 1;
  static final long CONTROL_GUEST_OFFLOADS = 1L << 2;
  static final long MTU = 1L << 3;
  static final long MAC = 1L << 5;
  static final long GUEST_TCP4 = 1L << 7;
  static final long GUEST_TCP6 = 1L << 8;
  static final long GUEST_UDP = 1L << 10;
  static final long HOST_TCP4 = 1L << 11;
  static final long HOST_TCP6 = 1L << 12;
  static final long HOST_UDP = 1L << 14;
  static final long MERGEABLE_BUFFERS = 1L << 15;
  static final long STATUS = 1L << 16;
  static final long CONTROL_QUEUE = 1L << 17;
  static final long CONTROL_RECEIVE = 1L << 18;
  static final long CONTROL_VLAN = 1L << 19;
  static final long CONTROL_RECEIVE_EXTRA = 1L << 20;
  static final long ANNOUNCE = 1L << 21;
  static final long MULTI_QUEUE = 1L << 22;
  static final long CONTROL_MAC = 1L << 23;

  // The configuration (§5.1.4).
  static final int CONFIG_MAC = 0;
  static final int CONFIG_STATUS = 6;
  static final int CONFIG_PAIRS = 8;
  static final int CONFIG_MTU = 10;
  static final int CONFIG_LENGTH = 12;

  static final int STATUS_LINK_UP = 1;
  static final int STATUS_ANNOUNCE = 2;

  // The header of each frame (§5.1.6).
  static final int HEADER = 12;
  static final int LEGACY_HEADER = 10;
  static final int FLAGS = 0;
  static final int SEGMENTATION = 1;
  static final int HEADERS_LENGTH = 2;
  static final int SEGMENT_SIZE = 4;
  static final int CHECKSUM_START = 6;
  static final int CHECKSUM_OFFSET = 8;
  static final int BUFFERS = 10;

  static final int NEEDS_CHECKSUM = 1;
  static final int DATA_VALID = 2;

  static final int SEGMENT_NONE = 0;
  static final int SEGMENT_TCP4 = 1;
  static final int SEGMENT_UDP = 3;
  static final int SEGMENT_TCP6 = 4;
  static final int SEGMENT_ECN = 0x80;

  // Commands (§5.1.6.5).
  static final int CLASS_RECEIVE = 0;
  static final int CLASS_MAC = 1;
  static final int CLASS_VLAN = 2;
  static final int CLASS_ANNOUNCE = 3;
  static final int CLASS_PAIRS = 4;
  static final int CLASS_OFFLOADS = 5;

  static final int RECEIVE_PROMISCUOUS = 0;
  static final int RECEIVE_ALL_GROUPS = 1;
  static final int RECEIVE_ALL_STATIONS = 2;
  static final int RECEIVE_NO_GROUPS = 3;
  static final int RECEIVE_NO_STATIONS = 4;
  static final int RECEIVE_NO_BROADCAST = 5;
  static final int MAC_TABLE_SET = 0;
  static final int MAC_ADDRESS_SET = 1;
  static final int VLAN_ADD = 0;
  static final int VLAN_DELETE = 1;
  static final int ANNOUNCE_ACKNOWLEDGED = 0;
  static final int PAIRS_SET = 0;
  static final int OFFLOADS_SET = 0;

  static final int ACKNOWLEDGED = 0;
  static final int REFUSED = 1;

  private NetProtocol() {}
}

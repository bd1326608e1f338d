package org.wardian.virtio;

/** Kinds of devices (virtio 1.2 §5) with their numbers on PCI (§4.1.2). */
public enum DeviceType {
  /** Network card. */
  NETWORK(1, 0x1000, 0x020000),
  /** Disk. */
  BLOCK(2, 0x1001, 0x010000),
  /** Console. */
  CONSOLE(3, 0x1003, 0x078000),
  /** Source of random numbers. */
  ENTROPY(4, 0x1005, 0x00ff00),
  /** Balloon. */
  BALLOON(5, 0x1002, 0x00ff00),
  /** SCSI host. */
  SCSI(8, 0x1004, 0x010000),
  /** 9P file sharing. */
  NINE_P(9, 0x1009, 0x000200),
  /** Keyboard, mouse, tablet. */
  INPUT(18, 0, 0x098000),
  /** Sockets between guest and host. */
  SOCKET(19, 0, 0x078000);

  private final int id;
  private final int transitionalId;
  private final int classCode;

  DeviceType(int id, int transitionalId, int classCode) {
    this.id = id;
    this.transitionalId = transitionalId;
    this.classCode = classCode;
  }

  /** The device ID of the specification. */
  public int id() {
    return id;
  }

  /** PCI device ID of a transitional device; 0 where the kind is younger than those. */
  public int transitionalId() {
    return transitionalId;
  }

  /** PCI device ID of a device without legacy interface. */
  public int modernId() {
    return 0x1040 + id;
  }

  /** PCI class code, 24 bits. */
  public int classCode() {
    return classCode;
  }
}

package org.wardian.virtio.transport;

/** Bits of the device status (virtio 1.2 §2.1). */
final class Status {
  static final int ACKNOWLEDGE = 1;
  static final int DRIVER = 2;
  static final int DRIVER_OK = 4;
  static final int FEATURES_OK = 8;
  static final int NEEDS_RESET = 0x40;
  static final int FAILED = 0x80;

  /** What a driver may write. */
  static final int WRITABLE = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;

  private Status() {}
}

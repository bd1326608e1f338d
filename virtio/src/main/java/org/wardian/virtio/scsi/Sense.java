package org.wardian.virtio.scsi;

/** Sense keys with their additional codes (SPC-3 §4.5); saved by number, so new ones come last. */
enum Sense {
  NONE(0x0, 0x00, 0x00),
  NO_MEDIUM(0x2, 0x3a, 0x00),
  READ_ERROR(0x3, 0x11, 0x00),
  WRITE_ERROR(0x3, 0x0c, 0x00),
  ILLEGAL_OPERATION(0x5, 0x20, 0x00),
  OUT_OF_RANGE(0x5, 0x21, 0x00),
  ILLEGAL_FIELD(0x5, 0x24, 0x00),
  NO_SUCH_UNIT(0x5, 0x25, 0x00),
  ILLEGAL_PARAMETER(0x5, 0x26, 0x00),
  SAVING_NOT_SUPPORTED(0x5, 0x39, 0x00),
  REMOVAL_PREVENTED(0x5, 0x53, 0x02),
  MEDIUM_CHANGED(0x6, 0x28, 0x00),
  RESET(0x6, 0x29, 0x00),
  CAPACITY_CHANGED(0x6, 0x2a, 0x09),
  WRITE_PROTECTED(0x7, 0x27, 0x00),
  SPACE_EXHAUSTED(0x7, 0x27, 0x07),
  UNITS_CHANGED(0x6, 0x3f, 0x0e);

  private static final int FIXED_LENGTH = 18;

  private final int key;
  private final int code;
  private final int qualifier;

  Sense(int key, int code, int qualifier) {
    this.key = key;
    this.code = code;
    this.qualifier = qualifier;
  }

  /** Fixed format, 18 bytes. */
  byte[] data() {
    byte[] data = new byte[FIXED_LENGTH];
    data[0] = 0x70;
    data[2] = (byte) key;
    data[7] = FIXED_LENGTH - 8;
    data[12] = (byte) code;
    data[13] = (byte) qualifier;
    return data;
  }
}

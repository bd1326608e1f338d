package org.wardian.chipset;

/** Sense keys with their additional codes, as an ATAPI drive reports them (MMC-5, annex F). */
enum AtapiSense {
  NONE(0x0, 0x00, 0x00),
  NO_MEDIUM(0x2, 0x3a, 0x00),
  READ_ERROR(0x3, 0x11, 0x00),
  ILLEGAL_OPERATION(0x5, 0x20, 0x00),
  OUT_OF_RANGE(0x5, 0x21, 0x00),
  ILLEGAL_FIELD(0x5, 0x24, 0x00),
  ILLEGAL_TRACK_MODE(0x5, 0x64, 0x00),
  SAVING_NOT_SUPPORTED(0x5, 0x39, 0x00),
  REMOVAL_PREVENTED(0x5, 0x53, 0x02),
  MEDIUM_CHANGED(0x6, 0x28, 0x00),
  RESET(0x6, 0x29, 0x00);

  final int key;
  final int code;
  final int qualifier;

  AtapiSense(int key, int code, int qualifier) {
    this.key = key;
    this.code = code;
    this.qualifier = qualifier;
  }

  /** Fixed format sense data, 18 bytes. */
  byte[] data() {
    byte[] data = new byte[18];
    data[0] = 0x70;
    data[2] = (byte) key;
    data[7] = 10;
    data[12] = (byte) code;
    data[13] = (byte) qualifier;
    return data;
  }
}

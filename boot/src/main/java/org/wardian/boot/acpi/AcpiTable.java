package org.wardian.boot.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A system description table in the making (ACPI specification 6.5, §5.2.6). */
final class AcpiTable {

  static final int HEADER = 36;

  private static final String OEM = "WARDN ";
  private static final String OEM_TABLE = "WARDIAN ";
  private static final String CREATOR = "WARD";
  private static final int LENGTH = 4;
  static final int CHECKSUM = 9;

  private final ByteBuffer bytes;

  /**
   * Starts a table.
   *
   * @param size bytes in all, header included
   */
  AcpiTable(String signature, int revision, int size) {
    bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    ascii(signature);
    u32(size);
    u8(revision);
    u8(0);
    ascii(OEM);
    ascii(OEM_TABLE);
    u32(1);
    ascii(CREATOR);
    u32(1);
  }

  /** A table of which the body exists. */
  static AcpiTable of(String signature, int revision, byte[] body) {
    AcpiTable table = new AcpiTable(signature, revision, HEADER + body.length);
    table.bytes.put(body);
    return table;
  }

  AcpiTable ascii(String text) {
    bytes.put(text.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  AcpiTable u8(int value) {
    bytes.put((byte) value);
    return this;
  }

  AcpiTable u16(int value) {
    bytes.putShort((short) value);
    return this;
  }

  AcpiTable u32(long value) {
    bytes.putInt((int) value);
    return this;
  }

  AcpiTable u64(long value) {
    bytes.putLong(value);
    return this;
  }

  AcpiTable zeros(int count) {
    bytes.put(new byte[count]);
    return this;
  }

  /**
   * A port as a generic address structure (§5.2.3.2).
   *
   * @param bits width of the register block
   * @param access bytes of one access, 1, 2 or 4
   */
  AcpiTable port(int port, int bits, int access) {
    return u8(1).u8(bits).u8(0).u8(access == 1 ? 1 : access == 2 ? 2 : 3).u64(port);
  }

  /** A generic address structure that names nothing. */
  AcpiTable noAddress() {
    return zeros(12);
  }

  /** The finished table, checksum set. */
  byte[] toByteArray() {
    if (bytes.hasRemaining()) {
      throw new IllegalStateException(
          "table of %d bytes is %d short".formatted(bytes.capacity(), bytes.remaining()));
    }
    byte[] table = bytes.array();
    table[CHECKSUM] = 0;
    table[CHECKSUM] = checksum(table, 0, bytes.getInt(LENGTH));
    return table;
  }

  /** The byte that makes the sum of all bytes zero. */
  static byte checksum(byte[] data, int from, int to) {
    int sum = 0;
    for (int i = from; i < to; i++) {
      sum += data[i];
    }
    return (byte) -sum;
  }
}

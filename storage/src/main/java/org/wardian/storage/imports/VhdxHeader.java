package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The header of a VHDX that is current, of the two that it has ([MS-VHDX] §2.2.2).
 *
 * @param sequence the larger of two sound ones wins
 * @param dataIdentifier changes whenever what a reader sees does; children name their parent by it
 * @param logIdentifier of the entries that belong to the log; {@link Guid#NONE} if it is empty
 * @param logPosition byte of the file, a multiple of 1 MiB
 * @param logLength bytes, a multiple of 1 MiB
 */
record VhdxHeader(
    long sequence, UUID dataIdentifier, UUID logIdentifier, long logPosition, long logLength) {
  private static final int BYTES = 4096;
  private static final int SIGNATURE = 0x64616568; // head
  private static final long FIRST = 64 << 10;
  private static final long SECOND = 128 << 10;
  private static final long MIB = 1 << 20;

  /** The log is kept in memory while the image is open. */
  private static final long MOST_LOG = 64 * MIB;

  static VhdxHeader read(ByteSource file) throws IOException {
    VhdxHeader first = sound(file, FIRST);
    VhdxHeader second = sound(file, SECOND);
    if (first == null && second == null) {
      throw new ImportException(
          file.name(), "has no sound VHDX header, neither of the two: it is damaged or cut off");
    }
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    return Long.compareUnsigned(first.sequence, second.sequence) >= 0 ? first : second;
  }

  private static VhdxHeader sound(ByteSource file, long position) throws IOException {
    ByteBuffer bytes = file.structure(position, BYTES, ByteOrder.LITTLE_ENDIAN);
    if (bytes.getInt(0) != SIGNATURE || bytes.getInt(4) != checksum(bytes, 4)) {
      return null;
    }
    int version = Short.toUnsignedInt(bytes.getShort(66));
    if (version != 1) {
      throw new ImportException(file.name(), "is a VHDX image of version " + version + ", not 1");
    }
    UUID log = Guid.read(bytes, 48);
    long length = Integer.toUnsignedLong(bytes.getInt(68));
    long at = bytes.getLong(72);
    if (!log.equals(Guid.NONE)) {
      int logVersion = Short.toUnsignedInt(bytes.getShort(64));
      if (logVersion != 0) {
        throw new ImportException(
            file.name(), "has a log of version " + logVersion + " to replay; only 0 is known");
      }
      if (length % MIB != 0 || length == 0 || length > MOST_LOG || at < MIB || at % MIB != 0) {
        throw new ImportException(
            file.name(),
            "has a log of " + length + " bytes at " + at + " to replay: its header is damaged");
      }
    }
    return new VhdxHeader(bytes.getLong(8), Guid.read(bytes, 32), log, at, length);
  }

  /** CRC-32C of a structure with its own checksum, at {@code at}, taken as zero. */
  static int checksum(ByteBuffer structure, int at) {
    CRC32C crc = new CRC32C();
    crc.update(structure.slice(0, at));
    crc.update(new byte[4]);
    crc.update(structure.slice(at + 4, structure.limit() - at - 4));
    return (int) crc.getValue();
  }
}

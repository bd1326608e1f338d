package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Writes VHDX files by [MS-VHDX], among them differences, which qemu-img does not make. */
final class VhdxBuilder {
  static final int MIB = 1 << 20;
  static final int LOG = MIB;
  private static final int METADATA = 2 * MIB;
  private static final int TABLE = 3 * MIB;
  private static final int FIRST_BLOCK = 4 * MIB;

  private final int length;
  private final int sectorBytes;
  private final UUID dataIdentifier;
  private final Map<String, String> parent = new LinkedHashMap<>();

  VhdxBuilder(int length, int sectorBytes, UUID dataIdentifier) {
    this.length = length;
    this.sectorBytes = sectorBytes;
    this.dataIdentifier = dataIdentifier;
  }

  /** A key and a value of the parent locator. */
  VhdxBuilder parent(String key, String value) {
    parent.put(key, value);
    return this;
  }

  /** The file, with blocks of 1 MiB; see {@link VhdBuilder#build}. */
  byte[] build(byte[] disk, boolean[] present) {
    int blocks = (length + MIB - 1) / MIB;
    int chunkBlocks = (1 << 23) / MIB * sectorBytes;
    if (blocks > chunkBlocks) {
      throw new IllegalArgumentException("more than one chunk");
    }
    ByteBuffer file =
        ByteBuffer.allocate(FIRST_BLOCK + (blocks + 1) * MIB).order(ByteOrder.LITTLE_ENDIAN);
    file.put(0, "vhdxfile".getBytes(StandardCharsets.US_ASCII));
    header(file, 64 << 10, 1, Guid.NONE);
    header(file, 128 << 10, 2, Guid.NONE);
    regions(file, 192 << 10);
    regions(file, 256 << 10);
    metadata(file);

    int bitmap = FIRST_BLOCK;
    int at = FIRST_BLOCK + MIB;
    boolean partial = false;
    for (int block = 0; block < blocks; block++) {
      int sectors = Math.min(MIB, length - block * MIB) / sectorBytes;
      int here = 0;
      for (int i = 0; i < sectors; i++) {
        int sector = block * (MIB / sectorBytes) + i;
        if (present[sector]) {
          here++;
          file.put(bitmap + sector / 8, (byte) (file.get(bitmap + sector / 8) | 1 << sector % 8));
          file.put(at + i * sectorBytes, disk, sector * sectorBytes, sectorBytes);
        }
      }
      if (here > 0) {
        boolean whole = here == sectors;
        partial |= !whole;
        int state = whole ? 6 : 7;
        file.putLong(TABLE + block * 8, (long) (at / MIB) << 20 | state);
        at += MIB;
      }
    }
    if (partial) {
      file.putLong(TABLE + chunkBlocks * 8, (long) (bitmap / MIB) << 20 | 6);
    }
    byte[] bytes = new byte[at];
    file.get(0, bytes);
    return bytes;
  }

  /** Writes a header into a file; with the identifier of a log, the log is to be replayed. */
  void header(ByteBuffer file, int at, long sequence, UUID log) {
    ByteBuffer header = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    header.put(0, "head".getBytes(StandardCharsets.US_ASCII));
    header.putLong(8, sequence);
    guid(header, 16, new UUID(77, 77));
    guid(header, 32, dataIdentifier);
    guid(header, 48, log);
    header.putShort(66, (short) 1).putInt(68, MIB).putLong(72, LOG);
    header.putInt(4, VhdxHeader.checksum(header, 4));
    file.put(at, header, 0, 4096);
  }

  private static void regions(ByteBuffer file, int at) {
    ByteBuffer table = ByteBuffer.allocate(64 << 10).order(ByteOrder.LITTLE_ENDIAN);
    table.put(0, "regi".getBytes(StandardCharsets.US_ASCII)).putInt(8, 2);
    guid(table, 16, VhdxRegions.BLOCK_TABLE);
    table.putLong(32, TABLE).putInt(40, MIB).putInt(44, 1);
    guid(table, 48, VhdxRegions.METADATA);
    table.putLong(64, METADATA).putInt(72, MIB).putInt(76, 1);
    table.putInt(4, VhdxHeader.checksum(table, 4));
    file.put(at, table, 0, 64 << 10);
  }

  private void metadata(ByteBuffer file) {
    file.put(METADATA, "metadata".getBytes(StandardCharsets.US_ASCII));
    file.putShort(METADATA + 10, (short) (parent.isEmpty() ? 5 : 6));
    int data = 64 << 10;
    item(file, 0, VhdxRegions.FILE_PARAMETERS, data, 8);
    file.putInt(METADATA + data, MIB).putInt(METADATA + data + 4, parent.isEmpty() ? 0 : 2);
    item(file, 1, VhdxRegions.DISK_SIZE, data + 8, 8);
    file.putLong(METADATA + data + 8, length);
    item(file, 2, VhdxRegions.LOGICAL_SECTOR, data + 16, 4);
    file.putInt(METADATA + data + 16, sectorBytes);
    item(file, 3, VhdxRegions.PHYSICAL_SECTOR, data + 20, 4);
    file.putInt(METADATA + data + 20, sectorBytes);
    item(file, 4, VhdxRegions.DISK_IDENTIFIER, data + 24, 16);
    guid(file, METADATA + data + 24, new UUID(55, 55));
    if (!parent.isEmpty()) {
      item(file, 5, VhdxRegions.PARENT_LOCATOR, data + 4096, locator(file, METADATA + data + 4096));
    }
  }

  private static void item(ByteBuffer file, int index, UUID identifier, int offset, int length) {
    int at = METADATA + 32 + index * 32;
    guid(file, at, identifier);
    file.putInt(at + 16, offset).putInt(at + 20, length).putInt(at + 24, 6);
  }

  private int locator(ByteBuffer file, int at) {
    guid(file, at, UUID.fromString("b04aefb7-d19e-4a81-b789-25b8e9445913"));
    file.putShort(at + 18, (short) parent.size());
    int text = 20 + 12 * parent.size();
    int entry = at + 20;
    for (Map.Entry<String, String> each : parent.entrySet()) {
      byte[] key = each.getKey().getBytes(StandardCharsets.UTF_16LE);
      byte[] value = each.getValue().getBytes(StandardCharsets.UTF_16LE);
      file.putInt(entry, text).putInt(entry + 4, text + key.length);
      file.putShort(entry + 8, (short) key.length).putShort(entry + 10, (short) value.length);
      file.put(at + text, key).put(at + text + key.length, value);
      text += key.length + value.length;
      entry += 12;
    }
    return text;
  }

  static void guid(ByteBuffer to, int at, UUID identifier) {
    long high = identifier.getMostSignificantBits();
    to.putInt(at, (int) (high >>> 32));
    to.putShort(at + 4, (short) (high >>> 16)).putShort(at + 6, (short) high);
    to.putLong(at + 8, Long.reverseBytes(identifier.getLeastSignificantBits()));
  }

  Path write(Path path, byte[] disk, boolean[] present) throws IOException {
    return Files.write(path, build(disk, present));
  }
}

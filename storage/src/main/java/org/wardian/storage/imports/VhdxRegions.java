package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** The tables that lead to the parts of a VHDX: regions ([MS-VHDX] §2.2.3), metadata (§2.6). */
final class VhdxRegions {
  static final UUID BLOCK_TABLE = UUID.fromString("2dc27766-f623-4200-9d64-115e9bfd4a08");
  static final UUID METADATA = UUID.fromString("8b7ca206-4790-4b9a-b8fe-575f050f886e");

  static final UUID FILE_PARAMETERS = UUID.fromString("caa16737-fa36-4d43-b3b6-33f0aa44e76b");
  static final UUID DISK_SIZE = UUID.fromString("2fa54224-cd1b-4876-b211-5dbed83bf4b8");
  static final UUID DISK_IDENTIFIER = UUID.fromString("beca12ab-b2e6-4523-93ef-c309e000c746");
  static final UUID LOGICAL_SECTOR = UUID.fromString("8141bf1d-a96f-4709-ba47-f233a8faab5f");
  static final UUID PHYSICAL_SECTOR = UUID.fromString("cda348c7-445d-4471-9cc9-e9885251c556");
  static final UUID PARENT_LOCATOR = UUID.fromString("a8d35f2d-b30b-454d-abf7-d3d84834ab0c");

  private static final int TABLE = 64 << 10;
  private static final int SIGNATURE = 0x69676572; // regi
  private static final long METADATA_SIGNATURE = 0x617461646174656dL; // metadata
  private static final int MOST_ENTRIES = 2047;
  private static final long MIB = 1 << 20;
  private static final long[] COPIES = {192 << 10, 256 << 10};

  /** Metadata items are small: a locator with paths is the largest. */
  private static final long MOST_ITEM = 1 << 20;

  /** A range of the file. */
  record Region(long position, long length) {}

  private final ByteSource file;

  VhdxRegions(ByteSource file) {
    this.file = file;
  }

  private ImportException bad(String cause) {
    return new ImportException(file.name(), cause);
  }

  /** The regions by their identifiers; the two that every image has are among them. */
  Map<UUID, Region> regions() throws IOException {
    ByteBuffer table = null;
    for (long copy : COPIES) {
      ByteBuffer bytes = file.structure(copy, TABLE, ByteOrder.LITTLE_ENDIAN);
      if (bytes.getInt(0) == SIGNATURE && bytes.getInt(4) == VhdxHeader.checksum(bytes, 4)) {
        table = bytes;
        break;
      }
    }
    if (table == null) {
      throw bad("has no sound region table, neither of the two: it is damaged");
    }
    int entries = table.getInt(8);
    if (entries < 0 || entries > MOST_ENTRIES) {
      throw bad("claims " + entries + " regions: it is damaged");
    }
    Map<UUID, Region> regions = new HashMap<>();
    for (int i = 0; i < entries; i++) {
      int at = 16 + i * 32;
      UUID identifier = Guid.read(table, at);
      long position = table.getLong(at + 16);
      long length = Integer.toUnsignedLong(table.getInt(at + 24));
      boolean known = identifier.equals(BLOCK_TABLE) || identifier.equals(METADATA);
      if (!known && (table.getInt(at + 28) & 1) != 0) {
        throw bad("needs a region that is not known: " + identifier);
      }
      if (known && (position < MIB || position % MIB != 0 || position > file.size() - length)) {
        throw bad("has a region at byte " + position + ", outside of the file: it is cut off");
      }
      if (known && regions.put(identifier, new Region(position, length)) != null) {
        throw bad("has the region " + identifier + " twice: it is damaged");
      }
    }
    if (regions.size() != 2) {
      throw bad("lacks its block table or its metadata: it is damaged");
    }
    return regions;
  }

  /** The metadata items by their identifiers, those of users left out. */
  Map<UUID, ByteBuffer> metadata(Region region) throws IOException {
    if (region.length() < TABLE) {
      throw bad("has metadata of " + region.length() + " bytes: it is damaged");
    }
    ByteBuffer table = file.structure(region.position(), TABLE, ByteOrder.LITTLE_ENDIAN);
    int entries = Short.toUnsignedInt(table.getShort(10));
    if (table.getLong(0) != METADATA_SIGNATURE || entries > MOST_ENTRIES) {
      throw bad("has a damaged metadata table");
    }
    Map<UUID, ByteBuffer> items = new HashMap<>();
    for (int i = 0; i < entries; i++) {
      int at = 32 + i * 32;
      UUID identifier = Guid.read(table, at);
      long offset = Integer.toUnsignedLong(table.getInt(at + 16));
      long length = Integer.toUnsignedLong(table.getInt(at + 20));
      int flags = table.getInt(at + 24);
      if ((flags & 1) != 0) {
        continue;
      }
      if (!known(identifier)) {
        if ((flags & 4) != 0) {
          throw bad("needs metadata that is not known: " + identifier);
        }
        continue;
      }
      if (length > MOST_ITEM || offset < TABLE || offset + length > region.length()) {
        throw bad("has the metadata " + identifier + " outside of its region: it is damaged");
      }
      items.put(
          identifier,
          file.structure(region.position() + offset, (int) length, ByteOrder.LITTLE_ENDIAN));
    }
    return items;
  }

  private static boolean known(UUID identifier) {
    return identifier.equals(FILE_PARAMETERS)
        || identifier.equals(DISK_SIZE)
        || identifier.equals(DISK_IDENTIFIER)
        || identifier.equals(LOGICAL_SECTOR)
        || identifier.equals(PHYSICAL_SECTOR)
        || identifier.equals(PARENT_LOCATOR);
  }
}

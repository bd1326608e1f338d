package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A hosted sparse extent: grains, found by a directory of tables ("Virtual Disk Format 5.0",
 * 'Hosted Sparse Extents' and 'Stream-Optimized Compressed Sparse Extents').
 */
final class VmdkSparseExtent {
  static final int MAGIC = 0x564d444b;
  private static final int SECTOR = 512;
  private static final int HEADER = 512;

  private static final int NEWLINES_CHECKED = 1;
  private static final int ZERO_GRAINS = 1 << 2;
  private static final int COMPRESSED = 1 << 16;
  private static final int MARKERS = 1 << 17;
  private static final long DIRECTORY_AT_END = -1L;
  private static final int DEFLATE = 1;

  /** Larger uncompressed grains would be no mistake, but nobody makes them. */
  private static final long MOST_GRAIN_SECTORS = 1 << 21;

  /** A compressed grain is unpacked in memory. */
  private static final long MOST_PACKED_GRAIN = 16 << 20;

  private static final int MOST_TABLE_ENTRIES = 1 << 16;

  private final ByteSource file;
  private final TablePages tables;
  private final long sectors;
  private final long grainBytes;
  private final long tableEntries;
  private final long directory;
  private final boolean compressed;
  private final boolean markers;
  private final boolean zeroGrains;
  private final long descriptorSector;
  private final long descriptorSectors;
  private final GrainCache unpacked;

  /** Reads the header, or the footer where the header says that there is one. */
  VmdkSparseExtent(ByteSource file) throws IOException {
    this.file = file;
    ByteBuffer header = file.structure(0, HEADER, ByteOrder.LITTLE_ENDIAN);
    requireHeader(header);
    descriptorSector = header.getLong(28);
    descriptorSectors = header.getLong(36);
    if (header.getLong(56) == DIRECTORY_AT_END) {
      // The last three sectors are the footer's marker, the footer, the end-of-stream marker.
      if (file.size() < 4 * SECTOR) {
        throw bad("ends before its footer: it is cut off; copy it again");
      }
      header = file.structure(file.size() - 2 * SECTOR, HEADER, ByteOrder.LITTLE_ENDIAN);
      if (header.getInt(0) != MAGIC) {
        throw bad("has no footer in its last sectors: it is cut off; copy it again");
      }
      requireHeader(header);
    }
    int flags = header.getInt(8);
    sectors = header.getLong(12);
    long grainSectors = header.getLong(20);
    tableEntries = Integer.toUnsignedLong(header.getInt(44));
    long directorySector = header.getLong(56);
    compressed = (flags & COMPRESSED) != 0;
    markers = (flags & MARKERS) != 0;
    zeroGrains = (flags & ZERO_GRAINS) != 0;
    if (sectors < 0 || sectors > ImportedImage.MOST_BYTES / SECTOR) {
      throw bad("claims " + Long.toUnsignedString(sectors) + " sectors: its header is damaged");
    }
    if (grainSectors < 1 || grainSectors > MOST_GRAIN_SECTORS || Long.bitCount(grainSectors) != 1) {
      throw bad("claims grains of " + grainSectors + " sectors: its header is damaged");
    }
    if (tableEntries < 1 || tableEntries > MOST_TABLE_ENTRIES) {
      throw bad("claims " + tableEntries + " entries a grain table: its header is damaged");
    }
    if (directorySector < 1 || directorySector > file.size() / SECTOR) {
      throw bad("has its grain directory at sector " + directorySector + ", outside of the file");
    }
    grainBytes = grainSectors * SECTOR;
    if (compressed && (header.getShort(77) != DEFLATE || grainBytes > MOST_PACKED_GRAIN)) {
      throw bad(
          "is compressed by algorithm "
              + header.getShort(77)
              + " in grains of "
              + grainBytes
              + " bytes; only deflate, up to 16 MiB, is known");
    }
    directory = directorySector * SECTOR;
    tables = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    unpacked = new GrainCache(this::unpack, (int) Math.min(grainBytes, MOST_PACKED_GRAIN));
  }

  private void requireHeader(ByteBuffer header) throws ImportException {
    int version = header.getInt(4);
    if (header.getInt(0) != MAGIC) {
      throw bad("is not a sparse VMDK extent: it does not begin with KDMV");
    }
    if (version < 1 || version > 3) {
      throw bad("is a sparse VMDK extent of version " + version + "; 1 to 3 are known");
    }
    // A transfer as text changes line ends; then nothing in the file is where it was.
    if ((header.getInt(8) & NEWLINES_CHECKED) != 0 && header.getInt(73) != 0x0a0d200a) {
      throw bad("was damaged by a transfer in text mode; copy it again in binary mode");
    }
  }

  private ImportException bad(String cause) {
    return new ImportException(file.name(), cause);
  }

  /** The name of what the file is, in VMware's words. */
  String kind() {
    return compressed ? "streamOptimized" : "monolithicSparse";
  }

  long sectors() {
    return sectors;
  }

  long grainBytes() {
    return grainBytes;
  }

  ByteSource file() {
    return file;
  }

  /** Whether the descriptor is in the file. */
  boolean hasDescriptor() {
    return descriptorSector != 0 && descriptorSectors != 0;
  }

  VmdkDescriptor descriptor() throws IOException {
    if (descriptorSectors < 0
        || descriptorSectors > VmdkDescriptor.MOST_BYTES / SECTOR
        || descriptorSector < 0
        || descriptorSector > file.size() / SECTOR) {
      throw bad("has its descriptor outside of the file: its header is damaged");
    }
    return VmdkDescriptor.read(file, descriptorSector * SECTOR, (int) descriptorSectors * SECTOR);
  }

  /** Where the bytes of the extent from {@code offset} on are. */
  Piece locate(long offset, long length) throws IOException {
    long grain = offset / grainBytes;
    long skip = offset % grainBytes;
    long count = Math.min(length, grainBytes - skip);
    long table = tables.entry32(directory + grain / tableEntries * 4);
    if (table == 0) {
      // Nothing below this table: the answer holds for all that it covers.
      long covered = grainBytes * tableEntries;
      return new Piece.Absent(Math.min(length, covered - offset % covered));
    }
    long sector = tables.entry32(table * SECTOR + grain % tableEntries * 4);
    if (sector == 0) {
      return new Piece.Absent(count);
    }
    if (sector == 1 && zeroGrains) {
      return new Piece.Zero(count);
    }
    if (compressed) {
      return new Piece.Packed(count, unpacked, grain, (int) skip);
    }
    return new Piece.Stored(count, file, sector * SECTOR + skip);
  }

  /** A grain's bytes: all of them, or as many as the disk has of its last one. */
  private byte[] unpack(long grain) throws IOException {
    long table = tables.entry32(directory + grain / tableEntries * 4);
    long position = tables.entry32(table * SECTOR + grain % tableEntries * 4) * SECTOR;
    long start = grain * (grainBytes / SECTOR);
    long packed = grainBytes + SECTOR;
    if (markers) {
      ByteBuffer marker = file.structure(position, 12, ByteOrder.LITTLE_ENDIAN);
      if (marker.getLong(0) != start) {
        throw bad(
            "the grain at byte "
                + position
                + " says sector "
                + marker.getLong(0)
                + " and not "
                + start);
      }
      packed = Integer.toUnsignedLong(marker.getInt(8));
      position += 12;
    }
    // Deflate grows what it cannot shrink by a few bytes a block only.
    if (packed > grainBytes + grainBytes / 8 + 1024) {
      throw bad("the grain of sector " + start + " has " + packed + " compressed bytes");
    }
    packed = Math.min(packed, file.size() - position);
    if (packed <= 0) {
      throw file.cutOff(position, grainBytes);
    }
    byte[] from = new byte[(int) packed];
    file.read(position, ByteBuffer.wrap(from));
    byte[] grainOfZeroes = new byte[(int) grainBytes];
    long needed = Math.min(grainBytes, (sectors - start) * SECTOR);
    inflate(from, grainOfZeroes, (int) needed, start);
    return grainOfZeroes;
  }

  private void inflate(byte[] from, byte[] to, int needed, long start) throws ImportException {
    try (Inflater inflater = new Inflater()) {
      inflater.setInput(from);
      int done = 0;
      while (done < to.length && !inflater.finished()) {
        int count = inflater.inflate(to, done, to.length - done);
        if (count == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
          break;
        }
        done += count;
      }
      // The checksum behind the data is compared when all has been taken.
      if (done == to.length && !inflater.finished() && inflater.inflate(new byte[1]) > 0) {
        throw bad("the grain of sector " + start + " unpacks to more than a grain");
      }
      if (done < needed) {
        throw bad("the grain of sector " + start + " unpacks to " + done + " bytes only");
      }
    } catch (DataFormatException e) {
      throw bad("the grain of sector " + start + " is damaged: " + e.getMessage());
    }
  }
}

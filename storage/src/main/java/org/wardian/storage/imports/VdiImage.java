package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.wardian.storage.ImageFormat;

/**
 * VirtualBox's VDI: blocks of one size, found by a map of 32-bit entries. The layout is that of
 * VirtualBox's {@code VDIHEADER1} of version 1.1, little-endian.
 */
final class VdiImage extends ImportedImage {
  private static final int HEADER = 512;
  private static final int VERSION = 0x00010001;
  private static final int DYNAMIC = 1;
  private static final int STATIC = 2;
  private static final int DIFFERENCE = 4;

  /** Map entries that are no block's number. */
  private static final long UNALLOCATED = 0xffffffffL;

  private static final long DISCARDED = 0xfffffffeL;

  private final ByteSource file;
  private final TablePages tables;
  private final long mapPosition;
  private final long dataPosition;
  private final long blockBytes;
  private final long blockStride;
  private final long blockExtra;
  private final long blocks;

  private VdiImage(ByteSource file, ByteBuffer header, long length) throws IOException {
    super(ImageFormat.VDI, header.getInt(0x4c) == STATIC ? "static" : "dynamic", length);
    this.file = file;
    this.tables = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    this.mapPosition = Integer.toUnsignedLong(header.getInt(0x154));
    this.dataPosition = Integer.toUnsignedLong(header.getInt(0x158));
    this.blockBytes = Integer.toUnsignedLong(header.getInt(0x178));
    this.blockExtra = Integer.toUnsignedLong(header.getInt(0x17c));
    this.blockStride = blockBytes + blockExtra;
    this.blocks = Integer.toUnsignedLong(header.getInt(0x180));
    if (blockBytes < 512 || blockBytes > 1 << 30 || Long.bitCount(blockBytes) != 1) {
      throw bad("claims blocks of " + blockBytes + " bytes: its header is damaged");
    }
    if (blocks < (length + blockBytes - 1) / blockBytes) {
      throw bad("has " + blocks + " blocks, too few for a disk of " + length + " bytes");
    }
    if (mapPosition % 4 != 0
        || mapPosition > file.size()
        || blocks * 4 > file.size() - mapPosition) {
      throw bad("has its map of blocks outside of the file: it is damaged or cut off");
    }
    detail("block size", blockBytes);
    detail("blocks allocated", Integer.toUnsignedString(header.getInt(0x184)));
    detail("uuid", uuid(header, 0x188));
  }

  /** Takes {@code file} over. */
  static ImportedImage open(ByteSource file) throws IOException {
    ByteBuffer header = file.structure(0, HEADER, ByteOrder.LITTLE_ENDIAN);
    if (header.getInt(0x40) != 0xbeda107f) {
      throw new ImportException(file.name(), "is not a VDI image");
    }
    if (header.getInt(0x44) != VERSION) {
      throw new ImportException(
          file.name(),
          "is a VDI image of version "
              + header.getShort(0x46)
              + "."
              + header.getShort(0x44)
              + "; only 1.1 is known");
    }
    int type = header.getInt(0x4c);
    if (type == DIFFERENCE || type == 3) {
      throw new ImportException(
          file.name(),
          "is a VDI difference image, which names its parent by a number of VirtualBox's registry"
              + " only; 'VBoxManage clonemedium' makes a whole image of it");
    }
    if (type != DYNAMIC && type != STATIC) {
      throw new ImportException(file.name(), "is a VDI image of unknown type " + type);
    }
    long size = header.getLong(0x170);
    if (size <= 0 || size > MOST_BYTES) {
      throw new ImportException(
          file.name(),
          "claims a disk of " + Long.toUnsignedString(size) + " bytes: its header is damaged");
    }
    VdiImage image = new VdiImage(file, header, (size + 511) / 512 * 512);
    image.owns(file);
    return image;
  }

  private ImportException bad(String cause) {
    return new ImportException(file.name(), cause);
  }

  private static UUID uuid(ByteBuffer header, int at) {
    return Guid.read(header, at);
  }

  @Override
  Piece locate(long offset, long length) throws IOException {
    long block = offset / blockBytes;
    long skip = offset % blockBytes;
    long count = Math.min(length, blockBytes - skip);
    long entry = tables.entry32(mapPosition + block * 4);
    if (entry == UNALLOCATED) {
      return new Piece.Absent(count);
    }
    if (entry == DISCARDED) {
      return new Piece.Zero(count);
    }
    if (entry >= blocks) {
      throw bad("block " + block + " is said to be the file's block " + entry + " of " + blocks);
    }
    return new Piece.Stored(count, file, dataPosition + entry * blockStride + blockExtra + skip);
  }
}

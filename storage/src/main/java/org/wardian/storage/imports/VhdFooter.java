package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.UUID;

/**
 * The footer of a VHD ("Virtual Hard Disk Image Format Specification" 1.0, 'Hard Disk Footer
 * Format'), big-endian.
 *
 * @param creator four characters
 * @param header where the dynamic header lies; -1 for a fixed disk
 * @param length bytes of the disk, a multiple of 512
 * @param type {@link #FIXED}, {@link #DYNAMIC} or {@link #DIFFERENCING}
 * @param identifier of this image
 */
record VhdFooter(String creator, long header, long length, int type, UUID identifier) {
  static final int FIXED = 2;
  static final int DYNAMIC = 3;
  static final int DIFFERENCING = 4;

  static final int BYTES = 512;
  private static final long COOKIE = 0x636f6e6563746978L; // conectix
  private static final int CHECKSUM = 64;

  /** The largest geometry: a disk that has it may be larger. */
  private static final long MOST_SECTORS_OF_GEOMETRY = 65535L * 16 * 255;

  /** Those that take the geometry, which is rounded, for the size; all others take the size. */
  private static final Set<String> GEOMETRY_COUNTS = Set.of("vpc ", "qemu");

  /**
   * Whether these are the last 512 bytes of a file of {@code fileSize} bytes that is a fixed VHD.
   */
  static boolean looksLikeFixed(ByteBuffer tail, long fileSize) {
    if (tail.getLong(0) != COOKIE || tail.getInt(60) != FIXED || !sound(tail)) {
      return false;
    }
    long size = tail.getLong(48);
    return size > 0 && size == fileSize - BYTES;
  }

  /** Whether checksum and cookie are right. */
  static boolean sound(ByteBuffer footer) {
    return footer.getLong(0) == COOKIE && footer.getInt(CHECKSUM) == checksum(footer, CHECKSUM);
  }

  /** The ones' complement of the sum of all bytes but the four of the checksum itself. */
  static int checksum(ByteBuffer structure, int at) {
    int sum = 0;
    for (int i = 0; i < structure.limit(); i++) {
      if (i < at || i >= at + 4) {
        sum += structure.get(i) & 0xff;
      }
    }
    return ~sum;
  }

  /** The footer, or its copy at the begin of the file where the footer is damaged. */
  static VhdFooter read(ByteSource file) throws IOException {
    if (file.size() < BYTES) {
      throw new ImportException(file.name(), "is too short for a VHD image");
    }
    ByteBuffer footer = file.structure(file.size() - BYTES, BYTES, ByteOrder.BIG_ENDIAN);
    if (!sound(footer)) {
      footer = file.structure(0, BYTES, ByteOrder.BIG_ENDIAN);
      if (!sound(footer) || footer.getInt(60) == FIXED) {
        throw new ImportException(
            file.name(),
            "has no sound VHD footer at its end nor at its begin: it is damaged or cut off");
      }
    }
    return parse(file.name(), footer);
  }

  private static VhdFooter parse(String name, ByteBuffer footer) throws ImportException {
    byte[] creator = new byte[4];
    footer.get(28, creator);
    String creatorText = new String(creator, StandardCharsets.ISO_8859_1);
    int type = footer.getInt(60);
    if (type != FIXED && type != DYNAMIC && type != DIFFERENCING) {
      throw new ImportException(name, "is a VHD image of unknown type " + type);
    }
    long sectors = (long) footer.getChar(56) * (footer.get(58) & 0xff) * (footer.get(59) & 0xff);
    long size = footer.getLong(48);
    if (size < 0 || size > ImportedImage.MOST_BYTES) {
      throw new ImportException(
          name,
          "claims a disk of " + Long.toUnsignedString(size) + " bytes: its footer is damaged");
    }
    boolean byGeometry =
        GEOMETRY_COUNTS.contains(creatorText) && sectors > 0 && sectors != MOST_SECTORS_OF_GEOMETRY;
    return new VhdFooter(
        creatorText,
        footer.getLong(16),
        byGeometry ? sectors * 512 : size / 512 * 512,
        type,
        new UUID(footer.getLong(68), footer.getLong(76)));
  }
}

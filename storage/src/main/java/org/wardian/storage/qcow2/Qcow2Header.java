package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;

/**
 * The first cluster of a qcow2 image (qcow2 specification, "Header" and "Header extensions").
 * Reading checks every field; writing keeps extensions and additional fields that are not known.
 */
final class Qcow2Header {
  static final int MAGIC = 0x514649fb;
  static final int SIZE_V2 = 72;
  static final int SIZE_V3 = 104;
  static final int SIZE_COMPRESSION = 112;

  /** Where fields lie that are updated on their own. */
  static final int AT_SIZE = 24;

  static final int AT_L1 = 36;
  static final int AT_REFCOUNT_TABLE = 48;
  static final int AT_SNAPSHOTS = 60;
  static final int AT_INCOMPATIBLE = 72;
  static final int AT_AUTOCLEAR = 88;

  static final int MIN_CLUSTER_BITS = 9;
  static final int MAX_CLUSTER_BITS = 21;
  static final int MIN_EXTENDED_CLUSTER_BITS = 14;
  static final int MAX_BACKING_NAME = 1023;

  /** QEMU's limits; beyond them nobody else could read what we write. */
  static final long MAX_L1_BYTES = 32 << 20;

  static final long MAX_REFCOUNT_TABLE_BYTES = 8 << 20;
  static final int MAX_SNAPSHOTS = 65536;

  private static final int END = 0;
  private static final int BACKING_FORMAT = 0xe2792aca;
  private static final int FEATURE_NAMES = 0x6803f857;
  private static final int BITMAPS = 0x23852875;
  private static final int DATA_FILE = 0x44415441;
  private static final int FEATURE_NAME_SIZE = 48;

  /** An extension that is kept as it is. */
  record Unknown(int type, byte[] data) {}

  /** The bitmaps extension. */
  record BitmapsPointer(int count, long directorySize, long directoryOffset) {}

  int version = 3;
  String backing;
  String backingFormat;
  int clusterBits = 16;
  long size;
  int crypt;
  int l1Size;
  long l1Offset;
  long refcountTableOffset;
  int refcountTableClusters;
  int snapshotCount;
  long snapshotsOffset;
  long incompatible;
  long compatible;
  long autoclear;
  int refcountOrder = 4;
  int headerLength = SIZE_COMPRESSION;
  int compression;
  BitmapsPointer bitmaps;
  String dataFile;

  /** Additional fields behind those that are known. */
  byte[] moreFields = new byte[0];

  final List<Unknown> unknown = new ArrayList<>();
  private List<Feature.Name> featureNames = List.of();

  /** Reads and checks the header of an image. */
  static Qcow2Header read(FileStore file) throws IOException {
    ByteBuffer fixed = ByteBuffer.allocate(SIZE_V2);
    file.read(0, fixed);
    int bits = fixed.hasRemaining() ? 0 : fixed.getInt(20);
    int size = bits < MIN_CLUSTER_BITS || bits > MAX_CLUSTER_BITS ? SIZE_V3 : 1 << bits;
    ByteBuffer first = ByteBuffer.allocate(size);
    file.read(0, first);
    return parse(first.flip(), file.path(), file.size());
  }

  /**
   * Parses the beginning of a file.
   *
   * @param bytes up to a cluster's worth, fewer where the file is shorter
   * @param fileSize bytes of the file, for the check of offsets
   */
  static Qcow2Header parse(ByteBuffer bytes, Path path, long fileSize) throws IOException {
    Qcow2Header header = new Qcow2Header();
    if (bytes.remaining() < SIZE_V2 || bytes.getInt(0) != MAGIC) {
      throw new ImageFormatException(
          path + " is no qcow2 image: it does not start with a qcow2 header");
    }
    header.fields(bytes, path);
    header.extensions(bytes, path);
    header.backingName(bytes, path);
    header.check(path, fileSize);
    return header;
  }

  private void fields(ByteBuffer in, Path path) throws ImageFormatException {
    version = in.getInt(4);
    clusterBits = in.getInt(20);
    size = in.getLong(24);
    crypt = in.getInt(32);
    l1Size = in.getInt(36);
    l1Offset = in.getLong(40);
    refcountTableOffset = in.getLong(48);
    refcountTableClusters = in.getInt(56);
    snapshotCount = in.getInt(60);
    snapshotsOffset = in.getLong(64);
    if (version != 2 && version != 3) {
      throw refuse(path, "has version " + (version & 0xffffffffL) + "; 2 and 3 are known");
    }
    if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
      throw refuse(path, "has clusters of 2^" + clusterBits + " bytes; 2^9 to 2^21 are possible");
    }
    headerLength = SIZE_V2;
    if (version == 3) {
      if (in.remaining() < SIZE_V3) {
        throw refuse(path, "is truncated in its header");
      }
      incompatible = in.getLong(72);
      compatible = in.getLong(80);
      autoclear = in.getLong(88);
      refcountOrder = in.getInt(96);
      headerLength = in.getInt(100);
      if (headerLength < SIZE_V3 || headerLength > 1 << clusterBits || headerLength % 8 != 0) {
        throw refuse(path, "has a header of " + (headerLength & 0xffffffffL) + " bytes");
      }
      if (headerLength > in.remaining()) {
        throw refuse(path, "is truncated in its header");
      }
      if (headerLength > SIZE_V3) {
        compression = in.get(104) & 0xff;
      }
      if (headerLength > SIZE_COMPRESSION) {
        moreFields = new byte[headerLength - SIZE_COMPRESSION];
        in.get(SIZE_COMPRESSION, moreFields);
      }
    }
  }

  private void extensions(ByteBuffer in, Path path) throws ImageFormatException {
    long backingOffset = in.getLong(8);
    long end = Math.min(1 << clusterBits, in.remaining());
    if (backingOffset > 0) {
      end = Math.min(end, backingOffset);
    }
    int at = headerLength;
    while (at + 8L <= end) {
      int type = in.getInt(at);
      long length = in.getInt(at + 4) & 0xffffffffL;
      if (type == END) {
        return;
      }
      at += 8;
      if (length > end - at) {
        throw refuse(
            path,
            String.format("has a header extension 0x%08x that leaves the header cluster", type));
      }
      byte[] data = new byte[(int) length];
      in.get(at, data);
      extension(type, data, path);
      at += (int) (length + 7) / 8 * 8;
    }
  }

  private void extension(int type, byte[] data, Path path) throws ImageFormatException {
    switch (type) {
      case BACKING_FORMAT -> backingFormat = new String(data, StandardCharsets.UTF_8);
      case DATA_FILE -> dataFile = new String(data, StandardCharsets.UTF_8);
      case FEATURE_NAMES -> featureNames = names(data);
      case BITMAPS -> {
        if (data.length != 24) {
          throw refuse(path, "has a bitmaps extension of " + data.length + " bytes; 24 are due");
        }
        ByteBuffer in = ByteBuffer.wrap(data);
        bitmaps = new BitmapsPointer(in.getInt(0), in.getLong(8), in.getLong(16));
      }
      default -> unknown.add(new Unknown(type, data));
    }
  }

  private static List<Feature.Name> names(byte[] data) {
    List<Feature.Name> names = new ArrayList<>();
    for (int at = 0; at + FEATURE_NAME_SIZE <= data.length; at += FEATURE_NAME_SIZE) {
      int end = at + 2;
      while (end < at + FEATURE_NAME_SIZE && data[end] != 0) {
        end++;
      }
      String name = new String(data, at + 2, end - at - 2, StandardCharsets.UTF_8);
      names.add(new Feature.Name(data[at] & 0xff, data[at + 1] & 0xff, name));
    }
    return names;
  }

  private void backingName(ByteBuffer in, Path path) throws ImageFormatException {
    long offset = in.getLong(8);
    int length = in.getInt(16);
    if (offset == 0) {
      return;
    }
    if (length <= 0 || length > MAX_BACKING_NAME) {
      throw refuse(path, "has a backing file name of " + (length & 0xffffffffL) + " bytes");
    }
    if (offset < headerLength || offset > Math.min(1 << clusterBits, in.remaining()) - length) {
      throw refuse(path, "has its backing file's name at offset " + offset + ", out of its header");
    }
    byte[] name = new byte[length];
    in.get((int) offset, name);
    backing = new String(name, StandardCharsets.UTF_8);
  }

  private void check(Path path, long fileSize) throws ImageFormatException {
    long unknownBits = incompatible & ~Feature.KNOWN_INCOMPATIBLE;
    if (unknownBits != 0) {
      throw refuse(
          path,
          "uses features that are not known here: "
              + namesOf(unknownBits)
              + "; convert it with the program that made it");
    }
    if (crypt != 0) {
      throw refuse(
          path,
          "is encrypted ("
              + (crypt == 1 ? "AES" : crypt == 2 ? "LUKS" : "method " + crypt)
              + "), which is not supported; decrypt it with qemu-img convert first");
    }
    if (refcountOrder < 0 || refcountOrder > 6) {
      throw refuse(path, "has reference counts of 2^" + refcountOrder + " bits; at most 2^6");
    }
    boolean compressionBit = (incompatible & Feature.COMPRESSION) != 0;
    if (compression > 1 || compressionBit != (compression != 0)) {
      throw refuse(path, "has compression type " + compression + "; zlib and zstd are known");
    }
    if (extendedL2() && clusterBits < MIN_EXTENDED_CLUSTER_BITS) {
      throw refuse(path, "has subclusters in clusters of less than 16 KiB");
    }
    if (size < 0 || size > Long.MAX_VALUE - (1L << MAX_CLUSTER_BITS)) {
      throw refuse(path, "is " + Long.toUnsignedString(size) + " bytes large");
    }
    checkTables(path, fileSize);
  }

  private void checkTables(Path path, long fileSize) throws ImageFormatException {
    if (l1Size < 0 || l1Size > MAX_L1_BYTES / 8) {
      throw refuse(path, "has an L1 table of " + (l1Size & 0xffffffffL) + " entries");
    }
    if (l1Size < l1EntriesFor(size)) {
      throw refuse(path, "has an L1 table too small for its size of " + size + " bytes");
    }
    table(path, "L1 table", l1Offset, l1Size * 8L, fileSize);
    if (refcountTableClusters < 0
        || (long) refcountTableClusters << clusterBits > MAX_REFCOUNT_TABLE_BYTES) {
      throw refuse(
          path, "has a refcount table of " + (refcountTableClusters & 0xffffffffL) + " clusters");
    }
    if (refcountTableClusters == 0 && (incompatible & Feature.DIRTY) == 0) {
      throw refuse(path, "has no refcount table");
    }
    table(
        path,
        "refcount table",
        refcountTableOffset,
        (long) refcountTableClusters << clusterBits,
        Long.MAX_VALUE);
    if (snapshotCount < 0 || snapshotCount > MAX_SNAPSHOTS) {
      throw refuse(path, "has " + (snapshotCount & 0xffffffffL) + " snapshots; 65536 are possible");
    }
    table(path, "snapshot table", snapshotsOffset, snapshotCount, fileSize);
  }

  private void table(Path path, String what, long offset, long bytes, long fileSize)
      throws ImageFormatException {
    if (bytes == 0) {
      return;
    }
    if (offset <= 0 || offset % (1L << clusterBits) != 0 || offset > fileSize - bytes) {
      throw refuse(
          path,
          "has its "
              + what
              + " at offset "
              + Long.toUnsignedString(offset)
              + ", which is not on a cluster's start or behind the file's end");
    }
  }

  private String namesOf(long bits) {
    List<String> names = new ArrayList<>();
    for (int bit = 0; bit < 64; bit++) {
      if ((bits >>> bit & 1) != 0) {
        String name = "bit " + bit;
        for (Feature.Name given : featureNames) {
          if (given.kind() == 0 && given.bit() == bit) {
            name = given.name();
          }
        }
        names.add(name);
      }
    }
    return String.join(", ", names);
  }

  private static ImageFormatException refuse(Path path, String what) {
    return new ImageFormatException(path + " " + what);
  }

  /** Entries that an L1 table needs for a disk of that many bytes. */
  long l1EntriesFor(long bytes) {
    int bits = clusterBits + l2Bits();
    return (bytes >>> bits) + ((bytes & (1L << bits) - 1) == 0 ? 0 : 1);
  }

  /** Log2 of the entries of an L2 table. */
  int l2Bits() {
    return clusterBits - (extendedL2() ? 4 : 3);
  }

  boolean extendedL2() {
    return (incompatible & Feature.EXTENDED_L2) != 0;
  }

  /**
   * The header cluster as bytes, at most a cluster long; what follows is zeroes.
   *
   * @throws ImageFormatException where backing file name and extensions do not fit
   */
  ByteBuffer serialize(Path path) throws ImageFormatException {
    ByteBuffer out = ByteBuffer.allocate(1 << clusterBits);
    try {
      put(out);
    } catch (java.nio.BufferOverflowException | IndexOutOfBoundsException e) {
      throw refuse(
          path,
          "has no room in its header cluster of "
              + (1 << clusterBits)
              + " bytes for the names of its backing and data files");
    }
    return out.rewind();
  }

  private void put(ByteBuffer out) {
    out.putInt(0, MAGIC).putInt(4, version).putInt(20, clusterBits).putLong(24, size);
    out.putInt(32, crypt).putInt(36, l1Size).putLong(40, l1Offset);
    out.putLong(48, refcountTableOffset).putInt(56, refcountTableClusters);
    out.putInt(60, snapshotCount).putLong(64, snapshotsOffset);
    if (version == 3) {
      out.putLong(72, incompatible).putLong(80, compatible).putLong(88, autoclear);
      out.putInt(96, refcountOrder).putInt(100, headerLength);
      if (headerLength > SIZE_V3) {
        out.put(104, (byte) compression);
        out.put(SIZE_COMPRESSION, moreFields);
      }
    }
    out.position(headerLength);
    if (backingFormat != null) {
      extension(out, BACKING_FORMAT, backingFormat.getBytes(StandardCharsets.UTF_8));
    }
    if (dataFile != null) {
      extension(out, DATA_FILE, dataFile.getBytes(StandardCharsets.UTF_8));
    }
    if (bitmaps != null) {
      ByteBuffer data = ByteBuffer.allocate(24).putInt(0, bitmaps.count());
      data.putLong(8, bitmaps.directorySize()).putLong(16, bitmaps.directoryOffset());
      extension(out, BITMAPS, data.array());
    }
    for (Unknown kept : unknown) {
      extension(out, kept.type(), kept.data());
    }
    byte[] name = backing == null ? new byte[0] : backing.getBytes(StandardCharsets.UTF_8);
    int namesSize = 8 + Feature.NAMES.length * FEATURE_NAME_SIZE;
    if (version == 3 && out.remaining() >= namesSize + 8 + name.length) {
      extension(out, FEATURE_NAMES, featureNameTable());
    }
    out.putInt(END).putInt(0);
    if (backing != null) {
      out.putLong(8, out.position()).putInt(16, name.length);
      out.put(name);
    }
  }

  private static void extension(ByteBuffer out, int type, byte[] data) {
    out.putInt(type).putInt(data.length).put(data);
    out.position((out.position() + 7) / 8 * 8);
  }

  private static byte[] featureNameTable() {
    ByteBuffer table = ByteBuffer.allocate(Feature.NAMES.length * FEATURE_NAME_SIZE);
    for (int i = 0; i < Feature.NAMES.length; i++) {
      Feature.Name name = Feature.NAMES[i];
      table.position(i * FEATURE_NAME_SIZE);
      table.put((byte) name.kind()).put((byte) name.bit());
      table.put(name.name().getBytes(StandardCharsets.US_ASCII));
    }
    return table.array();
  }
}

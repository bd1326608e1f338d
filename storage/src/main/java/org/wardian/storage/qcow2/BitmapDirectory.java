package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;

/**
 * The directory of dirty bitmaps (qcow2 specification, "Bitmap directory").
 *
 * @param entries in the order of the file
 */
record BitmapDirectory(List<Entry> entries) {
  static final int IN_USE = 1;
  static final int AUTO = 2;
  static final int EXTRA_COMPATIBLE = 4;

  /** A bitmap whose bits say what was written. */
  static final int DIRTY_TRACKING = 1;

  private static final int FIXED = 24;

  /** QEMU's limits. */
  private static final int MAX_BITMAPS = 65535;

  private static final long MAX_BYTES = 64 << 20;
  private static final int MAX_TABLE = 32 << 20;
  static final int MAX_NAME = 1023;

  /**
   * A bitmap.
   *
   * @param offset of the entry in the directory
   * @param tableOffset where its table lies in the file
   * @param tableSize entries of the table
   * @param granularityBits log2 of the bytes of the disk for each bit
   * @param unknown bytes of an unknown kind, which are kept
   */
  record Entry(
      int offset,
      long tableOffset,
      int tableSize,
      int flags,
      int type,
      int granularityBits,
      String name,
      byte[] unknown) {
    /** How many bytes are of an unknown kind. */
    int extra() {
      return unknown.length;
    }

    /** Whether it can be used: its bits say what was written, and nothing else matters. */
    boolean understood() {
      return type == DIRTY_TRACKING && (extra() == 0 || (flags & EXTRA_COMPATIBLE) != 0);
    }

    /** The same with other flags and another place for its bits. */
    Entry with(int newFlags, long newOffset, int newSize) {
      return new Entry(offset, newOffset, newSize, newFlags, type, granularityBits, name, unknown);
    }

    private int size() {
      return sizeOf(extra(), name.getBytes(StandardCharsets.UTF_8).length);
    }
  }

  static BitmapDirectory read(FileStore file, Qcow2Header header) throws IOException {
    Qcow2Header.BitmapsPointer pointer = header.bitmaps;
    long size = pointer.directorySize();
    long offset = pointer.directoryOffset();
    if (size < FIXED || size > MAX_BYTES || offset <= 0 || offset > file.size() - size) {
      throw bad(file, "of " + size + " bytes at offset " + offset);
    }
    if (pointer.count() < 1 || pointer.count() > MAX_BITMAPS) {
      throw bad(file, "of " + (pointer.count() & 0xffffffffL) + " bitmaps");
    }
    ByteBuffer all = ByteBuffer.allocate((int) size);
    file.readFully(offset, all);
    all.flip();
    List<Entry> entries = new ArrayList<>();
    int at = 0;
    long tables = 0;
    for (int i = 0; i < pointer.count(); i++) {
      Entry entry = entry(file, all, at, 1L << header.clusterBits);
      entries.add(entry);
      tables += entry.tableSize() * 8L;
      if (tables > file.size()) {
        throw bad(file, "whose tables cannot all be in the file");
      }
      at += sizeOf(all.getInt(at + 20), all.getShort(at + 18) & 0xffff);
    }
    if (at != size) {
      throw bad(file, "whose entries end at byte " + at + " of " + size);
    }
    return new BitmapDirectory(entries);
  }

  private static int sizeOf(int extra, int name) {
    return FIXED + extra + name + 7 & ~7;
  }

  /** A directory of these, with each at its place. */
  static BitmapDirectory of(List<Entry> wanted) {
    List<Entry> placed = new ArrayList<>();
    int at = 0;
    for (Entry entry : wanted) {
      placed.add(
          new Entry(
              at,
              entry.tableOffset(),
              entry.tableSize(),
              entry.flags(),
              entry.type(),
              entry.granularityBits(),
              entry.name(),
              entry.unknown()));
      at += entry.size();
    }
    return new BitmapDirectory(placed);
  }

  /** Its bytes as they are in the file. */
  ByteBuffer serialize() {
    int size = entries.stream().mapToInt(Entry::size).sum();
    ByteBuffer out = ByteBuffer.allocate(size);
    for (Entry entry : entries) {
      byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
      out.position(entry.offset()).putLong(entry.tableOffset()).putInt(entry.tableSize());
      out.putInt(entry.flags()).put((byte) entry.type()).put((byte) entry.granularityBits());
      out.putShort((short) name.length).putInt(entry.extra());
      out.put(entry.unknown()).put(name);
    }
    return out.rewind();
  }

  private static Entry entry(FileStore file, ByteBuffer all, int at, long cluster)
      throws ImageFormatException {
    if (all.limit() - at < FIXED) {
      throw bad(file, "with an entry that is cut off at byte " + at);
    }
    int nameSize = all.getShort(at + 18) & 0xffff;
    int extra = all.getInt(at + 20);
    if (nameSize == 0
        || nameSize > MAX_NAME
        || extra < 0
        || extra > MAX_BYTES
        || (FIXED + nameSize + (long) extra + 7 & ~7L) > all.limit() - at) {
      throw bad(file, "with an entry of a wrong size at byte " + at);
    }
    byte[] name = new byte[nameSize];
    all.get(at + FIXED + extra, name);
    byte[] unknown = new byte[extra];
    all.get(at + FIXED, unknown);
    long tableOffset = all.getLong(at);
    int tableSize = all.getInt(at + 8);
    int granularity = all.get(at + 17) & 0xff;
    if (tableSize < 0
        || tableSize > MAX_TABLE / 8
        || tableOffset <= 0
        || tableOffset % cluster != 0
        || granularity > 63) {
      throw bad(file, "with a bitmap that cannot be at byte " + at);
    }
    return new Entry(
        at,
        tableOffset,
        tableSize,
        all.getInt(at + 12),
        all.get(at + 16) & 0xff,
        granularity,
        new String(name, StandardCharsets.UTF_8),
        unknown);
  }

  private static ImageFormatException bad(FileStore file, String what) {
    return new ImageFormatException(file.path() + " is damaged: it has a bitmap directory " + what);
  }
}

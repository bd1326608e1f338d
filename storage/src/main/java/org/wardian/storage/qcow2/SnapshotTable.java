package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;

/**
 * The directory of snapshots (qcow2 specification, "Snapshots").
 *
 * @param entries in the order of the file
 * @param bytes of the table in the file
 */
record SnapshotTable(List<Entry> entries, long bytes) {
  private static final int FIXED = 40;

  /** Bytes of extra data that are understood: sizes of state and disk, instructions executed. */
  private static final int KNOWN_EXTRA = 16;

  /** QEMU's limits. */
  private static final int MAX_EXTRA = 1024;

  private static final long MAX_BYTES = 64 << 20;

  /**
   * A snapshot.
   *
   * @param seconds when it was taken, since 1970
   * @param nanos part of a second
   * @param guestNanos how long the guest had run
   * @param stateSize bytes of the machine's state behind the disk
   * @param diskSize bytes of the disk, or -1 where it is not recorded
   * @param extra what follows the known extra data
   */
  record Entry(
      String id,
      String name,
      long l1Offset,
      int l1Size,
      int seconds,
      int nanos,
      long guestNanos,
      long stateSize,
      long diskSize,
      byte[] extra) {}

  static SnapshotTable read(FileStore file, Qcow2Header header) throws IOException {
    List<Entry> entries = new ArrayList<>();
    long at = header.snapshotsOffset;
    long tables = 0;
    for (int i = 0; i < header.snapshotCount; i++) {
      ByteBuffer fixed = ByteBuffer.allocate(FIXED);
      file.readFully(at, fixed);
      fixed.flip();
      int idSize = fixed.getShort(12) & 0xffff;
      int nameSize = fixed.getShort(14) & 0xffff;
      int extraSize = fixed.getInt(36);
      if (extraSize < 0 || extraSize > MAX_EXTRA) {
        throw bad(file, i, "has " + (extraSize & 0xffffffffL) + " bytes of extra data");
      }
      int l1Size = fixed.getInt(8);
      if (l1Size < 0 || l1Size > Qcow2Header.MAX_L1_BYTES / 8) {
        throw bad(file, i, "has an L1 table of " + (l1Size & 0xffffffffL) + " entries");
      }
      ByteBuffer rest = ByteBuffer.allocate(extraSize + idSize + nameSize);
      file.readFully(at + FIXED, rest);
      rest.flip();
      long state = fixed.getInt(32) & 0xffffffffL;
      if (extraSize >= 8) {
        state = rest.getLong(0);
      }
      long disk = extraSize >= 16 ? rest.getLong(8) : -1;
      byte[] extra = new byte[Math.max(0, extraSize - KNOWN_EXTRA)];
      if (extra.length > 0) {
        rest.get(KNOWN_EXTRA, extra);
      }
      entries.add(
          new Entry(
              text(rest, extraSize, idSize),
              text(rest, extraSize + idSize, nameSize),
              fixed.getLong(0),
              l1Size,
              fixed.getInt(16),
              fixed.getInt(20),
              fixed.getLong(24),
              state,
              disk,
              extra));
      at += FIXED + rest.capacity() + 7 & ~7L;
      tables += l1Size * 8L;
      if (tables > file.size()) {
        throw bad(file, i, "has an L1 table that cannot be in the file beside the others");
      }
      if (at - header.snapshotsOffset > MAX_BYTES) {
        throw bad(file, i, "ends behind the first 64 MiB of the snapshot table");
      }
    }
    return new SnapshotTable(entries, at - header.snapshotsOffset);
  }

  private static String text(ByteBuffer bytes, int at, int size) {
    byte[] text = new byte[size];
    bytes.get(at, text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static ImageFormatException bad(FileStore file, int index, String what) {
    return new ImageFormatException(
        file.path() + " is damaged: entry " + index + " of its snapshot table " + what);
  }

  /** The table as bytes. */
  static ByteBuffer serialize(List<Entry> entries) {
    int size = 0;
    for (Entry entry : entries) {
      size += sizeOf(entry);
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    for (Entry entry : entries) {
      int start = out.position();
      byte[] id = entry.id().getBytes(StandardCharsets.UTF_8);
      byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
      out.putLong(entry.l1Offset()).putInt(entry.l1Size());
      out.putShort((short) id.length).putShort((short) name.length);
      out.putInt(entry.seconds()).putInt(entry.nanos()).putLong(entry.guestNanos());
      out.putInt(entry.stateSize() > 0xffffffffL ? 0 : (int) entry.stateSize());
      out.putInt(KNOWN_EXTRA + entry.extra().length);
      out.putLong(entry.stateSize()).putLong(entry.diskSize()).put(entry.extra());
      out.put(id).put(name);
      out.position(start + sizeOf(entry));
    }
    return out.flip();
  }

  private static int sizeOf(Entry entry) {
    int names =
        entry.id().getBytes(StandardCharsets.UTF_8).length
            + entry.name().getBytes(StandardCharsets.UTF_8).length;
    return FIXED + KNOWN_EXTRA + entry.extra().length + names + 7 & ~7;
  }
}

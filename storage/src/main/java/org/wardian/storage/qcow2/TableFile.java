package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.FileStore;

/** Tables of big-endian 64-bit entries in a file. */
final class TableFile {
  private static final int CHUNK = 64 << 10;

  private TableFile() {}

  /** Reads {@code entries}, all of which the file must have. */
  static long[] read(FileStore file, long offset, int entries) throws IOException {
    // A header may promise more than the file has: the memory is taken after the look.
    if (entries > 0 && offset > file.size() - entries * 8L) {
      throw new java.io.EOFException(
          file.path() + " is truncated: a table of " + entries + " entries at offset " + offset);
    }
    long[] table = new long[entries];
    ByteBuffer chunk = ByteBuffer.allocate(Math.min(CHUNK, entries * 8));
    for (int at = 0; at < entries; at += CHUNK / 8) {
      int count = Math.min(CHUNK / 8, entries - at);
      chunk.clear().limit(count * 8);
      file.readFully(offset + at * 8L, chunk);
      chunk.flip().asLongBuffer().get(table, at, count);
    }
    return table;
  }

  static void write(FileStore file, long offset, long[] table) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(Math.min(CHUNK, table.length * 8));
    for (int at = 0; at < table.length; at += CHUNK / 8) {
      int count = Math.min(CHUNK / 8, table.length - at);
      chunk.clear().limit(count * 8);
      chunk.asLongBuffer().put(table, at, count);
      file.write(offset + at * 8L, chunk);
    }
  }

  static void writeEntry(FileStore file, long offset, long entry) throws IOException {
    file.write(offset, ByteBuffer.allocate(8).putLong(entry).flip());
  }
}

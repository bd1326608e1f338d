package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;

/**
 * Writes a new refcount table with its blocks behind the file's end, from what a walk found, and
 * makes the header name it. What the old ones took is free then.
 */
final class RefcountRebuild {
  private final FileStore file;
  private final Qcow2Header header;
  private final Geometry geometry;
  private final ReferenceMap references;

  RefcountRebuild(FileStore file, Qcow2Header header, ReferenceMap references) {
    this.file = file;
    this.header = header;
    this.geometry = Geometry.of(header);
    this.references = references;
  }

  void run() throws IOException {
    freeOld();
    int bits = geometry.refcountBlockBits();
    long perBlock = 1L << bits;
    long start = geometry.clusters(file.size());
    long size = 1;
    long blocks;
    long tableClusters;
    while (true) {
      long end = Math.max(references.end(), start + size);
      blocks = 0;
      for (long i = 0; i << bits < end; i++) {
        boolean ours = i << bits < start + size && (i + 1) << bits > start;
        if (ours || references.any(i << bits, perBlock)) {
          blocks++;
        }
      }
      tableClusters = geometry.clusters((end + perBlock - 1 >>> bits) * 8);
      if (blocks + tableClusters <= size) {
        break;
      }
      size = blocks + tableClusters;
    }
    if (tableClusters << geometry.clusterBits() > Qcow2Header.MAX_REFCOUNT_TABLE_BYTES) {
      throw new ImageFormatException(
          file.path() + " is too large for a new refcount table; convert it instead");
    }
    for (long cluster = start; cluster < start + size; cluster++) {
      references.set(cluster, 1);
    }
    write(start, size, tableClusters);
  }

  /** The old table and blocks lose the use that the walk counted for them. */
  private void freeOld() throws IOException {
    long bytes = (long) header.refcountTableClusters << geometry.clusterBits();
    if (bytes == 0 || header.refcountTableOffset > file.size() - bytes) {
      return;
    }
    for (long entry : TableFile.read(file, header.refcountTableOffset, (int) (bytes / 8))) {
      if (entry > 0 && (entry & geometry.clusterMask()) == 0) {
        drop(entry >>> geometry.clusterBits());
      }
    }
    long first = header.refcountTableOffset >>> geometry.clusterBits();
    for (long i = 0; i < header.refcountTableClusters; i++) {
      drop(first + i);
    }
  }

  private void drop(long cluster) {
    int users = references.get(cluster);
    if (users > 0) {
      references.set(cluster, users - 1);
    }
  }

  private void write(long start, long size, long tableClusters) throws IOException {
    int bits = geometry.refcountBlockBits();
    long[] table = new long[(int) (tableClusters << geometry.clusterBits() >>> 3)];
    long place = start + tableClusters;
    for (int i = 0; i < table.length; i++) {
      long first = (long) i << bits;
      if (!references.any(first, 1L << bits)) {
        continue;
      }
      byte[] counts = new byte[geometry.clusterSize()];
      for (int j = 0; j < 1 << bits; j++) {
        long users = Math.min(references.get(first + j), geometry.maxRefcount());
        RefcountBlock.set(counts, geometry.refcountOrder(), j, users);
      }
      table[i] = place << geometry.clusterBits();
      file.write(table[i], ByteBuffer.wrap(counts));
      place++;
    }
    if (place > start + size) {
      throw new IllegalStateException("more refcount blocks than were counted");
    }
    long offset = start << geometry.clusterBits();
    TableFile.write(file, offset, table);
    file.flush();
    ByteBuffer fields = ByteBuffer.allocate(12).putLong(offset).putInt((int) tableClusters).flip();
    file.write(Qcow2Header.AT_REFCOUNT_TABLE, fields);
    file.flush();
    header.refcountTableOffset = offset;
    header.refcountTableClusters = (int) tableClusters;
  }
}

package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.wardian.storage.bitmap.RangeBits;

/** The bits of one bitmap in an image's file (qcow2 specification, "Bitmap table"). */
final class BitmapBits {
  private final Qcow2Image image;
  private final long stored;

  /**
   * Clusters that are marked for bitmaps only: a damaged table may name others, which are not for
   * it to give back.
   */
  private final Set<Long> own = new HashSet<>();

  /**
   * The bits of an image's bitmaps.
   *
   * @param fileSize bytes of its file, behind which nothing is stored
   */
  BitmapBits(Qcow2Image image, long fileSize) {
    this.image = image;
    stored = image.geometry.clusters(fileSize);
  }

  /** The bits of an entry, or null where what the file has cannot be they. */
  RangeBits load(BitmapDirectory.Entry entry) throws IOException {
    if (!RangeBits.fits(entry.granularityBits(), image.length())) {
      return null;
    }
    Geometry geometry = image.geometry;
    long stored = RangeBits.storedBytes(entry.granularityBits(), image.length());
    if (geometry.clusters(stored) != entry.tableSize()) {
      return null;
    }
    RangeBits bits = new RangeBits(entry.granularityBits(), image.length());
    long[] table = TableFile.read(image.file, entry.tableOffset(), entry.tableSize());
    ByteBuffer cluster = ByteBuffer.allocate(geometry.clusterSize());
    for (int i = 0; i < table.length; i++) {
      long offset = table[i] & Geometry.OFFSET;
      long first = (long) i << geometry.clusterBits();
      int bytes = (int) Math.min(geometry.clusterSize(), bits.storedBytes() - first);
      if (offset == 0 && (table[i] & 1) == 0) {
        continue;
      }
      if (offset != 0) {
        if ((offset & geometry.clusterMask()) != 0) {
          return null;
        }
        image.file.readFully(offset, cluster.clear().limit(bytes));
      } else {
        Arrays.fill(cluster.array(), (byte) -1);
      }
      for (int at = 0; at < bytes; at++) {
        bits.put(first + at, cluster.get(at));
      }
    }
    return bits;
  }

  /**
   * Writes bits to clusters that had no use.
   *
   * @return the entry with their place
   */
  BitmapDirectory.Entry store(BitmapDirectory.Entry entry, RangeBits bits) throws IOException {
    Geometry geometry = image.geometry;
    long[] table = new long[(int) geometry.clusters(bits.storedBytes())];
    ByteBuffer cluster = ByteBuffer.allocate(geometry.clusterSize());
    for (int i = 0; i < table.length; i++) {
      long first = (long) i << geometry.clusterBits();
      boolean zero = true;
      for (int at = 0; at < geometry.clusterSize(); at++) {
        byte value = bits.get(first + at);
        zero &= value == 0;
        cluster.put(at, value);
      }
      if (!zero) {
        table[i] = row(1);
        image.file.write(table[i], cluster.clear());
      }
    }
    long place = row(Math.max(1, geometry.clusters(table.length * 8L)));
    TableFile.write(image.file, place, table);
    return entry.with(entry.flags(), place, table.length);
  }

  /** Takes clusters in a row for tables; their offset in the file. */
  long row(long clusters) throws IOException {
    ClusterRun run = new ClusterRun();
    image.tables.lock.lock();
    try {
      image.tables.refcounts.allocateRow(clusters, run);
      image.tables.metadata.add(run.first, clusters);
      for (long i = 0; i < clusters; i++) {
        own.add(run.first + i);
      }
    } finally {
      image.tables.lock.unlock();
    }
    return run.first << image.geometry.clusterBits();
  }

  /** Marks what an entry uses: no guest's data may be written there. */
  void mark(BitmapDirectory.Entry entry) throws IOException {
    mark(entry.tableOffset(), entry.tableSize() * 8L);
    for (long used : TableFile.read(image.file, entry.tableOffset(), entry.tableSize())) {
      if ((used & Geometry.OFFSET) != 0) {
        mark(used & Geometry.OFFSET, image.geometry.clusterSize());
      }
    }
  }

  /** Marks a run of bytes of the file. */
  void mark(long offset, long bytes) {
    long first = offset >>> image.geometry.clusterBits();
    long end = Math.min(first + image.geometry.clusters(bytes), stored);
    for (long cluster = first; cluster < end; cluster++) {
      if (!image.tables.metadata.contains(cluster)) {
        image.tables.metadata.add(cluster, 1);
        own.add(cluster);
      }
    }
  }

  /** Gives back what an entry uses. */
  void release(BitmapDirectory.Entry entry) throws IOException {
    long[] old = TableFile.read(image.file, entry.tableOffset(), entry.tableSize());
    for (long used : old) {
      if ((used & Geometry.OFFSET) != 0) {
        release(used & Geometry.OFFSET, image.geometry.clusterSize());
      }
    }
    release(entry.tableOffset(), Math.max(1, entry.tableSize() * 8L));
  }

  /** Gives a run of bytes of the file back. */
  void release(long offset, long bytes) {
    long first = offset >>> image.geometry.clusterBits();
    long count = image.geometry.clusters(bytes);
    image.tables.lock.lock();
    try {
      for (long cluster = first; cluster < first + count; cluster++) {
        if (own.remove(cluster)) {
          image.tables.metadata.remove(cluster, 1);
          image.tables.releaseLater(cluster);
        }
      }
    } finally {
      image.tables.lock.unlock();
    }
  }
}

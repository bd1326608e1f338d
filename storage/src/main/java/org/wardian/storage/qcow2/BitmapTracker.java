package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.ImageFormatException;

/**
 * Keeps the dirty bitmaps of an image right while it is written: before the first write those that
 * are enabled are read and marked as in use, each write sets bits in memory, and closing the image
 * stores them. After a crash the marks tell that the bitmaps are not to be trusted.
 */
public final class BitmapTracker {
  /**
   * A bitmap.
   *
   * @param name unique within the image
   * @param granularity bytes of the disk for each bit
   * @param enabled whether writes are recorded in it
   * @param inconsistent whether it missed writes
   */
  public record Bitmap(String name, long granularity, boolean enabled, boolean inconsistent) {}

  private final Qcow2Image image;
  private final Qcow2Header header;
  private volatile List<DirtyBitmap> tracked = List.of();
  private BitmapDirectory directory;

  BitmapTracker(Qcow2Image image) {
    this.image = image;
    this.header = image.header;
  }

  private boolean valid() {
    return header.bitmaps != null && (header.autoclear & Feature.BITMAPS) != 0;
  }

  /** All bitmaps that the image has. */
  public List<Bitmap> list() throws IOException {
    if (!valid()) {
      return List.of();
    }
    List<Bitmap> all = new ArrayList<>();
    for (BitmapDirectory.Entry entry : BitmapDirectory.read(image.file, header).entries()) {
      boolean inUse = (entry.flags() & BitmapDirectory.IN_USE) != 0;
      boolean held = tracked.stream().anyMatch(bitmap -> bitmap.entry.name().equals(entry.name()));
      all.add(
          new Bitmap(
              entry.name(),
              1L << Math.min(62, entry.granularityBits()),
              (entry.flags() & BitmapDirectory.AUTO) != 0,
              inUse && !held));
    }
    return all;
  }

  /** Before the first write. */
  void begin() throws IOException {
    if (!valid()) {
      return;
    }
    List<DirtyBitmap> loaded = new ArrayList<>();
    long bits = 0;
    try {
      directory = BitmapDirectory.read(image.file, header);
      mark(header.bitmaps.directoryOffset(), header.bitmaps.directorySize());
      for (BitmapDirectory.Entry entry : directory.entries()) {
        mark(entry.tableOffset(), entry.tableSize() * 8L);
        if (tracks(entry)) {
          DirtyBitmap bitmap = bits < DirtyBitmap.MOST ? load(entry) : null;
          if (bitmap != null) {
            bits += bitmap.bytes() * 8;
            loaded.add(bitmap);
          }
          setFlags(entry, entry.flags() | BitmapDirectory.IN_USE);
        }
      }
    } catch (ImageFormatException | java.io.EOFException damaged) {
      // The specification's way to say that the bitmaps are worth nothing.
      header.autoclear &= ~Feature.BITMAPS;
      TableFile.writeEntry(image.file, Qcow2Header.AT_AUTOCLEAR, header.autoclear);
      loaded.clear();
    }
    image.file.flush();
    tracked = loaded;
  }

  private void mark(long offset, long bytes) {
    Geometry geometry = image.geometry;
    image.tables.metadata.addStored(offset >>> geometry.clusterBits(), geometry.clusters(bytes));
  }

  private static boolean tracks(BitmapDirectory.Entry entry) {
    return (entry.flags() & BitmapDirectory.AUTO) != 0
        && (entry.flags() & BitmapDirectory.IN_USE) == 0
        && entry.type() == BitmapDirectory.DIRTY_TRACKING;
  }

  /** The bits of a bitmap, or null where they cannot be followed and are lost. */
  private DirtyBitmap load(BitmapDirectory.Entry entry) throws IOException {
    boolean understood =
        entry.extra() == 0 || (entry.flags() & BitmapDirectory.EXTRA_COMPATIBLE) != 0;
    if (!understood || !DirtyBitmap.fits(entry, image.length())) {
      return null;
    }
    Geometry geometry = image.geometry;
    DirtyBitmap bitmap = new DirtyBitmap(entry, image.length());
    if (geometry.clusters(bitmap.bytes()) != entry.tableSize()) {
      return null;
    }
    long[] table = TableFile.read(image.file, entry.tableOffset(), entry.tableSize());
    ByteBuffer cluster = ByteBuffer.allocate(geometry.clusterSize());
    for (int i = 0; i < table.length; i++) {
      long offset = table[i] & Geometry.OFFSET;
      long first = (long) i << geometry.clusterBits();
      int bytes = (int) Math.min(geometry.clusterSize(), bitmap.bytes() - first);
      if (offset == 0 && (table[i] & 1) == 0) {
        continue;
      }
      if (offset != 0) {
        if ((offset & geometry.clusterMask()) != 0) {
          return null;
        }
        mark(offset, geometry.clusterSize());
        image.file.readFully(offset, cluster.clear().limit(bytes));
      } else {
        java.util.Arrays.fill(cluster.array(), (byte) -1);
      }
      for (int at = 0; at < bytes; at++) {
        bitmap.put(first + at, cluster.get(at));
      }
    }
    return bitmap;
  }

  private void setFlags(BitmapDirectory.Entry entry, int flags) throws IOException {
    ByteBuffer field = ByteBuffer.allocate(4).putInt(flags).flip();
    image.file.write(header.bitmaps.directoryOffset() + entry.offset() + 12, field);
  }

  /** A range is being changed. */
  void changed(long offset, long bytes) {
    List<DirtyBitmap> all = tracked;
    for (int i = 0; i < all.size(); i++) {
      all.get(i).setRange(offset, bytes);
    }
  }

  /** The disk has another size. */
  void resize(long size) {
    List<DirtyBitmap> kept = new ArrayList<>();
    for (DirtyBitmap bitmap : tracked) {
      if (DirtyBitmap.fits(bitmap.entry, size)) {
        bitmap.resize(size);
        kept.add(bitmap);
      }
    }
    tracked = kept;
  }

  /** Brings the bits to the file, each bitmap to new clusters, and says that they are right. */
  void store() throws IOException {
    List<DirtyBitmap> all = tracked;
    if (all.isEmpty()) {
      return;
    }
    List<long[]> tables = new ArrayList<>();
    List<Long> places = new ArrayList<>();
    for (DirtyBitmap bitmap : all) {
      long[] table = storeBits(bitmap);
      tables.add(table);
      places.add(row(image.geometry.clusters(table.length * 8L)));
      TableFile.write(image.file, places.get(places.size() - 1), table);
    }
    image.tables.writeBack(false);
    for (int i = 0; i < all.size(); i++) {
      storeEntry(all.get(i), places.get(i), tables.get(i).length);
    }
    image.file.flush();
    tracked = List.of();
  }

  private long row(long clusters) throws IOException {
    ClusterRun run = new ClusterRun();
    image.tables.lock.lock();
    try {
      image.tables.refcounts.allocateRow(Math.max(1, clusters), run);
    } finally {
      image.tables.lock.unlock();
    }
    return run.first << image.geometry.clusterBits();
  }

  private long[] storeBits(DirtyBitmap bitmap) throws IOException {
    Geometry geometry = image.geometry;
    long[] table = new long[(int) geometry.clusters(bitmap.bytes())];
    ByteBuffer cluster = ByteBuffer.allocate(geometry.clusterSize());
    for (int i = 0; i < table.length; i++) {
      long first = (long) i << geometry.clusterBits();
      boolean zero = true;
      for (int at = 0; at < geometry.clusterSize(); at++) {
        byte value = bitmap.get(first + at);
        zero &= value == 0;
        cluster.put(at, value);
      }
      if (!zero) {
        table[i] = row(1);
        image.file.write(table[i], cluster.clear());
      }
    }
    return table;
  }

  private void storeEntry(DirtyBitmap bitmap, long place, int size) throws IOException {
    BitmapDirectory.Entry entry = bitmap.entry;
    long[] old = TableFile.read(image.file, entry.tableOffset(), entry.tableSize());
    ByteBuffer fields = ByteBuffer.allocate(16).putLong(place).putInt(size);
    fields.putInt(entry.flags() & ~BitmapDirectory.IN_USE).flip();
    image.file.write(header.bitmaps.directoryOffset() + entry.offset(), fields);
    Geometry geometry = image.geometry;
    image.tables.lock.lock();
    try {
      long first = entry.tableOffset() >>> geometry.clusterBits();
      for (long i = 0; i < geometry.clusters(entry.tableSize() * 8L); i++) {
        image.tables.releaseLater(first + i);
      }
      for (long used : old) {
        if ((used & Geometry.OFFSET) != 0) {
          image.tables.releaseLater((used & Geometry.OFFSET) >>> geometry.clusterBits());
        }
      }
    } finally {
      image.tables.lock.unlock();
    }
  }
}

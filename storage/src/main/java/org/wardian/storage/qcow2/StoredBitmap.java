package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.nbd.DirtyBitmapView;

/**
 * A dirty bitmap as it lies in the file of an image that is not being written: clusters of its bits
 * are read when they are asked for, and none is kept but the last.
 */
public final class StoredBitmap implements DirtyBitmapView {
  private final Qcow2Image image;
  private final int shift;
  private final long[] table;
  private final ByteBuffer bits;

  /** The cluster in {@link #bits}, or -1. */
  private long cluster = -1;

  private StoredBitmap(Qcow2Image image, int shift, long[] table) {
    this.image = image;
    this.shift = shift;
    this.table = table;
    bits = ByteBuffer.allocate(image.geometry.clusterSize());
  }

  /**
   * The bitmap of a name.
   *
   * @param image open for reading only
   * @throws IllegalArgumentException where there is none of that name, or it is not to be trusted
   * @throws ImageFormatException where it is damaged
   */
  public static StoredBitmap of(Qcow2Image image, String name) throws IOException {
    if (image.writable()) {
      throw new IllegalArgumentException(
          image + " is open for writing: its bitmaps are shown where it is read only");
    }
    Qcow2Header header = image.header;
    if (header.bitmaps != null && (header.autoclear & Feature.BITMAPS) != 0) {
      for (BitmapDirectory.Entry entry : BitmapDirectory.read(image.file, header).entries()) {
        if (entry.name().equals(name)) {
          return of(image, entry);
        }
      }
    }
    throw new IllegalArgumentException(image + " has no bitmap '" + name + "'");
  }

  private static StoredBitmap of(Qcow2Image image, BitmapDirectory.Entry entry) throws IOException {
    int shift = entry.granularityBits();
    boolean understood =
        entry.extra() == 0 || (entry.flags() & BitmapDirectory.EXTRA_COMPATIBLE) != 0;
    if ((entry.flags() & BitmapDirectory.IN_USE) != 0) {
      throw new IllegalArgumentException(
          "bitmap '" + entry.name() + "' of " + image + " missed writes and is not to be trusted");
    }
    if (!understood || entry.type() != BitmapDirectory.DIRTY_TRACKING || shift < 9 || shift > 31) {
      throw new ImageFormatException(
          "bitmap '" + entry.name() + "' of " + image + " is of an unknown kind");
    }
    long bytes = (image.length() - 1 >> shift) + 8 >> 3;
    if (image.geometry.clusters(bytes) != entry.tableSize()) {
      throw new ImageFormatException(
          "bitmap '" + entry.name() + "' of " + image + " has the bits of a disk of another size");
    }
    long[] table = TableFile.read(image.file, entry.tableOffset(), entry.tableSize());
    return new StoredBitmap(image, shift, table);
  }

  @Override
  public synchronized Run run(long offset, long length) throws IOException {
    boolean dirty = dirty(offset);
    long end = Math.min(offset + length, image.length());
    long at = nextBit(offset, dirty);
    while (at < end && dirty(at) == dirty) {
      at = nextBit(at, dirty);
    }
    return new Run(Math.min(at, end) - offset, dirty);
  }

  /** The next place where the answer may be another one. */
  private long nextBit(long offset, boolean dirty) {
    long byteIndex = offset >> shift >> 3;
    long index = byteIndex >> image.geometry.clusterBits();
    boolean uniform = (table[(int) index] & Geometry.OFFSET) == 0;
    if (uniform) {
      return index + 1 << image.geometry.clusterBits() + 3 + shift;
    }
    byte all = bits.get((int) (byteIndex & image.geometry.clusterMask()));
    boolean same = (offset >> shift & 7) == 0 && all == (byte) (dirty ? -1 : 0);
    return same ? byteIndex + 1 << 3 + shift : (offset >> shift) + 1 << shift;
  }

  private boolean dirty(long offset) throws IOException {
    long bit = offset >> shift;
    int index = (int) (bit >> 3 >> image.geometry.clusterBits());
    long entry = table[index];
    if ((entry & Geometry.OFFSET) == 0) {
      return (entry & 1) != 0;
    }
    if (cluster != index) {
      if ((entry & Geometry.OFFSET & image.geometry.clusterMask()) != 0) {
        throw new ImageFormatException(image + " has bits of a bitmap at a place between clusters");
      }
      cluster = -1;
      image.file.readPadded(entry & Geometry.OFFSET, bits.clear());
      cluster = index;
    }
    byte found = bits.get((int) (bit >> 3 & image.geometry.clusterMask()));
    return (found >>> (int) (bit & 7) & 1) != 0;
  }
}

package org.wardian.storage.qcow2;

import java.io.IOException;
import org.wardian.storage.FileStore;

/**
 * Makes whole clusters (or subclusters) read as zeroes by their entries: write-zeroes and discard.
 * The room that is lost is given back when the change is on stable storage.
 */
final class ZeroWriter {
  /** What is wanted. */
  enum Mode {
    /** Zeroes; the room stays. */
    KEEP,
    /** Zeroes; the room may go. */
    UNMAP,
    /** The room goes; reads as zeroes where that can be said. */
    DISCARD
  }

  private final Qcow2Image image;
  private final Tables tables;
  private final Geometry geometry;
  private final Mapping mapping;
  private final FileStore data;
  private final boolean external;

  ZeroWriter(Qcow2Image image, Tables tables, Mapping mapping, FileStore data) {
    this.image = image;
    this.tables = tables;
    this.geometry = tables.geometry;
    this.mapping = mapping;
    this.data = data;
    external = image.external;
  }

  /**
   * Does the beginning of a range, whose ends are those of granules or of the disk.
   *
   * @return bytes done; 0 after a wait, when all may have changed; negative: so many are to be
   *     written as zeroes instead
   */
  long zero(long offset, long bytes, Mode mode) throws IOException {
    tables.lock.lock();
    try {
      long first = offset >>> geometry.clusterBits();
      int l1Index = (int) (first >>> geometry.l2Bits());
      long toTableEnd = geometry.tableReach() - (offset & geometry.tableReach() - 1);
      if ((Tables.entry(tables.l1(), l1Index) & Geometry.OFFSET) == 0 && !image.backed(offset)) {
        return Math.min(bytes, toTableEnd);
      }
      if (mode == Mode.DISCARD && geometry.version() < 3 && image.backed(offset)) {
        return bytes;
      }
      int index = (int) first & geometry.l2Entries() - 1;
      L2Slice slice = tables.slice(tables.writableTable(l1Index), index);
      int inSlice = index & geometry.sliceEntries() - 1;
      long done = 0;
      while (done < bytes && inSlice < geometry.sliceEntries()) {
        long at = offset + done;
        if (tables.inFlight.contains(at >>> geometry.clusterBits())) {
          if (done == 0) {
            tables.allocated.awaitUninterruptibly();
          }
          return done;
        }
        long step = Math.min(bytes - done, geometry.clusterSize() - (at & geometry.clusterMask()));
        boolean able =
            geometry.extended()
                ? extended(slice, inSlice, at, step, mode)
                : standard(slice, inSlice, at, step, mode);
        if (!able) {
          return done > 0 ? done : -step;
        }
        done += step;
        inSlice++;
      }
      return done;
    } finally {
      tables.lock.unlock();
    }
  }

  private boolean standard(L2Slice slice, int index, long at, long bytes, Mode mode)
      throws IOException {
    long old = slice.get(index);
    boolean backed = image.backed(at);
    boolean flags = geometry.version() >= 3;
    long made;
    switch (mapping.kind(old)) {
      case UNALLOCATED -> {
        if (!backed) {
          return true;
        }
        if (!flags) {
          return mode == Mode.DISCARD;
        }
        made = Geometry.ZERO;
      }
      case ZERO -> {
        if (mode == Mode.KEEP || (old & (Geometry.OFFSET | Geometry.COPIED)) == 0) {
          return true;
        }
        made = Geometry.ZERO;
      }
      default -> {
        boolean own = (old & Geometry.COPIED) != 0;
        if (!flags && (backed || mode == Mode.KEEP)) {
          return mode == Mode.DISCARD;
        }
        if (mode == Mode.KEEP && own) {
          made = old | Geometry.ZERO;
        } else {
          made = flags && (backed || mode != Mode.DISCARD) ? Geometry.ZERO : 0;
        }
      }
    }
    if (external && (made & Geometry.OFFSET) == 0 && (old & Geometry.COPIED) != 0) {
      if (mode == Mode.KEEP) {
        made = old | Geometry.ZERO;
      } else {
        data.punch(at & ~geometry.clusterMask(), geometry.clusterSize());
      }
    }
    slice.set(index, made);
    tables.changed(slice);
    if ((made & Geometry.OFFSET) == 0) {
      tables.releaseEntry(old);
    }
    return true;
  }

  private boolean extended(L2Slice slice, int index, long at, long bytes, Mode mode)
      throws IOException {
    long old = slice.get(2 * index);
    long bitmap = slice.get(2 * index + 1);
    long inCluster = at & geometry.clusterMask();
    boolean compressed = (old & Geometry.COMPRESSED) != 0;
    long mask = Subclusters.mask(geometry, inCluster, inCluster + bytes);
    boolean whole = mask == (1L << Geometry.SUBCLUSTERS) - 1;
    if (compressed && !whole) {
      return mode == Mode.DISCARD;
    }
    long made = compressed ? 0 : old;
    long bits = compressed ? Subclusters.ALL_ZERO : bitmap & ~mask | mask << 32;
    boolean own = (old & Geometry.COPIED) != 0;
    boolean unused = (bits & 0xffff_ffffL) == 0;
    if (unused && (mode != Mode.KEEP || !own)) {
      made = 0;
    }
    if (made == old && bits == bitmap) {
      return true;
    }
    if (external && mode != Mode.KEEP && own) {
      data.punch(at, geometry.granule() * (long) Long.bitCount(mask));
    }
    slice.setExtended(index, made, bits);
    tables.changed(slice);
    if (made != old) {
      tables.releaseEntry(old);
    }
    return true;
  }
}

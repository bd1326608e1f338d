package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.FileStore;
import org.wardian.storage.Scatter;

/**
 * Writes to clusters that cannot be written where they are: takes clusters, copies what of them is
 * not written from the old place, writes, and only then maps them. While that lasts the guest
 * clusters are marked as under way, and others that need the same wait; the lock is not held while
 * data are moved.
 */
final class ClusterWriter {
  private static final int COPY = 64 << 10;
  private static final ThreadLocal<ByteBuffer> COPY_BUFFER =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(COPY));

  /** One step: what is written to which clusters. */
  private static final class Plan {
    final ClusterRun host = new ClusterRun();
    long first;
    int count;
    long bytes;
    boolean reuse;
    long oldEntry;
    long oldBitmap;

    /** Granules that are written as a whole, in bytes of the disk. */
    long hullStart;

    long hullEnd;
  }

  private final Qcow2Image image;
  private final Tables tables;
  private final Geometry geometry;
  private final Mapping mapping;
  private final FileStore data;
  private final boolean external;

  ClusterWriter(Qcow2Image image, Tables tables, Mapping mapping, FileStore data) {
    this.image = image;
    this.tables = tables;
    this.geometry = tables.geometry;
    this.mapping = mapping;
    this.data = data;
    external = image.external;
  }

  /**
   * Writes the beginning of a range.
   *
   * @return bytes written; 0 where the mapping has changed meanwhile and is to be looked at again
   */
  long write(long offset, Scatter from, long bytes) throws IOException {
    Plan plan = plan(offset, bytes);
    if (plan == null) {
      return 0;
    }
    boolean done = false;
    try {
      move(plan, offset, from);
      link(plan);
      done = true;
    } finally {
      end(plan, done);
    }
    return plan.bytes;
  }

  private Plan plan(long offset, long bytes) throws IOException {
    tables.lock.lock();
    try {
      long first = offset >>> geometry.clusterBits();
      boolean waited = false;
      while (tables.inFlight.contains(first)) {
        tables.allocated.awaitUninterruptibly();
        waited = true;
      }
      if (waited) {
        return null;
      }
      int l1Index = (int) (first >>> geometry.l2Bits());
      int index = (int) first & geometry.l2Entries() - 1;
      L2Slice slice = tables.slice(tables.writableTable(l1Index), index);
      int inSlice = index & geometry.sliceEntries() - 1;
      Plan plan = new Plan();
      plan.first = first;
      plan.oldEntry = entry(slice, inSlice);
      plan.oldBitmap = geometry.extended() ? slice.get(2 * inSlice + 1) : 0;
      plan.reuse = reusable(plan.oldEntry);
      plan.bytes = Math.min(bytes, ((first + 1) << geometry.clusterBits()) - offset);
      if (plan.reuse) {
        plan.bytes = notNormal(plan, offset, plan.bytes);
        if (plan.bytes == 0) {
          return null;
        }
        plan.count = 1;
        plan.host.first = (plan.oldEntry & Geometry.OFFSET) >>> geometry.clusterBits();
      } else {
        plan.count = countNew(slice, inSlice, first, offset, bytes);
        take(plan);
        plan.bytes = Math.min(bytes, ((first + plan.count) << geometry.clusterBits()) - offset);
      }
      hull(plan, offset);
      tables.inFlight.addRange(first, plan.count);
      return plan;
    } finally {
      tables.lock.unlock();
    }
  }

  private long entry(L2Slice slice, int inSlice) {
    return slice.get(geometry.extended() ? 2 * inSlice : inSlice);
  }

  /** Whether an entry has a cluster of its own that can be used again, as zero clusters may. */
  private boolean reusable(long entry) {
    return (entry & Geometry.COPIED) != 0
        && (entry & Geometry.COMPRESSED) == 0
        && (external || (entry & Geometry.OFFSET) != 0);
  }

  /** Bytes from {@code offset} on up to what may be written where it is. */
  private long notNormal(Plan plan, long offset, long bytes) throws IOException {
    if (!geometry.extended()) {
      return mapping.kind(plan.oldEntry) == Run.Kind.NORMAL ? 0 : bytes;
    }
    int granule = geometry.granule();
    long at = offset;
    while (at < offset + bytes) {
      int sub = (int) ((at & geometry.clusterMask()) / granule);
      if (mapping.subclusterKind(plan.oldEntry, plan.oldBitmap, sub) == Run.Kind.NORMAL) {
        return at - offset;
      }
      at = (at & -granule) + granule;
    }
    return bytes;
  }

  /** How many clusters in a row need new places. */
  private int countNew(L2Slice slice, int inSlice, long first, long offset, long bytes) {
    long last = offset + bytes - 1 >>> geometry.clusterBits();
    int most = (int) Math.min(last - first + 1, geometry.sliceEntries() - inSlice);
    if (!alone(entry(slice, inSlice))) {
      return 1;
    }
    int count = 1;
    while (count < most
        && alone(entry(slice, inSlice + count))
        && !reusable(entry(slice, inSlice + count))
        && !tables.inFlight.contains(first + count)) {
      count++;
    }
    return count;
  }

  /** Whether nothing but the ends of a range has to be copied from the entry's old place. */
  private boolean alone(long entry) {
    return !geometry.extended() || (entry & (Geometry.OFFSET | Geometry.COMPRESSED)) == 0;
  }

  private void take(Plan plan) throws IOException {
    if (external) {
      plan.host.first = plan.first;
      plan.host.count = plan.count;
    } else {
      tables.refcounts.allocate(plan.count, plan.host);
      plan.count = (int) plan.host.count;
    }
  }

  private void hull(Plan plan, long offset) {
    long granule = geometry.granule();
    plan.hullStart = offset & -granule;
    plan.hullEnd = offset + plan.bytes + granule - 1 & -granule;
    if ((plan.oldEntry & Geometry.COMPRESSED) != 0 && geometry.extended()) {
      plan.hullStart = offset & ~geometry.clusterMask();
      plan.hullEnd = plan.hullStart + geometry.clusterSize();
    }
  }

  private void move(Plan plan, long offset, Scatter from) throws IOException {
    long guestStart = plan.first << geometry.clusterBits();
    long toHost = (plan.host.first << geometry.clusterBits()) - guestStart;
    long end = offset + plan.bytes;
    copy(plan, plan.hullStart, offset, toHost);
    data.write(offset + toHost, from, plan.bytes);
    copy(plan, end, plan.hullEnd, toHost);
    boolean movedGranules =
        geometry.extended() && !plan.reuse && !external && (plan.oldEntry & Geometry.OFFSET) != 0;
    if (movedGranules && (plan.oldEntry & Geometry.COMPRESSED) == 0) {
      for (int sub = 0; sub < Geometry.SUBCLUSTERS; sub++) {
        long at = guestStart + (long) sub * geometry.granule();
        if ((plan.oldBitmap >>> sub & 1) != 0 && (at < plan.hullStart || at >= plan.hullEnd)) {
          copy(plan, at, at + geometry.granule(), toHost);
        }
      }
    }
  }

  /** Copies a range from where the mapping still has it. */
  private void copy(Plan plan, long from, long to, long toHost) throws IOException {
    Run run = new Run();
    long at = from;
    while (at < to) {
      image.findVisible(at, to - at, run);
      long bytes = run.bytes;
      if (run.kind == Run.Kind.ZERO) {
        if (plan.reuse || external || !plan.host.fresh) {
          zeroes(at + toHost, bytes);
        }
      } else {
        bytes = Math.min(bytes, COPY);
        ByteBuffer buffer = COPY_BUFFER.get().clear().limit((int) bytes);
        image.readLocked(at, Scatter.of(buffer), bytes);
        data.write(at + toHost, buffer.flip());
      }
      at += bytes;
    }
  }

  private void zeroes(long host, long bytes) throws IOException {
    for (long at = 0; at < bytes; at += Zeroes.SIZE) {
      data.write(host + at, Zeroes.of((int) Math.min(Zeroes.SIZE, bytes - at)));
    }
  }

  private void link(Plan plan) throws IOException {
    tables.lock.lock();
    try {
      int l1Index = (int) (plan.first >>> geometry.l2Bits());
      int index = (int) plan.first & geometry.l2Entries() - 1;
      L2Slice slice = tables.slice(Tables.entry(tables.l1(), l1Index) & Geometry.OFFSET, index);
      int inSlice = index & geometry.sliceEntries() - 1;
      for (int i = 0; i < plan.count; i++) {
        long old = entry(slice, inSlice + i);
        long made = plan.host.first + i << geometry.clusterBits() | Geometry.COPIED;
        if (geometry.extended()) {
          slice.setExtended(inSlice + i, made, bitmap(plan, slice, inSlice, i));
        } else {
          slice.set(inSlice + i, made);
        }
        if (!plan.reuse) {
          tables.releaseEntry(old);
        }
      }
      tables.changed(slice);
    } finally {
      tables.lock.unlock();
    }
  }

  private long bitmap(Plan plan, L2Slice slice, int inSlice, int i) {
    long clusterStart = plan.first + i << geometry.clusterBits();
    long start = Math.max(plan.hullStart, clusterStart) - clusterStart;
    long end = Math.min(plan.hullEnd, clusterStart + geometry.clusterSize()) - clusterStart;
    long mask = Subclusters.mask(geometry, start, end);
    long old = slice.get(2 * (inSlice + i) + 1);
    if ((plan.oldEntry & Geometry.COMPRESSED) != 0) {
      old = 0;
    }
    return old & ~(mask << 32) | mask;
  }

  /** The clusters are not under way any more; what was taken for nothing is free again. */
  private void end(Plan plan, boolean done) throws IOException {
    tables.lock.lock();
    try {
      tables.inFlight.removeRange(plan.first, plan.count);
      tables.allocated.signalAll();
      if (!done && !plan.reuse && !external) {
        tables.refcounts.release(plan.host.first, plan.count);
      }
    } finally {
      tables.lock.unlock();
    }
  }
}

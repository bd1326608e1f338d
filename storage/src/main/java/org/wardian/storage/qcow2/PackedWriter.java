package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Writes packed clusters one behind the other, without gaps: several share a host cluster, one may
 * cross into the next.
 */
final class PackedWriter {
  private final Tables tables;
  private final Geometry geometry;

  PackedWriter(Tables tables) {
    this.tables = tables;
    this.geometry = tables.geometry;
  }

  void write(long offset, byte[] packed) throws IOException {
    tables.lock.lock();
    try {
      long cluster = offset >>> geometry.clusterBits();
      while (tables.inFlight.contains(cluster)) {
        tables.allocated.awaitUninterruptibly();
      }
      int l1Index = (int) (cluster >>> geometry.l2Bits());
      long table = tables.writableTable(l1Index);
      long place = take(packed.length);
      try {
        tables.file.write(place, ByteBuffer.wrap(packed));
        link(table, cluster, geometry.compressedEntry(place, packed.length));
      } catch (IOException e) {
        tables.packedEnd = 0;
        long last = place + packed.length - 1 >>> geometry.clusterBits();
        long first = place >>> geometry.clusterBits();
        tables.refcounts.release(first, last - first + 1);
        throw e;
      }
    } finally {
      tables.lock.unlock();
    }
  }

  private void link(long table, long cluster, long entry) throws IOException {
    int index = (int) cluster & geometry.l2Entries() - 1;
    L2Slice slice = tables.slice(table, index);
    int inSlice = index & geometry.sliceEntries() - 1;
    long old;
    if (geometry.extended()) {
      old = slice.get(2 * inSlice);
      slice.setExtended(inSlice, entry, 0);
    } else {
      old = slice.get(inSlice);
      slice.set(inSlice, entry);
    }
    tables.changed(slice);
    tables.releaseEntry(old);
  }

  /** Room for packed bytes, with a user more for each host cluster that they touch. */
  private long take(int bytes) throws IOException {
    ClusterRun run = new ClusterRun();
    long place = tables.packedEnd;
    long open = place >>> geometry.clusterBits();
    long last = place + bytes - 1 >>> geometry.clusterBits();
    long users = tables.refcounts.get(open);
    boolean room =
        (place & geometry.clusterMask()) != 0 && users > 0 && users < geometry.maxRefcount();
    if (room && (last == open || tables.refcounts.allocateAt(last, run))) {
      tables.refcounts.add(open, 1);
    } else {
      tables.refcounts.allocate(1, run);
      place = run.first << geometry.clusterBits();
    }
    checkReach(place);
    tables.packedEnd = place + bytes;
    return place;
  }

  private void checkReach(long place) throws IOException {
    if (place >>> geometry.compressedOffsetBits() != 0) {
      throw new org.wardian.storage.NoSpaceException(
          tables.file.path() + " has no room that a compressed cluster can lie in");
    }
  }
}

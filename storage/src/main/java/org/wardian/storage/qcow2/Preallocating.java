package org.wardian.storage.qcow2;

import java.io.IOException;
import org.wardian.storage.CreateOptions.Preallocation;

/** Maps what is not mapped yet to clusters of its own, and gives them room as asked. */
final class Preallocating {
  private final Qcow2Image image;
  private final Geometry geometry;

  Preallocating(Qcow2Image image) {
    this.image = image;
    geometry = image.geometry;
  }

  /** From {@code offset}, a cluster's start, to {@code end}, where nothing is mapped yet. */
  void run(long offset, long end, Preallocation kind) throws IOException {
    image.beginChange();
    Tables tables = image.tables;
    long at = offset;
    ClusterRun run = new ClusterRun();
    boolean external = image.external;
    while (at < end) {
      tables.lock.lock();
      try {
        long cluster = at >>> geometry.clusterBits();
        int index = (int) cluster & geometry.l2Entries() - 1;
        long table = tables.writableTable((int) (cluster >>> geometry.l2Bits()));
        int inSlice = index & geometry.sliceEntries() - 1;
        long wanted = Math.min(geometry.clusters(end - at), geometry.sliceEntries() - inSlice);
        if (external) {
          run.first = cluster;
          run.count = wanted;
        } else {
          tables.refcounts.allocate(wanted, run);
        }
        fill(run, kind);
        L2Slice slice = tables.slice(table, index);
        for (int i = 0; i < run.count; i++) {
          link(slice, inSlice + i, run.first + i << geometry.clusterBits());
        }
        tables.changed(slice);
        at += run.count << geometry.clusterBits();
      } finally {
        tables.lock.unlock();
      }
      if (tables.crowded()) {
        image.flush();
      }
    }
    image.flush();
  }

  private void link(L2Slice slice, int index, long host) {
    if (geometry.extended()) {
      slice.setExtended(index, host | Geometry.COPIED, image.backing() == null ? 0xffff_ffffL : 0);
    } else {
      slice.set(index, host | Geometry.COPIED);
    }
  }

  private void fill(ClusterRun run, Preallocation kind) throws IOException {
    long offset = run.first << geometry.clusterBits();
    long bytes = run.count << geometry.clusterBits();
    switch (kind) {
      case OFF, METADATA -> {
        // The room is a hole; where the file had something before, that must not show.
        if (!run.fresh) {
          image.data.writeZeroes(offset, bytes, true);
        } else if (image.data.size() < offset + bytes) {
          image.data.resize(offset + bytes);
        }
      }
      case FALLOC -> image.data.allocate(offset, bytes);
      case FULL -> {
        for (long done = 0; done < bytes; done += Zeroes.SIZE) {
          image.data.write(offset + done, Zeroes.of((int) Math.min(Zeroes.SIZE, bytes - done)));
        }
      }
    }
  }
}

package org.wardian.storage.qcow2;

import java.io.IOException;

/**
 * From guest offsets to host offsets (qcow2 specification, "Cluster mapping"). Looks up without a
 * lock and without allocation where the L2 entries are cached.
 */
final class Mapping {
  private final Tables tables;
  private final Geometry geometry;
  private final boolean dataFile;

  Mapping(Tables tables) {
    this.tables = tables;
    geometry = tables.geometry;
    dataFile = (tables.header.incompatible & Feature.DATA_FILE) != 0;
  }

  /**
   * Looks up a run from {@code offset} on.
   *
   * @param l1 the active L1 table, or a snapshot's
   * @param most bytes at most, at least 1
   */
  void find(long[] l1, long offset, long most, Run run) throws IOException {
    find(l1, offset, most, run, false);
  }

  /**
   * As {@link #find}, if that takes no reading.
   *
   * @return false where the L2 entries are not cached
   */
  boolean findNow(long[] l1, long offset, long most, Run run) throws IOException {
    return find(l1, offset, most, run, true);
  }

  private boolean find(long[] l1, long offset, long most, Run run, boolean now) throws IOException {
    long cluster = offset >>> geometry.clusterBits();
    long l1Index = cluster >>> geometry.l2Bits();
    long reach = geometry.tableReach();
    long toTableEnd = reach - (offset & reach - 1);
    if (l1Index >= l1.length) {
      run.set(Run.Kind.UNALLOCATED, most, -1, false);
      return true;
    }
    long table = Tables.entry(l1, (int) l1Index) & Geometry.OFFSET;
    if (table == 0) {
      run.set(Run.Kind.UNALLOCATED, Math.min(most, toTableEnd), -1, false);
      return true;
    }
    int index = (int) cluster & geometry.l2Entries() - 1;
    L2Slice slice = now ? tables.cachedSlice(table, index) : tables.slice(table, index);
    if (slice == null) {
      return false;
    }
    int inSlice = index & geometry.sliceEntries() - 1;
    long inCluster = offset & geometry.clusterMask();
    long toSliceEnd =
        ((long) (geometry.sliceEntries() - inSlice) << geometry.clusterBits()) - inCluster;
    long limit = Math.min(most, toSliceEnd);
    if (geometry.extended()) {
      findExtended(slice, inSlice, offset, limit, run);
    } else {
      findStandard(slice, inSlice, offset, limit, run);
    }
    return true;
  }

  private void findStandard(L2Slice slice, int first, long offset, long limit, Run run)
      throws IOException {
    long inCluster = offset & geometry.clusterMask();
    long entry = slice.get(first);
    Run.Kind kind = kind(entry);
    long bytes = Math.min(limit, geometry.clusterSize() - inCluster);
    if (kind == Run.Kind.COMPRESSED) {
      run.set(kind, bytes, entry, false);
      return;
    }
    long host = entry & Geometry.OFFSET;
    boolean copied = (entry & Geometry.COPIED) != 0;
    if (kind == Run.Kind.NORMAL) {
      checkHost(host, offset - inCluster);
    }
    int index = first + 1;
    while (bytes < limit) {
      long next = slice.get(index);
      if (kind(next) != kind) {
        break;
      }
      if (kind == Run.Kind.NORMAL) {
        long expected = host + ((long) (index - first) << geometry.clusterBits());
        if ((next & Geometry.OFFSET) != expected || (next & Geometry.COPIED) != 0 != copied) {
          break;
        }
      }
      bytes = Math.min(limit, bytes + geometry.clusterSize());
      index++;
    }
    run.set(kind, bytes, kind == Run.Kind.NORMAL ? host + inCluster : -1, copied);
  }

  private void findExtended(L2Slice slice, int first, long offset, long limit, Run run)
      throws IOException {
    int granule = geometry.granule();
    int index = first;
    long inCluster = offset & geometry.clusterMask();
    int sub = (int) (inCluster / granule);
    long bytes = 0;
    run.kind = null;
    while (bytes < limit) {
      int version = slice.version();
      long entry = slice.get(2 * index);
      long bitmap = slice.get(2 * index + 1);
      if ((version & 1) != 0 || !slice.unchanged(version)) {
        Thread.onSpinWait();
        continue;
      }
      if ((entry & Geometry.COMPRESSED) != 0) {
        if (run.kind == null) {
          long rest = geometry.clusterSize() - inCluster;
          run.set(Run.Kind.COMPRESSED, Math.min(limit, rest), entry, false);
          return;
        }
        break;
      }
      long host = entry & Geometry.OFFSET;
      boolean copied = (entry & Geometry.COPIED) != 0;
      boolean same = true;
      while (sub < Geometry.SUBCLUSTERS && bytes < limit) {
        Run.Kind kind = subclusterKind(entry, bitmap, sub);
        long at = offset + bytes;
        if (run.kind == null) {
          if (kind == Run.Kind.NORMAL) {
            checkHost(host, at - (at & geometry.clusterMask()));
          }
          run.set(kind, 0, kind == Run.Kind.NORMAL ? host + inCluster : -1, copied);
        } else if (kind != run.kind
            || kind == Run.Kind.NORMAL
                && (host + (at & geometry.clusterMask()) != run.host + bytes
                    || copied != run.copied)) {
          same = false;
          break;
        }
        bytes = Math.min(limit, bytes + granule - (at & granule - 1));
        sub++;
      }
      if (!same) {
        break;
      }
      sub = 0;
      index++;
    }
    run.bytes = bytes;
  }

  /** What a standard entry says. */
  Run.Kind kind(long entry) throws CorruptMappingException {
    if ((entry & Geometry.COMPRESSED) != 0) {
      if (dataFile) {
        throw new CorruptMappingException("a compressed cluster beside an external data file");
      }
      return Run.Kind.COMPRESSED;
    }
    if ((entry & Geometry.ZERO) != 0) {
      if (geometry.version() < 3) {
        throw new CorruptMappingException("a zero cluster in an image of version 2");
      }
      return Run.Kind.ZERO;
    }
    boolean allocated =
        (entry & Geometry.OFFSET) != 0 || dataFile && (entry & Geometry.COPIED) != 0;
    return allocated ? Run.Kind.NORMAL : Run.Kind.UNALLOCATED;
  }

  /** What subcluster {@code sub} of an extended entry is. */
  Run.Kind subclusterKind(long entry, long bitmap, int sub) throws CorruptMappingException {
    boolean allocated = (bitmap >>> sub & 1) != 0;
    boolean zero = (bitmap >>> sub + 32 & 1) != 0;
    if (allocated && zero) {
      throw new CorruptMappingException("a subcluster that is both allocated and zero");
    }
    if (allocated && (entry & Geometry.OFFSET) == 0 && !dataFile) {
      throw new CorruptMappingException("an allocated subcluster without a cluster");
    }
    return allocated ? Run.Kind.NORMAL : zero ? Run.Kind.ZERO : Run.Kind.UNALLOCATED;
  }

  private void checkHost(long host, long guest) throws CorruptMappingException {
    if ((host & geometry.clusterMask()) != 0) {
      throw new CorruptMappingException(
          "guest offset " + guest + " mapped to offset " + host + ", between clusters");
    }
    if (dataFile && host != guest) {
      throw new CorruptMappingException(
          "guest offset " + guest + " mapped to offset " + host + " of its data file");
    }
  }
}

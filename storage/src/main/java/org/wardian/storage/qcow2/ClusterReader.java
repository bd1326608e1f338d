package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.BlockImage;
import org.wardian.storage.FileStore;
import org.wardian.storage.Scatter;

/** Reads guest data by a mapping; the caller keeps that mapping's clusters from being reused. */
final class ClusterReader {
  private final Qcow2Image image;
  private final Mapping mapping;
  private final CompressedClusters compressed;
  private final FileStore data;
  private final long clusterMask;

  ClusterReader(Qcow2Image image, Mapping mapping, CompressedClusters compressed, FileStore data) {
    this.image = image;
    this.mapping = mapping;
    this.compressed = compressed;
    this.data = data;
    this.clusterMask = image.geometry.clusterMask();
  }

  /**
   * Reads {@code bytes} from {@code offset} on.
   *
   * @param l1 the active L1 table, or a snapshot's
   * @param visible bytes of the disk with that mapping, behind which no backing shows
   */
  void read(long[] l1, long visible, long offset, Scatter to, long bytes) throws IOException {
    Run run = new Run();
    long at = offset;
    long end = offset + bytes;
    while (at < end) {
      mapping.find(l1, at, end - at, run);
      switch (run.kind) {
        case NORMAL -> data.read(run.host, to, run.bytes);
        case ZERO -> to.putZeroes(run.bytes);
        case UNALLOCATED -> {
          long below = shown(visible, at, run.bytes);
          if (below > 0) {
            image.backing().read(at, to.take(below));
          }
          to.putZeroes(run.bytes - below);
        }
        case COMPRESSED -> {
          ByteBuffer cluster = compressed.read(run.host);
          to.put(cluster.slice((int) (at & clusterMask), (int) run.bytes));
        }
      }
      at += run.bytes;
    }
  }

  /**
   * As {@link #read}, if tables and data are in the host's memory and need no unpacking.
   *
   * @return false where they may not be; what was put is not known then
   */
  boolean readNow(long[] l1, long visible, long offset, Scatter to, long bytes) throws IOException {
    Run run = new Run();
    long at = offset;
    long end = offset + bytes;
    boolean now = true;
    while (at < end && now && mapping.findNow(l1, at, end - at, run)) {
      switch (run.kind) {
        case NORMAL -> now = data.readNow(run.host, to, run.bytes);
        case ZERO -> to.putZeroes(run.bytes);
        case UNALLOCATED -> {
          long below = shown(visible, at, run.bytes);
          now = below == 0 || image.backing().readNow(at, to.take(below));
          if (now) {
            to.putZeroes(run.bytes - below);
          }
        }
        case COMPRESSED -> now = false;
      }
      at += run.bytes;
    }
    return now && at == end;
  }

  /** How many of {@code bytes} from {@code offset} on show the backing image. */
  private long shown(long visible, long offset, long bytes) {
    BlockImage from = image.backing();
    long has = from == null ? 0 : Math.max(0, Math.min(from.length(), visible) - offset);
    return Math.min(bytes, has);
  }
}

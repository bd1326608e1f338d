package org.wardian.storage.qcow2;

/** Bits of the words that say what subclusters are (qcow2 specification, "Extended L2 Entries"). */
final class Subclusters {
  /** Every subcluster reads as zeroes. */
  static final long ALL_ZERO = 0xffff_ffff_0000_0000L;

  private Subclusters() {}

  /** The allocation bits of the subclusters from {@code start} to {@code end} in a cluster. */
  static long mask(Geometry geometry, long start, long end) {
    int first = (int) (start / geometry.granule());
    int last = (int) ((end + geometry.granule() - 1) / geometry.granule());
    return last <= first ? 0 : (1L << last) - (1L << first);
  }
}

package org.wardian.storage.qcow2;

/**
 * Sizes that follow from a header.
 *
 * @param clusterBits log2 of a cluster's bytes
 * @param extended whether entries have subclusters
 * @param refcountOrder log2 of a reference count's bits
 * @param version 2 or 3
 */
record Geometry(int clusterBits, boolean extended, int refcountOrder, int version) {
  /** Bits 9 to 55: the offset in entries of L1, L2, refcount and bitmap tables. */
  static final long OFFSET = 0x00ff_ffff_ffff_fe00L;

  /** This entry's cluster has one user: it may be written in place. */
  static final long COPIED = 1L << 63;

  /** A compressed cluster. */
  static final long COMPRESSED = 1L << 62;

  /** Reads as zeroes. */
  static final long ZERO = 1;

  /** Bits of a standard L2 entry that must be 0. */
  static final long L2_RESERVED = 0x3f00_0000_0000_01feL;

  /** Bits of an L1 entry that must be 0. */
  static final long L1_RESERVED = 0x7f00_0000_0000_01ffL;

  /** Subclusters of a cluster with extended entries. */
  static final int SUBCLUSTERS = 32;

  /** Bytes of the part of an L2 table that is cached at once. */
  private static final int SLICE = 4096;

  static Geometry of(Qcow2Header header) {
    return new Geometry(
        header.clusterBits, header.extendedL2(), header.refcountOrder, header.version);
  }

  int clusterSize() {
    return 1 << clusterBits;
  }

  long clusterMask() {
    return (1L << clusterBits) - 1;
  }

  /** Bytes, rounded up to whole clusters. */
  long roundUp(long bytes) {
    return bytes + clusterMask() & ~clusterMask();
  }

  /** Clusters that so many bytes take. */
  long clusters(long bytes) {
    return roundUp(bytes) >>> clusterBits;
  }

  int entryBytes() {
    return extended ? 16 : 8;
  }

  int l2Bits() {
    return clusterBits - (extended ? 4 : 3);
  }

  int l2Entries() {
    return 1 << l2Bits();
  }

  /** Bytes of the disk that one L2 table maps. */
  long tableReach() {
    return 1L << clusterBits + l2Bits();
  }

  int sliceBytes() {
    return Math.min(SLICE, clusterSize());
  }

  /** Entries of a slice. */
  int sliceEntries() {
    return sliceBytes() / entryBytes();
  }

  /** Bytes that are allocated at once within a cluster. */
  int granule() {
    return extended ? clusterSize() / SUBCLUSTERS : clusterSize();
  }

  int refcountBits() {
    return 1 << refcountOrder;
  }

  /** Log2 of the counts in a refcount block. */
  int refcountBlockBits() {
    return clusterBits + 3 - refcountOrder;
  }

  /** The largest count, unsigned; the largest long for counts of 64 bits. */
  long maxRefcount() {
    return refcountOrder == 6 ? Long.MAX_VALUE : (1L << refcountBits()) - 1;
  }

  /** Bits of a compressed descriptor that hold its offset. */
  int compressedOffsetBits() {
    return 62 - (clusterBits - 8);
  }

  /** Where a compressed cluster's bytes start. */
  long compressedOffset(long entry) {
    return entry & (1L << compressedOffsetBits()) - 1;
  }

  /** Bytes from {@link #compressedOffset} to the end of the last sector. */
  int compressedBytes(long entry) {
    long sectors = ((entry & ~(COPIED | COMPRESSED)) >>> compressedOffsetBits()) + 1;
    return (int) (sectors * 512 - (compressedOffset(entry) & 511));
  }

  /** The entry of a compressed cluster of {@code bytes} at {@code offset}. */
  long compressedEntry(long offset, int bytes) {
    long sectors = (offset + bytes - 1 >>> 9) - (offset >>> 9);
    return COMPRESSED | offset | sectors << compressedOffsetBits();
  }
}

package org.wardian.storage.qcow2;

import org.wardian.storage.Extent;

/** What a mapping says of a run of bytes: an answer of {@link Mapping}, reused by its caller. */
final class Run {
  /** What is there. */
  enum Kind {
    /** Nothing: the backing file shows through. */
    UNALLOCATED,
    /** Zeroes by a note. */
    ZERO,
    /** Bytes in the file. */
    NORMAL,
    /** A compressed cluster; the run is within it. */
    COMPRESSED
  }

  /** What is there. */
  Kind kind;

  /** Bytes of the run. */
  long bytes;

  /** For normal bytes: where the first one lies; for compressed ones: the L2 entry. */
  long host;

  /** Whether the clusters have no other user, and may be written where they are. */
  boolean copied;

  void set(Kind kind, long bytes, long host, boolean copied) {
    this.kind = kind;
    this.bytes = bytes;
    this.host = host;
    this.copied = copied;
  }

  /** What it is for whoever asks, beginning at {@code offset} of the disk. */
  Extent extentAt(long offset) {
    return switch (kind) {
      case NORMAL -> new Extent(offset, bytes, Extent.Kind.DATA, 0, host);
      case COMPRESSED -> new Extent(offset, bytes, Extent.Kind.DATA, 0, -1);
      case ZERO -> new Extent(offset, bytes, Extent.Kind.ZERO, 0, -1);
      case UNALLOCATED -> new Extent(offset, bytes, Extent.Kind.ABSENT, 0, -1);
    };
  }
}

package org.wardian.virtio.block;

/** Numbers of the block device (virtio 1.2 §5.2). */
final class BlockProtocol {
  // Feature bits (§5.2.3).
  static final long SIZE_MAX = 1L << 1;
  static final long SEG_MAX = 1L << 2;
  static final long READ_ONLY = 1L << 5;
  static final long BLOCK_SIZE = 1L << 6;
  static final long FLUSH = 1L << 9;
  static final long TOPOLOGY = 1L << 10;
  static final long CONFIG_WRITE_CACHE = 1L << 11;
  static final long MULTI_QUEUE = 1L << 12;
  static final long DISCARD = 1L << 13;
  static final long WRITE_ZEROES = 1L << 14;

  // The configuration (§5.2.4).
  static final int CAPACITY = 0;
  static final int LARGEST_SEGMENT = 8;
  static final int MOST_SEGMENTS = 12;
  static final int CONFIG_BLOCK_SIZE = 20;
  static final int MINIMUM_IO = 26;
  static final int WRITE_CACHE = 32;
  static final int QUEUES = 34;
  static final int DISCARD_SECTORS = 36;
  static final int DISCARD_SEGMENTS = 40;
  static final int DISCARD_ALIGNMENT = 44;
  static final int ZERO_SECTORS = 48;
  static final int ZERO_SEGMENTS = 52;
  static final int ZERO_MAY_UNMAP = 56;
  static final int CONFIG_LENGTH = 60;

  /** Offsets on the disk are in these units, whatever its block size. */
  static final int SECTOR = 512;

  // Request types (§5.2.6).
  static final int IN = 0;
  static final int OUT = 1;
  static final int FLUSH_CACHE = 4;
  static final int GET_ID = 8;
  static final int DISCARD_RANGE = 11;
  static final int ZERO_RANGE = 13;

  static final int HEADER = 16;
  static final int RANGE = 16;
  static final int RANGE_MAY_UNMAP = 1;
  static final int ID_LENGTH = 20;

  // Status bytes.
  static final int OK = 0;
  static final int IO_ERROR = 1;
  static final int UNSUPPORTED = 2;

  private BlockProtocol() {}
}

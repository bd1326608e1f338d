package org.wardian.storage;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One request to a {@link BlockDevice}; a controller extends it with what it needs to complete it.
 */
public abstract class BlockRequest {
  /** What is asked. */
  public enum Kind {
    /** Fills the buffers. */
    READ,
    /** Writes the buffers. */
    WRITE,
    /** Brings completed writes to stable storage. */
    FLUSH,
    /** Makes the range read as zeroes; the room may be given back if {@link #mayUnmap}. */
    WRITE_ZEROES,
    /** The range is of no use any more. */
    DISCARD
  }

  /** How it ended. */
  public enum Result {
    /** Done. */
    OK,
    /** The host failed to read or write. */
    IO_ERROR,
    /** The host has no room left. */
    NO_SPACE,
    /** A write to a disk that is read-only. */
    READ_ONLY,
    /** A range that the disk does not have, or one that is not made of blocks. */
    OUT_OF_RANGE,
    /** This device has no such request. */
    UNSUPPORTED
  }

  private final Kind kind;
  private final long offset;
  private final long length;
  private final List<ByteBuffer> buffers;
  private final boolean mayUnmap;

  /**
   * A request.
   *
   * @param offset first byte on the disk; 0 for a flush
   * @param length bytes: for reads and writes the sum of the buffers' remaining bytes
   * @param buffers guest memory, in order; empty where nothing is transferred. They must stay valid
   *     until the request is completed
   * @param mayUnmap for {@link Kind#WRITE_ZEROES}
   */
  protected BlockRequest(
      Kind kind, long offset, long length, List<ByteBuffer> buffers, boolean mayUnmap) {
    this.kind = kind;
    this.offset = offset;
    this.length = length;
    this.buffers = List.copyOf(buffers);
    this.mayUnmap = mayUnmap;
  }

  /** What is asked. */
  public final Kind kind() {
    return kind;
  }

  /** First byte on the disk. */
  public final long offset() {
    return offset;
  }

  /** Bytes. */
  public final long length() {
    return length;
  }

  /**
   * Guest memory, in order, each from its position to its limit. Who extends this may make them
   * when they are asked for.
   */
  public List<ByteBuffer> buffers() {
    return buffers;
  }

  /** The same memory to be taken in turn, from its first byte at each call. */
  public Scatter memory() {
    return Scatter.viewOf(buffers());
  }

  /** Whether a range of zeroes may give its room back. */
  public final boolean mayUnmap() {
    return mayUnmap;
  }

  /** The request has ended; called once, by any thread. It returns soon and does not throw. */
  public abstract void completed(Result result);
}

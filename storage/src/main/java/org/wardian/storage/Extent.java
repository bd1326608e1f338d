package org.wardian.storage;

/**
 * A run of bytes of a disk of one kind.
 *
 * @param offset first byte, in the disk
 * @param length bytes, at least 1
 * @param kind what is there
 * @param depth which image of a backing chain has it: 0 is the top one
 * @param hostOffset where the bytes lie in that image's file, or -1 where they do not lie there as
 *     they are (absent, compressed, encrypted)
 */
public record Extent(long offset, long length, Kind kind, int depth, long hostOffset) {
  /** What a range of a disk holds. */
  public enum Kind {
    /** Bytes that are stored. */
    DATA,
    /** Zeroes, by a note in the image or a hole in the file. */
    ZERO,
    /** Nothing was ever written: reads as zeroes. */
    ABSENT
  }
}

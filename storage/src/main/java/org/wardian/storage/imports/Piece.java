package org.wardian.storage.imports;

import java.io.IOException;

/** Where a range of a disk is, as its format says. {@link #length} is at least 1. */
sealed interface Piece {
  /** Bytes. */
  long length();

  /**
   * In a file, as it is.
   *
   * @param source which one
   * @param position first byte there
   */
  record Stored(long length, ByteSource source, long position) implements Piece {}

  /**
   * In a file, compressed.
   *
   * @param unpacker makes the bytes
   * @param grain which unit of compression, by a number that is the unpacker's own
   * @param skip the range's first byte in what is unpacked
   */
  record Packed(long length, Unpacker unpacker, long grain, int skip) implements Piece {}

  /** Zeroes, by a note in the image. */
  record Zero(long length) implements Piece {}

  /** Not in this image: the parent's bytes, or zeroes. */
  record Absent(long length) implements Piece {}

  /** What decompresses. */
  interface Unpacker {
    /** The bytes of a grain; the caller does not change them. */
    byte[] unpack(long grain) throws IOException;
  }
}

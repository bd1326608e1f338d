package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.wardian.storage.bitmap.DirtyBitmaps;

/**
 * The content of a disk, whatever the format that holds it: {@link #length} bytes that can be read
 * and written at any offset.
 *
 * <p>Any thread may call, several at a time; two calls that overlap have no order. A call returns
 * when it is done. What was written is read from then on, and is on stable storage after the next
 * {@link #flush}. A failed call leaves the image consistent; how much of its range was written is
 * not known.
 */
public interface BlockImage extends AutoCloseable {
  /** Bytes, a multiple of 512. */
  long length();

  /** Whether {@link #write} and its like are allowed. */
  boolean writable();

  /**
   * Fills {@code to} from {@code offset} on.
   *
   * @param to from its position to its limit, which becomes its position; direct or not
   * @throws IndexOutOfBoundsException where the range leaves the image
   * @throws IOException with the image's name and the cause
   */
  void read(long offset, ByteBuffer to) throws IOException;

  /**
   * Writes all of {@code from}, from its position to its limit.
   *
   * @throws IndexOutOfBoundsException where the range leaves the image
   * @throws ReadOnlyImageException where the image is not writable
   * @throws IOException with the image's name and the cause; {@link NoSpaceException} where the
   *     host has no room
   */
  void write(long offset, ByteBuffer from) throws IOException;

  /** Fills all buffers of {@code to}, as {@link #read(long, ByteBuffer)} does one. */
  default void read(long offset, Scatter to) throws IOException {
    long at = offset;
    while (to.remaining() > 0) {
      ByteBuffer buffer = to.current();
      int bytes = buffer.remaining();
      read(at, buffer);
      at += bytes;
    }
  }

  /**
   * Fills all buffers of {@code to} if the host has what it takes in its memory; never waits for a
   * disk, nor for another request.
   *
   * @return false where it may have to wait: what was put and where {@code to} stands is then not
   *     known
   */
  default boolean readNow(long offset, Scatter to) throws IOException {
    return false;
  }

  /** Writes all buffers of {@code from}, as {@link #write(long, ByteBuffer)} does one. */
  default void write(long offset, Scatter from) throws IOException {
    long at = offset;
    while (from.remaining() > 0) {
      ByteBuffer buffer = from.current();
      int bytes = buffer.remaining();
      write(at, buffer);
      at += bytes;
    }
  }

  /**
   * Makes a range read as zeroes.
   *
   * @param mayUnmap whether the range may give its room back to the host
   * @throws IOException as {@link #write}
   */
  void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException;

  /**
   * Writes what a range shows already, so that it is the image's own: no bitmap has to note it.
   *
   * @throws IOException as {@link #write}
   */
  default void fill(long offset, ByteBuffer from) throws IOException {
    write(offset, from);
  }

  /**
   * The same where a range shows zeroes.
   *
   * @throws IOException as {@link #write}
   */
  default void fillZeroes(long offset, long length) throws IOException {
    writeZeroes(offset, length, true);
  }

  /**
   * Says that a range is of no use any more. It may give its room back, or do nothing; it reads as
   * zeroes or as before.
   *
   * @throws IOException as {@link #write}
   */
  void discard(long offset, long length) throws IOException;

  /** Brings all that was written before this call to stable storage. */
  void flush() throws IOException;

  /**
   * What is known of a range without reading it: the answer holds for {@link Extent#length} bytes
   * from {@code offset}, at least one and at most {@code length}.
   */
  Extent extent(long offset, long length) throws IOException;

  /**
   * Makes the disk longer (by zeroes) or shorter.
   *
   * @param size bytes, a multiple of 512
   * @throws UnsupportedOperationException where the format cannot
   * @throws IOException as {@link #write}
   */
  default void resize(long size) throws IOException {
    throw new UnsupportedOperationException(this + " cannot be resized");
  }

  /**
   * The bitmaps of what is written, which are kept with the image; empty where its kind has none.
   *
   * @throws IOException where those of its file cannot be read
   */
  default Optional<DirtyBitmaps> dirtyBitmaps() throws IOException {
    return Optional.empty();
  }

  /** Flushes and gives everything back; a second call does nothing. */
  @Override
  void close() throws IOException;
}

package org.wardian.storage;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.wardian.host.HostFile;
import org.wardian.storage.nbd.NbdPath;
import org.wardian.storage.nbd.NbdStore;

/**
 * The bytes of a file or block device that holds an image, at given offsets. Any thread may call,
 * several at a time. Every error names the file.
 *
 * <p>A file may have holes, which read as zeroes; where the host does not know of them, all of the
 * file is data.
 */
public interface FileStore extends AutoCloseable {
  /** Which file, for messages. */
  Path path();

  /** Whether the file may be changed. */
  boolean writable();

  /** Bytes of the file or device. */
  long size() throws IOException;

  /**
   * Reads from {@code offset} on.
   *
   * @param to from its position to its limit; its position is moved by what was read
   * @return bytes that were read: less than asked for only at the end of the file
   */
  int read(long offset, ByteBuffer to) throws IOException;

  /** Reads the next {@code bytes} of {@code to}; what lies behind the file's end is zeroes. */
  void read(long offset, Scatter to, long bytes) throws IOException;

  /**
   * Reads the next {@code bytes} of {@code to} if the host has all of them in its memory; never
   * waits for a disk.
   *
   * @return false where it may have to wait: what was put and where {@code to} stands is then not
   *     known
   */
  default boolean readNow(long offset, Scatter to, long bytes) throws IOException {
    return false;
  }

  /**
   * Writes all of {@code from}, from its position to its limit; the file grows as needed.
   *
   * @throws NoSpaceException where the host has no room
   */
  void write(long offset, ByteBuffer from) throws IOException;

  /** Writes the next {@code bytes} of {@code from}. */
  void write(long offset, Scatter from, long bytes) throws IOException;

  /**
   * Makes a range read as zeroes; behind the file's end it makes the file longer.
   *
   * @param mayUnmap whether the range may become a hole
   */
  void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException;

  /**
   * Gives the room of a range within the file back; it reads as zeroes then.
   *
   * @return false where the host cannot, and nothing was done
   */
  boolean punch(long offset, long length) throws IOException;

  /**
   * Gives room to a range, so that later writes cannot fail for want of it; the file grows to its
   * end, and what it holds stays.
   *
   * @throws NoSpaceException where the host has no room
   */
  void allocate(long offset, long length) throws IOException;

  /** Makes the file {@code size} bytes long, by a hole or by cutting it off. */
  void resize(long size) throws IOException;

  /** Brings all that was written before this call to stable storage. */
  void flush() throws IOException;

  /**
   * First byte at or after {@code offset} that may be data; the file's size where there is none.
   */
  long nextData(long offset) throws IOException;

  /** First byte at or after {@code offset} in a hole; the file's size where there is none. */
  long nextHole(long offset) throws IOException;

  /** Gives the file and its locks back, without a flush. A second call does nothing. */
  @Override
  void close() throws IOException;

  /** Fills {@code to}; what lies behind the file's end is zeroes. */
  default void readPadded(long offset, ByteBuffer to) throws IOException {
    read(offset, to);
    while (to.hasRemaining()) {
      to.put((byte) 0);
    }
  }

  /**
   * Fills {@code to}.
   *
   * @throws EOFException where the file ends before
   */
  default void readFully(long offset, ByteBuffer to) throws IOException {
    int wanted = to.remaining();
    if (read(offset, to) < wanted) {
      throw new EOFException(
          path() + " is truncated: " + wanted + " bytes are expected at offset " + offset);
    }
  }

  /**
   * Opens a file, a block device, or an export of a server by its {@link NbdPath}, where locks mean
   * nothing.
   *
   * @param locked whether to keep other writers out; see {@link ImageLock}
   * @throws ImageInUseException where another has it
   * @throws IOException where it is missing, no file, or not permitted; the message says which
   */
  static FileStore open(Path path, boolean writable, boolean locked) throws IOException {
    if (path instanceof NbdPath export) {
      return NbdStore.open(export, writable);
    }
    return HostFile.available()
        ? HostFileStore.open(path, writable, locked)
        : ChannelStore.open(path, writable, locked);
  }

  /**
   * Makes a file that did not exist, and opens it for writing, locked.
   *
   * @throws java.nio.file.FileAlreadyExistsException where there is one
   */
  static FileStore create(Path path) throws IOException {
    if (path instanceof NbdPath) {
      throw new IOException(path + " can be made only by its server");
    }
    return HostFile.available() ? HostFileStore.create(path) : ChannelStore.create(path);
  }
}

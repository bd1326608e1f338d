package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Bytes at positions: a file, a part of one, or a file as it will be when its log is replayed. */
interface ByteSource extends AutoCloseable {
  /** What messages call it. */
  String name();

  /** Bytes. */
  long size();

  /**
   * Fills {@code to} from {@code position} on.
   *
   * @throws ImportException where the source ends before that
   */
  void read(long position, ByteBuffer to) throws IOException;

  /** Where a range lies in the host's file, or -1 where it does not lie there as it is. */
  long hostOffset(long position, long length);

  /**
   * How many bytes from {@code position} on are alike: data, or, where the count is negative, a
   * hole of the host's file.
   *
   * @param length the most that are counted
   */
  default long run(long position, long length) throws IOException {
    return length;
  }

  @Override
  void close() throws IOException;

  /** A structure, read whole; nothing is allocated for what is not there. */
  default ByteBuffer structure(long position, int length, ByteOrder order) throws IOException {
    requireInside(position, length);
    ByteBuffer bytes = ByteBuffer.allocate(length).order(order);
    read(position, bytes);
    return bytes.flip();
  }

  /** Refuses a range that is not there. */
  default void requireInside(long position, int length) throws ImportException {
    if (position < 0 || position > size() - length) {
      throw cutOff(position, length);
    }
  }

  /** The refusal of a range that is not there. */
  default ImportException cutOff(long position, long length) {
    return new ImportException(
        name(),
        "ends at byte "
            + size()
            + ", but the image needs "
            + length
            + " bytes at "
            + position
            + ": it is cut off or damaged; copy it again from where it came");
  }
}

package org.wardian.storage.nbd;

import java.io.IOException;

/**
 * Which parts of a disk were written since some moment, as it is shown to a client. Any thread may
 * ask, several at a time.
 */
@FunctionalInterface
public interface DirtyBitmapView {
  /**
   * Bytes of one kind.
   *
   * @param length at least 1
   * @param dirty whether they were written
   */
  record Run(long length, boolean dirty) {}

  /**
   * What is from a byte on.
   *
   * @param offset first byte, in the disk
   * @param length bytes of interest; the range lies in the disk
   * @return the first bytes of the range that are of one kind; it may stop before the kind changes,
   *     and is cut to {@code length} by who asks
   * @throws IOException where the bits cannot be read
   */
  Run run(long offset, long length) throws IOException;
}

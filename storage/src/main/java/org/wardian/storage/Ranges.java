package org.wardian.storage;

import java.nio.file.Path;

/** Checks that every image makes before it touches a range. */
public final class Ranges {
  private Ranges() {}

  /**
   * A range within a disk.
   *
   * @throws IndexOutOfBoundsException where it leaves the disk
   */
  public static void check(long offset, long bytes, long length) {
    if (offset < 0 || bytes < 0 || offset > length || bytes > length - offset) {
      throw new IndexOutOfBoundsException(
          bytes + " bytes at offset " + offset + " of a disk of " + length + " bytes");
    }
  }

  /**
   * An image that may be written.
   *
   * @throws ReadOnlyImageException where it may not
   */
  public static void checkWritable(BlockImage image, Path path) throws ReadOnlyImageException {
    if (!image.writable()) {
      throw new ReadOnlyImageException(path + " is read-only");
    }
  }
}

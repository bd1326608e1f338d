package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/** Makes a disk longer or shorter. */
public final class ImageResize {
  private ImageResize() {}

  /**
   * Changes the size of an image's disk.
   *
   * @param size bytes, a multiple of 512
   * @param mayShrink whether what lies behind {@code size} may be lost
   * @return bytes before
   * @throws IllegalArgumentException where it would shrink and may not
   */
  public static long run(Path path, OpenOptions options, long size, boolean mayShrink)
      throws IOException {
    try (BlockImage image = Images.open(path, options.withWritable(true))) {
      long before = image.length();
      if (size < before && !mayShrink) {
        throw new IllegalArgumentException(
            path
                + " has "
                + before
                + " bytes, of which all behind "
                + size
                + " would be lost; say that it may shrink if that is wanted");
      }
      image.resize(size);
      return before;
    }
  }
}

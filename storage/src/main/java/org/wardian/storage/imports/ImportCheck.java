package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.operation.Progress;

/**
 * Reads all that an image stores: every table entry, every compressed grain.
 *
 * @param readBytes bytes of the disk that are stored, and could be read
 * @param faults parts of a mebibyte that could not
 * @param messages the first faults in words
 */
public record ImportCheck(long readBytes, long faults, List<String> messages) {
  private static final int CHUNK = 1 << 20;
  private static final int MOST_MESSAGES = 20;

  /**
   * Checks an image and its parents.
   *
   * @throws IOException where the host fails; what is wrong with the image is in the result
   */
  public static ImportCheck run(ImportedImage image, Progress progress) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    List<String> messages = new ArrayList<>();
    long read = 0;
    long faults = 0;
    for (long at = 0; at < image.length(); ) {
      long length = Math.min(CHUNK, image.length() - at);
      try {
        Extent extent = image.extent(at, image.length() - at);
        if (extent.kind() == Extent.Kind.DATA) {
          length = Math.min(CHUNK, extent.length());
          image.read(at, buffer.clear().limit((int) length));
          read += length;
        } else {
          length = extent.length();
        }
      } catch (ImageFormatException e) {
        faults++;
        if (messages.size() < MOST_MESSAGES) {
          messages.add("at byte " + at + " of the disk: " + e.getMessage());
        }
      }
      at += length;
      progress.report(at, image.length());
    }
    return new ImportCheck(read, faults, List.copyOf(messages));
  }
}

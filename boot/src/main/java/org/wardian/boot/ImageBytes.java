package org.wardian.boot;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads files of some megabytes whole. */
public final class ImageBytes {
  /**
   * Bytes of a piece. {@link Files#readAllBytes} reads all at once, through a copy of the same size
   * outside Java's heap: that takes twice as long.
   */
  private static final int PIECE = 64 << 10;

  private ImageBytes() {}

  /**
   * All bytes of a file.
   *
   * @throws IOException as {@link Files#readAllBytes}, also for a file of 2 GiB
   */
  public static byte[] read(Path file) throws IOException {
    long size = Files.size(file);
    if (size > Integer.MAX_VALUE - PIECE) {
      throw new IOException(file + " is larger than memory for it can be");
    }
    byte[] content = new byte[(int) size];
    int length = 0;
    try (InputStream in = Files.newInputStream(file)) {
      while (true) {
        if (length == content.length) {
          int next = in.read();
          if (next < 0) {
            return content;
          }
          // It has grown, or is none that tells its size.
          content = Arrays.copyOf(content, Math.addExact(length, Math.max(length, PIECE)));
          content[length++] = (byte) next;
        }
        int count = in.read(content, length, Math.min(content.length - length, PIECE));
        if (count < 0) {
          return Arrays.copyOf(content, length);
        }
        length += count;
      }
    }
  }
}

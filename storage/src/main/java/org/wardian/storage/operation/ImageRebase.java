package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.ImageNames;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.qcow2.Qcow2Image;

/** Gives an overlay another backing file. */
public final class ImageRebase {
  private static final int CHUNK = 1 << 20;

  /** Runs of equal bytes between two differences that are copied too, at most. */
  private static final int BLOCK = 4096;

  private ImageRebase() {}

  /**
   * Changes the backing file and keeps what the disk holds: what differs between the old and the
   * new one is copied into the overlay first.
   *
   * @param backing the new one's name as it is recorded, relative to the overlay's folder; null for
   *     none
   * @param format its format; null to look at its content
   */
  public static void safe(
      Path path, OpenOptions options, String backing, ImageFormat format, Progress progress)
      throws IOException {
    BlockImage below = null;
    try (Qcow2Image image = overlay(path, options.withWritable(true))) {
      below = openBacking(path, options, backing, format);
      copyDifferences(image, below, progress);
      image.flush();
      image.changeBacking(backing, format(path, backing, format), below);
      below = null;
    } finally {
      if (below != null) {
        below.close();
      }
    }
  }

  /**
   * Changes the name of the backing file and nothing else: right where the old file was moved or
   * renamed, or the new one holds the same. Neither is opened.
   */
  public static void unsafe(Path path, OpenOptions options, String backing, ImageFormat format)
      throws IOException {
    OpenOptions alone = options.withWritable(true).withChain(false);
    try (Qcow2Image image = overlay(path, alone)) {
      image.changeBacking(backing, format(path, backing, format), null);
    }
  }

  private static String format(Path path, String backing, ImageFormat format) throws IOException {
    if (backing == null) {
      return null;
    }
    if (format != null) {
      return format.text();
    }
    throw new IllegalArgumentException(
        "the format of " + ImageNames.resolve(path, backing) + " must be given to be recorded");
  }

  private static Qcow2Image overlay(Path path, OpenOptions options) throws IOException {
    BlockImage image = Images.open(path, options);
    if (image instanceof Qcow2Image qcow2) {
      return qcow2;
    }
    image.close();
    throw new ImageFormatException(path + " has no backing file: only qcow2 images do");
  }

  private static BlockImage openBacking(
      Path path, OpenOptions options, String backing, ImageFormat format) throws IOException {
    if (backing == null) {
      return null;
    }
    Path below = ImageNames.resolve(path, backing);
    if (below.toRealPath().equals(path.toRealPath())) {
      throw new ImageFormatException(path + " cannot be its own backing file");
    }
    return Images.open(below, options.withWritable(false).withFormat(format));
  }

  private static void copyDifferences(Qcow2Image image, BlockImage below, Progress progress)
      throws IOException {
    ByteBuffer old = ByteBuffer.allocateDirect(CHUNK);
    ByteBuffer now = ByteBuffer.allocateDirect(CHUNK);
    long at = 0;
    while (at < image.length()) {
      Extent own = image.ownExtent(at, image.length() - at);
      long bytes = own.length();
      if (own.kind() == Extent.Kind.ABSENT) {
        bytes = Math.min(bytes, CHUNK);
        old.clear().limit((int) bytes);
        image.read(at, old);
        now.clear().limit((int) bytes);
        long shown = below == null ? 0 : Math.max(0, Math.min(bytes, below.length() - at));
        if (shown > 0) {
          now.limit((int) shown);
          below.read(at, now);
          now.limit((int) bytes);
        }
        Zeroes.fill(now);
        writeDifferences(image, at, old.flip(), now.flip());
      }
      at += bytes;
      progress.report(at, image.length());
    }
  }

  private static void writeDifferences(
      Qcow2Image image, long offset, ByteBuffer old, ByteBuffer now) throws IOException {
    int size = old.limit();
    int at = 0;
    while (at < size) {
      int start = at;
      while (at < size && differs(old, now, at)) {
        at = Math.min(size, at + BLOCK);
      }
      if (at > start) {
        image.write(offset + start, old.slice(start, at - start));
      } else {
        at = Math.min(size, at + BLOCK);
      }
    }
  }

  private static boolean differs(ByteBuffer old, ByteBuffer now, int at) {
    int bytes = Math.min(BLOCK, old.limit() - at);
    return old.slice(at, bytes).mismatch(now.slice(at, bytes)) >= 0;
  }
}

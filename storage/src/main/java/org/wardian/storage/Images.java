package org.wardian.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.storage.qcow2.Qcow2File;

/** Opens and makes images of every format. */
public final class Images {
  private Images() {}

  /**
   * Opens an image, with the images behind it.
   *
   * <p>Without a format in {@code options} its content decides, and raw is what nothing else
   * matches; see {@link ImageFormat} for the hazard of that. A format that is given is not doubted:
   * its own header check refuses the file if it is something else.
   *
   * @throws ImageFormatException where the content is damaged or of a kind that cannot be used
   * @throws ImageInUseException where another process has it
   * @throws IOException where the host fails, with the file and the cause
   */
  public static BlockImage open(Path path, OpenOptions options) throws IOException {
    return new ImageChain().open(path, options);
  }

  /**
   * Opens an image whose chain has one that is open already.
   *
   * @param base the path of that one
   * @param openBase what stands in its place; it stays open when the result is closed
   */
  public static BlockImage openAbove(Path path, OpenOptions options, Path base, BlockImage openBase)
      throws IOException {
    return new ImageChain(base.toRealPath(), openBase).open(path, options);
  }

  /**
   * Opens an image, with the images behind it, each of which others may use too.
   *
   * @throws IOException as {@link #open}
   */
  public static ImageNode openShared(Path path, OpenOptions options) throws IOException {
    return new ImageChain().openShared(path, options);
  }

  /**
   * Opens one image above a node, or above nothing, whatever its header names.
   *
   * @param format what it is
   * @param below the node that shows through: this takes one user of it over where it succeeds;
   *     null for none
   * @throws IOException as {@link #open}
   */
  public static ImageNode openOver(
      Path path, ImageFormat format, OpenOptions options, ImageNode below) throws IOException {
    OpenOptions how = options.withFormat(format);
    WriteWatch watch = new WriteWatch();
    BlockImage image = new ImageChain().openOver(path, how, below, watch);
    return new ImageNode(path, format, how, image, watch);
  }

  /**
   * Makes an image in a file that did not exist. A failure leaves no file.
   *
   * @throws IllegalArgumentException where an option is out of its range
   * @throws IOException where the host fails, with the file and the cause
   */
  public static void create(Path path, CreateOptions options) throws IOException {
    switch (options.format()) {
      case RAW -> RawImage.create(path, options);
      case QCOW2 -> Qcow2File.create(path, options);
      default ->
          throw new IllegalArgumentException(
              options.format().text() + " images cannot be made; make a qcow2 or raw image");
    }
  }
}

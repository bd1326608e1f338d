package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.OpenOptions;

/** Opens and makes qcow2 images. */
public final class Qcow2File {
  /** Opens the backing file that an image names. */
  @FunctionalInterface
  public interface BackingOpener {
    /**
     * Opens it, read-only.
     *
     * @param image the image that names it
     * @param format as the image records it, or null
     */
    BlockImage open(Path image, String name, String format, OpenOptions options) throws IOException;
  }

  /** Opens the data file that an image names. */
  @FunctionalInterface
  public interface DataFileOpener {
    /** Opens it, writable as {@code options} say. */
    FileStore open(Path image, String name, OpenOptions options) throws IOException;
  }

  private Qcow2File() {}

  /**
   * Opens the image in {@code file}, which this takes over; a failure leaves it open.
   *
   * @throws ImageFormatException where the content is damaged or of a kind that cannot be used
   */
  public static Qcow2Image open(
      FileStore file, OpenOptions options, BackingOpener backings, DataFileOpener dataFiles)
      throws IOException {
    Qcow2Header header = Qcow2Header.read(file);
    boolean write = options.writable() && file.writable();
    if (write) {
      prepareForWriting(file, header);
    }
    FileStore external = null;
    BlockImage backing = null;
    try {
      if ((header.incompatible & Feature.DATA_FILE) != 0) {
        if (header.dataFile == null) {
          throw new ImageFormatException(file.path() + " does not name its data file");
        }
        external = dataFiles.open(file.path(), header.dataFile, options);
      }
      if (header.backing != null && options.chain()) {
        backing = backings.open(file.path(), header.backing, header.backingFormat, options);
      }
      return new Qcow2Image(file, external == null ? file : external, header, backing, options);
    } catch (IOException | RuntimeException e) {
      if (external != null) {
        external.close();
      }
      if (backing != null) {
        backing.close();
      }
      throw e;
    }
  }

  private static void prepareForWriting(FileStore file, Qcow2Header header) throws IOException {
    if ((header.incompatible & Feature.CORRUPT) != 0) {
      throw new ImageFormatException(
          file.path() + " is marked as damaged and takes no writes; check and repair it first");
    }
    if ((header.incompatible & Feature.DIRTY) != 0) {
      Qcow2Check.run(file, Qcow2Check.Repair.ALL, (done, total) -> true);
      header.incompatible = Qcow2Header.read(file).incompatible;
    }
    long unknown = header.autoclear & ~Feature.KNOWN_AUTOCLEAR;
    if (unknown != 0) {
      header.autoclear &= Feature.KNOWN_AUTOCLEAR;
      TableFile.writeEntry(file, Qcow2Header.AT_AUTOCLEAR, header.autoclear);
      file.flush();
    }
  }

  /** Makes an image; see {@link org.wardian.storage.Images#create}. */
  public static void create(Path path, CreateOptions options) throws IOException {
    new Qcow2Creation(path, options).run();
  }
}

package org.wardian.storage.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/** A disk whose changes are thrown away when it is closed. */
public final class TemporaryOverlay {
  private TemporaryOverlay() {}

  /**
   * Opens an image for reading below an overlay of its own, in the folder for temporary files. The
   * overlay has no name as soon as it is open, where the host can do that: nothing is left behind,
   * however this program ends.
   *
   * @param options for the image; {@code writable} is of no account
   */
  public static BlockImage open(Path image, OpenOptions options) throws IOException {
    Path real = image.toRealPath();
    ImageFormat format = options.format();
    if (format == null) {
      try (FileStore file = FileStore.open(real, false, options.locked())) {
        format = ImageFormat.probe(file);
      }
    }
    Path folder = Files.createTempDirectory("wardian-overlay");
    Path overlay = folder.resolve("overlay.qcow2");
    try {
      Images.create(overlay, CreateOptions.qcow2(-1).withBacking(real.toString(), format));
      return Images.open(
          overlay, options.withFormat(ImageFormat.QCOW2).withWritable(true).withFlushed(false));
    } finally {
      try {
        Files.deleteIfExists(overlay);
        Files.delete(folder);
      } catch (IOException openFilesStay) {
        overlay.toFile().deleteOnExit();
      }
    }
  }
}

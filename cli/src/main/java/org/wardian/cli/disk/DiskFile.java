package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.storage.FileStore;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.imports.ImportFormat;
import org.wardian.storage.imports.Imports;

/** Files that the verbs open and make. */
final class DiskFile {
  private DiskFile() {}

  /**
   * The format to open a file as: the user's, or what its content says; null where that is left to
   * the block layer, because there is no such file.
   *
   * @throws IOException where it is a file that no disk is in, such as an archive
   */
  static ImageFormat format(Path file, ImageFormat format) throws IOException {
    if (format != null || !Files.isRegularFile(file)) {
      return format;
    }
    Optional<ImportFormat> found = Imports.probe(file);
    if (found.isPresent()) {
      return found.get().image().orElseThrow(() -> found.get().refusal(file.toString()));
    }
    return null;
  }

  /** The same, looked at now and never null: to be recorded in another image. */
  static ImageFormat known(Path file, ImageFormat format) throws IOException {
    ImageFormat found = format(file, format);
    if (found != null) {
      return found;
    }
    try (FileStore store = FileStore.open(file, false, false)) {
      return ImageFormat.probe(store);
    }
  }

  /**
   * Removes a file that is to be replaced.
   *
   * @throws org.wardian.storage.ImageInUseException where a process has it as an image
   */
  static void removeOld(Path file) throws IOException {
    if (Files.isRegularFile(file)) {
      FileStore.open(file, true, true).close(); // fails where it is in use
      Files.delete(file);
    }
  }
}

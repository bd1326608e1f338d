package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import picocli.CommandLine.Option;

/** How an image that is changed is opened: the same for all verbs that change one. */
final class WritableOption {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description = "What FILE is: raw or qcow2 (default: by content).")
  private ImageFormat format;

  /** For reading and writing, with locks. */
  OpenOptions writing(Path file) throws IOException {
    return OpenOptions.readWrite().withFormat(DiskFile.format(file, format));
  }
}

package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import picocli.CommandLine.Option;

/** How the one image of a verb is opened: the same for all. */
final class ImageOption {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description = "What FILE is: raw, qcow2, vmdk, vdi, vhd, vhdx, ova (default: by content).")
  private ImageFormat format;

  @Option(
      names = {"-U", "--in-use"},
      description =
          "Look at the image even where a machine is writing to it; what is told may be outdated.")
  private boolean inUse;

  /** For reading; the format is what the user says, or what the content does. */
  OpenOptions reading(Path file) throws IOException {
    return OpenOptions.readOnly().withFormat(DiskFile.format(file, format)).withLocked(!inUse);
  }
}

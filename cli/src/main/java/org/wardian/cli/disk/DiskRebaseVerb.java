package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageRebase;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward disk rebase}. */
@Command(
    name = "rebase",
    mixinStandardHelpOptions = true,
    description = {
      "Gives an overlay another backing file. What differs between the old and the new one is"
          + " copied into the overlay first, so that the disk stays the same.",
      "",
      "  ward disk rebase --backing new-base.qcow2 mine.qcow2",
      "  ward disk rebase --backing '' mine.qcow2        (it stands on its own then)",
      "  ward disk rebase --unsafe -F raw --backing moved/base.img mine.qcow2",
      ""
    })
final class DiskRebaseVerb extends DiskAction {
  @Option(
      names = {"-b", "--backing"},
      paramLabel = "FILE",
      required = true,
      description =
          "The new backing file, or '' for none. A relative name starts from the overlay's folder.")
  private String backing;

  @Option(
      names = {"-F", "--backing-format"},
      paramLabel = "FORMAT",
      description = "What the new backing file is (default: by content, once; it is recorded).")
  private ImageFormat backingFormat;

  @Option(
      names = {"-u", "--unsafe"},
      description =
          "Only change the name: right where the old file was moved, or the new one holds the"
              + " same.")
  private boolean unsafe;

  @Mixin private WritableOption open;
  @Mixin private ProgressOption progress;

  @Parameters(paramLabel = "FILE", description = "The overlay.")
  private Path file;

  @Override
  int act() throws IOException {
    OpenOptions options = open.writing(file);
    String name = backing.isEmpty() ? null : backing;
    ImageFormat known = null;
    if (name != null) {
      Path behind = file.toAbsolutePath().resolveSibling(name);
      if (unsafe && backingFormat == null && !java.nio.file.Files.exists(behind)) {
        throw mistake("there is no " + behind + " to look at: say by --backing-format what it is");
      }
      known = DiskFile.known(behind, backingFormat);
    }
    if (unsafe) {
      ImageRebase.unsafe(file, options, name, known);
    } else {
      try (DiskProgress bar = progress.start(err(), file.toString())) {
        ImageRebase.safe(file, options, name, known, bar);
      }
    }
    out().println(file + ": " + (name == null ? "stands on its own" : "stands on " + name));
    return ExitStatus.OK.code();
  }
}

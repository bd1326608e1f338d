package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.storage.operation.ImageCommit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward disk commit}. */
@Command(
    name = "commit",
    mixinStandardHelpOptions = true,
    description = {
      "Writes what an overlay holds into its backing file, and empties the overlay.",
      "",
      "Other overlays of that backing file would show a disk that never was: there must be none.",
      ""
    })
final class DiskCommitVerb extends DiskAction {
  @Option(
      names = {"-b", "--base"},
      paramLabel = "FILE",
      description =
          "Write into this image of the chain in place of the next one; the images above it keep"
              + " what they hold.")
  private Path base;

  @Option(
      names = {"-k", "--keep"},
      description = "Leave in the overlay what it holds.")
  private boolean keep;

  @Mixin private WritableOption open;
  @Mixin private ProgressOption progress;

  @Parameters(paramLabel = "FILE", description = "The overlay.")
  private Path file;

  @Override
  int act() throws IOException {
    try (DiskProgress bar = progress.start(err(), file.toString())) {
      ImageCommit.run(file, open.writing(file), base, !keep, bar);
    }
    out().println(file + ": committed" + (base == null ? "" : " to " + base));
    return ExitStatus.OK.code();
  }
}

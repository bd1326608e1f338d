package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.storage.operation.ImageSnapshots;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward disk snapshot apply}. */
@Command(
    name = "apply",
    mixinStandardHelpOptions = true,
    description =
        "Makes the disk what it was. What it holds now is lost, unless a snapshot has it.")
final class DiskSnapshotApplyVerb extends DiskAction {
  @Mixin private WritableOption open;

  @Parameters(index = "0", paramLabel = "FILE", description = "The image.")
  private Path file;

  @Parameters(index = "1", paramLabel = "NAME", description = "Its name or ID.")
  private String name;

  @Override
  int act() throws IOException {
    ImageSnapshots.apply(file, open.writing(file), name);
    out().println(file + ": as in snapshot " + name);
    return ExitStatus.OK.code();
  }
}

package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.storage.operation.ImageSnapshots;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward disk snapshot delete}. */
@Command(
    name = "delete",
    aliases = "rm",
    mixinStandardHelpOptions = true,
    description = "Forgets a snapshot and gives its room back.")
final class DiskSnapshotDeleteVerb extends DiskAction {
  @Mixin private WritableOption open;

  @Parameters(index = "0", paramLabel = "FILE", description = "The image.")
  private Path file;

  @Parameters(index = "1", paramLabel = "NAME", description = "Its name or ID.")
  private String name;

  @Override
  int act() throws IOException {
    ImageSnapshots.delete(file, open.writing(file), name);
    out().println(file + ": without snapshot " + name);
    return ExitStatus.OK.code();
  }
}

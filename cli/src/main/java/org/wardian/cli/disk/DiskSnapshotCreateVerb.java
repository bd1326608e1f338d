package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.storage.operation.ImageSnapshots;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward disk snapshot create}. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    description = "Keeps what the disk holds now.")
final class DiskSnapshotCreateVerb extends DiskAction {
  @Mixin private WritableOption open;

  @Parameters(index = "0", paramLabel = "FILE", description = "The image.")
  private Path file;

  @Parameters(index = "1", paramLabel = "NAME", description = "What to call it.")
  private String name;

  @Override
  int act() throws IOException {
    String id = ImageSnapshots.create(file, open.writing(file), name).id();
    out().println("snapshot " + id + ": " + name);
    return ExitStatus.OK.code();
  }
}

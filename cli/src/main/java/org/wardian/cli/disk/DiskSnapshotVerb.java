package org.wardian.cli.disk;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ward disk snapshot}, which only has verbs below it. */
@Command(
    name = "snapshot",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Keeps what a disk holds now within its qcow2 image, and goes back to it. No machine may be"
          + " using the image.",
      ""
    },
    subcommands = {
      DiskSnapshotListVerb.class,
      DiskSnapshotCreateVerb.class,
      DiskSnapshotApplyVerb.class,
      DiskSnapshotDeleteVerb.class,
      HelpCommand.class
    })
final class DiskSnapshotVerb implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "list, create, apply or delete is needed");
  }
}

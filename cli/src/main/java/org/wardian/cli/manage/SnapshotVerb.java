package org.wardian.cli.manage;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ward snapshot}, which only has verbs below it. */
@Command(
    name = "snapshot",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Takes states of machines that can be gone back to, with memory where the machine runs.",
      "",
      "  ward snapshot create web before-upgrade",
      "  ward snapshot list web",
      "  ward snapshot revert web before-upgrade",
      ""
    },
    subcommands = {
      SnapshotListVerb.class,
      SnapshotCreateVerb.class,
      SnapshotRevertVerb.class,
      SnapshotDeleteVerb.class,
      SnapshotInfoVerb.class,
      HelpCommand.class
    })
final class SnapshotVerb implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "list, create, revert, delete or info is needed");
  }
}

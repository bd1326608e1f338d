package org.wardian.cli.manage;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ward net}, which only has verbs below it. */
@Command(
    name = "net",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Manages the networks that a daemon has for its machines.",
      "",
      "  ward net list --all",
      "  ward net define --start --autostart lab.xml",
      "  ward net leases default",
      ""
    },
    subcommands = {
      NetListVerb.class,
      NetInfoVerb.class,
      NetDefineVerb.class,
      NetStartVerb.class,
      NetStopVerb.class,
      NetLeasesVerb.class,
      NetDeleteVerb.class,
      HelpCommand.class
    })
final class NetVerb implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "list, info, define, start, stop, leases or delete is needed");
  }
}

package org.wardian.cli.manage;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ward pool}, which only has verbs below it. */
@Command(
    name = "pool",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Manages the places where a daemon keeps disks: folders and others that libvirt knows.",
      "",
      "  ward pool define images --folder /var/lib/images --start --autostart",
      "  ward vol create images/web.qcow2 20G --format qcow2",
      ""
    },
    subcommands = {
      PoolListVerb.class,
      PoolInfoVerb.class,
      PoolDefineVerb.class,
      PoolStartVerb.class,
      PoolStopVerb.class,
      PoolRefreshVerb.class,
      PoolDeleteVerb.class,
      HelpCommand.class
    })
final class PoolVerb implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "list, info, define, start, stop, refresh or delete is needed");
  }
}

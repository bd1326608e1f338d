package org.wardian.cli.manage;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ward vol}, which only has verbs below it. */
@Command(
    name = "vol",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Manages disks in a daemon's storage pools. A volume is named POOL/NAME, or by its path on"
          + " the daemon's host.",
      "",
      "  ward vol list images",
      "  ward vol upload images/debian.qcow2 debian.qcow2 --create",
      "  ward vol clone images/debian.qcow2 web.qcow2 --linked",
      ""
    },
    subcommands = {
      VolListVerb.class,
      VolInfoVerb.class,
      VolCreateVerb.class,
      VolDeleteVerb.class,
      VolResizeVerb.class,
      VolUploadVerb.class,
      VolDownloadVerb.class,
      VolCloneVerb.class,
      VolWipeVerb.class,
      HelpCommand.class
    })
final class VolVerb implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "list, info, create, delete, resize, upload, download, clone or wipe is needed");
  }
}

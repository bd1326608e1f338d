package org.wardian.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ward image}, which only has verbs below it. */
@Command(
    name = "image",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Fetches, lists and removes the guests that 'ward run' can boot by name.",
      "",
      "They come from the Debian archive: the mirror of this machine's apt where it has one, or"
          + " WARDIAN_MIRROR, or deb.debian.org. The archive's signature and every hash are checked"
          + " before anything is kept. They are kept in wardian/ below $XDG_CACHE_HOME, or"
          + " ~/.cache; WARDIAN_SUITE names another Debian than the default one.",
      "",
      "debian is a whole system: it is made out of packages, in a machine, once.",
      ""
    },
    subcommands = {
      ImagePullVerb.class,
      ImageListVerb.class,
      ImageRemoveVerb.class,
      HelpCommand.class
    })
final class ImageVerb implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "pull, list or rm is needed");
  }
}

package org.wardian.cli.manage;

import java.io.IOException;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainCreateFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ward start}. */
@Command(
    name = "start",
    mixinStandardHelpOptions = true,
    description = {
      "Starts machines that are defined. One that was saved without a file goes on where it was.",
      "",
      "  ward start web db",
      "  ward start --console web",
      ""
    })
final class StartVerb extends DomainsVerb {
  @Option(names = "--paused", description = "Leave it paused; 'ward resume' lets it go on.")
  private boolean paused;

  @Option(
      names = "--fresh",
      description = "Forget the saved state, if there is one, and start from the disk.")
  private boolean fresh;

  @Option(
      names = "--reset-nvram",
      description = "Give its firmware new variables, as a new machine has.")
  private boolean resetNvram;

  @Option(names = "--console", description = "Go to its console at once; for one machine.")
  private boolean console;

  @Override
  void check() {
    if (console && names().size() > 1) {
      throw mistake("--console is for one machine");
    }
  }

  @Override
  String act(Connection connection, Domain domain) throws LibvirtException {
    int flags =
        (paused || console ? DomainCreateFlags.START_PAUSED : 0)
            | (fresh ? DomainCreateFlags.START_FORCE_BOOT : 0)
            | (resetNvram ? DomainCreateFlags.START_RESET_NVRAM : 0);
    if (flags == 0) {
      domain.start();
    } else {
      domain.start(flags);
    }
    return paused ? "started, and paused" : "started";
  }

  @Override
  void after(Connection connection, Domain domain)
      throws LibvirtException, IOException, InterruptedException {
    if (console) {
      // It was started paused, so that nothing of its start is missed.
      ConsoleLink.join(domain, null, 0, err(), paused ? null : domain::resume);
    }
  }
}

package org.wardian.cli.manage;

import java.io.IOException;
import org.wardian.cli.ExitStatus;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainConsoleFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward console}. */
@Command(
    name = "console",
    mixinStandardHelpOptions = true,
    description = {
      "Joins the terminal to a machine's console. Every key goes to the guest, Ctrl-C too; Ctrl-]"
          + " or Ctrl-A x leaves, and the machine goes on. A Ctrl-A for the guest is Ctrl-A"
          + " Ctrl-A.",
      "",
      "Without a terminal the bytes of standard input are typed into the guest as they are, and its"
          + " output goes to standard output until the machine or whoever reads ends it.",
      "",
      "  ward console web",
      "  ward console --device serial1 web >log",
      ""
    })
final class ConsoleVerb extends ManageAction {
  @Option(
      names = {"-f", "--force"},
      description = "Take the console from whoever has it.")
  private boolean force;

  @Option(
      names = "--device",
      paramLabel = "ALIAS",
      description = "Which console or serial port, such as serial1; without it the first.")
  private String device;

  @Parameters(paramLabel = "NAME", description = "Name, UUID or id of the running machine.")
  private String name;

  @Override
  int act(Connection connection) throws LibvirtException, IOException, InterruptedException {
    Domain domain = Lookup.domain(connection, name);
    ConsoleLink.join(domain, device, force ? DomainConsoleFlags.FORCE : 0, err(), null);
    return ExitStatus.OK.code();
  }
}

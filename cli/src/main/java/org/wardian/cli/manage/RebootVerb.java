package org.wardian.cli.manage;

import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward reboot}. */
@Command(
    name = "reboot",
    mixinStandardHelpOptions = true,
    description = {
      "Asks the guests of machines to shut down and start again (ACPI, then a reset when they are"
          + " down).",
      "",
      "  ward reboot web",
      ""
    })
final class RebootVerb extends DomainsVerb {
  @Override
  String act(Connection connection, Domain domain) throws LibvirtException {
    domain.reboot(0);
    return "asked to reboot";
  }
}

package org.wardian.cli.manage;

import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward reset}. */
@Command(
    name = "reset",
    mixinStandardHelpOptions = true,
    description = {
      "Resets machines, as their reset button would: the guest is not asked, and what it has not"
          + " written to its disks is lost.",
      "",
      "  ward reset web",
      ""
    })
final class ResetVerb extends DomainsVerb {
  @Override
  String act(Connection connection, Domain domain) throws LibvirtException {
    domain.reset();
    return "reset";
  }
}

package org.wardian.cli.manage;

import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward pause}. */
@Command(
    name = "pause",
    mixinStandardHelpOptions = true,
    description = {
      "Halts the processors of machines; memory and devices stay as they are.",
      "",
      "  ward pause web && ward snapshot create web && ward resume web",
      ""
    })
final class PauseVerb extends DomainsVerb {
  @Override
  String act(Connection connection, Domain domain) throws LibvirtException {
    domain.suspend();
    return "paused";
  }
}

package org.wardian.cli.manage;

import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward net stop}. */
@Command(
    name = "stop",
    mixinStandardHelpOptions = true,
    description = {
      "Stops networks; machines that are on them are cut off.",
      "",
      "  ward net stop lab",
      ""
    })
final class NetStopVerb extends NetAction {
  @Override
  String act(Network network) throws LibvirtException {
    network.destroy();
    return "stopped";
  }
}

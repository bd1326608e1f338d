package org.wardian.cli.manage;

import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward net start}. */
@Command(
    name = "start",
    mixinStandardHelpOptions = true,
    description = {"Starts networks that are defined.", "", "  ward net start default", ""})
final class NetStartVerb extends NetAction {
  @Override
  String act(Network network) throws LibvirtException {
    network.start();
    return "started";
  }
}

package org.wardian.cli.manage;

import java.io.IOException;
import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ward net delete}. */
@Command(
    name = "delete",
    mixinStandardHelpOptions = true,
    description = {
      "Stops networks and forgets them; machines that are on them are cut off.",
      "",
      "  ward net delete --yes lab",
      ""
    })
final class NetDeleteVerb extends NetAction {
  @Mixin private YesOption yes;

  @Override
  void ask() throws IOException {
    yes.ask(err(), "forget " + Cells.plain(String.join(", ", names())));
  }

  @Override
  String act(Network network) throws LibvirtException {
    boolean persistent = network.isPersistent();
    if (network.isActive()) {
      network.destroy();
    }
    if (persistent) {
      network.undefine();
    }
    return "forgotten";
  }
}

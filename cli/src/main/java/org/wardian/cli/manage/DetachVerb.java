package org.wardian.cli.manage;

import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward detach}. */
@Command(
    name = "detach",
    mixinStandardHelpOptions = true,
    description = {
      "Takes a device away from a machine. A guest that runs is asked to let go of it, and may take"
          + " its time: 'ward events' tells when it is gone.",
      "",
      "  ward detach web disk.xml",
      "  ward detach --persistent web card.xml",
      ""
    })
final class DetachVerb extends DeviceVerb {
  @Override
  void change(Domain domain, String xml, int flags) throws LibvirtException {
    domain.detachDevice(xml, flags);
  }

  @Override
  String done() {
    return "detached";
  }
}

package org.wardian.cli.manage;

import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ward attach}. */
@Command(
    name = "attach",
    mixinStandardHelpOptions = true,
    description = {
      "Adds a device to a machine, or with --update changes one, such as the medium of a drive."
          + " Without an option it is in the running machine as long as that runs.",
      "",
      "  ward attach web disk.xml",
      "  ward attach --persistent web - <card.xml",
      "  ward attach --update web cdrom.xml",
      ""
    })
final class AttachVerb extends DeviceVerb {
  @Option(names = "--update", description = "Change the device that is there.")
  private boolean update;

  @Override
  void change(Domain domain, String xml, int flags) throws LibvirtException {
    if (update) {
      domain.updateDevice(xml, flags);
    } else {
      domain.attachDevice(xml, flags);
    }
  }

  @Override
  String done() {
    return update ? "changed" : "attached";
  }
}

package org.wardian.cli.manage;

import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward rename}. */
@Command(
    name = "rename",
    mixinStandardHelpOptions = true,
    description = {
      "Gives a machine that is shut off another name. Its UUID and the names of its disks stay.",
      "",
      "  ward rename web web-old",
      ""
    })
final class RenameVerb extends ManageAction {
  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "NAME", description = "Name or UUID of the machine.")
  private String name;

  @Parameters(index = "1", paramLabel = "NEW", description = "What it shall be called.")
  private String newName;

  @Override
  int act(Connection connection) throws LibvirtException {
    Domain domain = Lookup.domain(connection, name);
    domain.rename(newName);
    if (json.asked()) {
      print(
          Json.object()
              .put("name", newName)
              .put("uuid", domain.uuid().toString())
              .put("nameBefore", domain.name()));
    } else {
      out().println(Cells.plain(domain.name()) + ": is " + Cells.plain(newName) + " now");
    }
    return ExitStatus.OK.code();
  }
}

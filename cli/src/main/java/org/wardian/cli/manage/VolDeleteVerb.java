package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward vol delete}. */
@Command(
    name = "delete",
    aliases = "rm",
    mixinStandardHelpOptions = true,
    description = {
      "Deletes volumes with all that is in them.",
      "",
      "  ward vol delete --yes images/web.qcow2",
      ""
    })
final class VolDeleteVerb extends ManageAction {
  @Mixin private YesOption yes;
  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "VOLUME",
      arity = "1..*",
      description = "POOL/NAME, or a path on the daemon's host.")
  private List<String> names;

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    List<StorageVolume> volumes = new ArrayList<>();
    for (String name : names) {
      volumes.add(Lookup.volume(connection, name));
    }
    yes.ask(err(), "delete " + Cells.plain(String.join(", ", names)) + " with its content");
    ArrayNode list = Json.array();
    for (StorageVolume volume : volumes) {
      volume.delete();
      list.addObject().put("pool", volume.pool()).put("name", volume.name()).put("done", "deleted");
      if (!json.asked()) {
        out().println(Cells.plain(volume.pool() + "/" + volume.name()) + ": deleted");
        out().flush();
      }
    }
    if (json.asked()) {
      print(list);
    }
    return ExitStatus.OK.code();
  }
}

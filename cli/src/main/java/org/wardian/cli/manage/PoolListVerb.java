package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward pool list}. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the storage pools that are started; with --all those too that are not.",
      "",
      "  ward pool list --all",
      ""
    })
final class PoolListVerb extends ManageAction {
  @Option(
      names = {"-a", "--all"},
      description = "Also pools that are not started.")
  private boolean all;

  @Mixin private JsonOption json;

  @Override
  int act(Connection connection) throws LibvirtException {
    List<StoragePool> pools =
        connection.storagePools().stream().sorted(Comparator.comparing(StoragePool::name)).toList();
    ArrayNode list = Json.array();
    Cells cells = new Cells("NAME", "STATE", "AUTOSTART", ">CAPACITY", ">USED", ">FREE");
    for (StoragePool pool : pools) {
      ObjectNode node = PoolInfoVerb.tree(pool);
      if (!all && !node.get("active").asBoolean()) {
        continue;
      }
      list.add(node);
      boolean active = node.get("active").asBoolean();
      cells.row(
          pool.name(),
          node.get("state").asText(),
          node.get("autostart").asBoolean() ? "yes" : "no",
          active ? DiskSize.text(node.get("capacity").asLong()) : null,
          active ? DiskSize.text(node.get("allocation").asLong()) : null,
          active ? DiskSize.text(node.get("available").asLong()) : null);
    }
    if (json.asked()) {
      print(list);
    } else {
      cells.print(out());
    }
    return ExitStatus.OK.code();
  }
}

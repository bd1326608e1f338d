package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward vol list}. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the volumes of storage pools; of all that are started, where none is named.",
      "",
      "  ward vol list",
      "  ward vol list images --json | jq -r '.[].path'",
      ""
    })
final class VolListVerb extends ManageAction {
  @Mixin private JsonOption json;

  @Parameters(paramLabel = "POOL", arity = "0..*", description = "Names or UUIDs.")
  private List<String> names = new ArrayList<>();

  @Override
  int act(Connection connection) throws LibvirtException {
    ArrayNode list = Json.array();
    Cells cells = new Cells("VOLUME", ">CAPACITY", ">ON THE HOST", "PATH");
    for (StoragePool pool : pools(connection)) {
      for (StorageVolume volume :
          pool.volumes().stream().sorted(Comparator.comparing(StorageVolume::name)).toList()) {
        ObjectNode node;
        try {
          node = VolInfoVerb.tree(volume);
        } catch (LibvirtException e) {
          if (!Refusals.isNotFound(e)) {
            throw e;
          }
          continue; // It went between the list and the question.
        }
        list.add(node);
        cells.row(
            pool.name() + "/" + volume.name(),
            DiskSize.text(node.get("capacity").asLong()),
            DiskSize.text(node.get("allocation").asLong()),
            node.get("path").asText());
      }
    }
    if (json.asked()) {
      print(list);
    } else {
      cells.print(out());
    }
    return ExitStatus.OK.code();
  }

  private List<StoragePool> pools(Connection connection) throws LibvirtException {
    List<StoragePool> pools = new ArrayList<>();
    if (names.isEmpty()) {
      for (StoragePool pool : connection.storagePools()) {
        if (pool.isActive()) {
          pools.add(pool);
        }
      }
      pools.sort(Comparator.comparing(StoragePool::name));
    }
    for (String name : names) {
      pools.add(Lookup.pool(connection, name));
    }
    return pools;
  }
}

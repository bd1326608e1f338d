package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward snapshot list}. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the snapshots of a machine; a star is before the one that it stands on.",
      "",
      "  ward snapshot list web",
      "  ward snapshot list --tree web",
      ""
    })
final class SnapshotListVerb extends ManageAction {
  @Option(names = "--tree", description = "As a tree: each below the one that it stands on.")
  private boolean tree;

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "MACHINE", description = "Name, UUID or id.")
  private String machine;

  @Override
  int act(Connection connection) throws LibvirtException {
    SnapshotTree snapshots = new SnapshotTree(Lookup.domain(connection, machine).snapshots());
    if (json.asked()) {
      ArrayNode list = Json.array();
      snapshots.entries().forEach(entry -> list.add(entry.tree()));
      print(list);
    } else if (tree) {
      snapshots.printTree(out());
    } else {
      snapshots.printTable(out());
    }
    return ExitStatus.OK.code();
  }
}

package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward net list}. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the networks that run; with --all those too that do not.",
      "",
      "  ward net list --all",
      ""
    })
final class NetListVerb extends ManageAction {
  @Option(
      names = {"-a", "--all"},
      description = "Also networks that do not run.")
  private boolean all;

  @Mixin private JsonOption json;

  @Override
  int act(Connection connection) throws LibvirtException {
    List<Network> networks =
        connection.networks().stream().sorted(Comparator.comparing(Network::name)).toList();
    ArrayNode list = Json.array();
    Cells cells = new Cells("NAME", "STATE", "AUTOSTART", "BRIDGE", "FORWARD", "ADDRESSES");
    for (Network network : networks) {
      ObjectNode node = NetInfoVerb.tree(network);
      if (!all && !node.get("active").asBoolean()) {
        continue;
      }
      list.add(node);
      cells.row(
          network.name(),
          node.get("active").asBoolean() ? "active" : "inactive",
          node.get("autostart").asBoolean() ? "yes" : "no",
          node.path("bridge").asText(""),
          node.path("forward").asText(),
          NetInfoVerb.addresses(node));
    }
    if (json.asked()) {
      print(list);
    } else {
      cells.print(out());
    }
    return ExitStatus.OK.code();
  }
}

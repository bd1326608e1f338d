package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward info}. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    description = {
      "Tells what machines are and do: state, processors, memory, disks, network cards with the"
          + " addresses that are known, screens and consoles.",
      "",
      "  ward info web",
      "  ward info --json web | jq -r '.[0].interfaces[].addresses[]'",
      ""
    })
final class InfoVerb extends ManageAction {
  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "NAME",
      arity = "1..*",
      description = "Names, UUIDs, or ids of running machines.")
  private List<String> names;

  @Override
  int act(Connection connection) throws LibvirtException {
    ArrayNode list = Json.array();
    for (String name : names) {
      ObjectNode tree = DomainDescription.tree(connection, Lookup.domain(connection, name));
      list.add(tree);
      if (!json.asked()) {
        if (list.size() > 1) {
          out().println();
        }
        DomainDescription.print(out(), tree);
      }
    }
    if (json.asked()) {
      print(list);
    }
    return ExitStatus.OK.code();
  }
}

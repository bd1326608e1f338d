package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.NetworkDhcpLease;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward net leases}. */
@Command(
    name = "leases",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the addresses that a network has given to machines by DHCP.",
      "",
      "  ward net leases default",
      ""
    })
final class NetLeasesVerb extends ManageAction {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "NAME", description = "Name or UUID of the network.")
  private String name;

  @Override
  int act(Connection connection) throws LibvirtException {
    ArrayNode list = Json.array();
    Cells cells = new Cells("ADDRESS", "MAC", "HOST NAME", "UNTIL");
    for (NetworkDhcpLease lease : Lookup.network(connection, name).leases()) {
      Instant until = Instant.ofEpochSecond(lease.expirytime());
      list.addObject()
          .put("address", lease.ipaddr())
          .put("prefix", lease.prefix())
          .put("mac", lease.mac())
          .put("hostname", lease.hostname())
          .put("clientId", lease.clientid())
          .put("interface", lease.iface())
          .put("expires", until.toString());
      cells.row(
          lease.ipaddr() + "/" + lease.prefix(),
          lease.mac(),
          lease.hostname(),
          lease.expirytime() == 0 ? "for ever" : TIME.format(until.atZone(ZoneId.systemDefault())));
    }
    if (json.asked()) {
      print(list);
    } else {
      cells.print(out());
    }
    return ExitStatus.OK.code();
  }
}

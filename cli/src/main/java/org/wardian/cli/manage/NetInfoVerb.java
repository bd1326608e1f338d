package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward net info}. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    description = {
      "Tells of a network: its bridge, addresses, how it leads on.",
      "",
      "  ward net info default",
      "  ward net info --xml default",
      ""
    })
final class NetInfoVerb extends ManageAction {
  @Option(names = "--xml", description = "Its description in libvirt's XML.")
  private boolean xml;

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "NAME", description = "Name or UUID.")
  private String name;

  @Override
  int act(Connection connection) throws LibvirtException {
    Network network = Lookup.network(connection, name);
    if (xml) {
      out().print(network.xml());
      return ExitStatus.OK.code();
    }
    ObjectNode node = tree(network);
    if (json.asked()) {
      print(node);
      return ExitStatus.OK.code();
    }
    line("name", network.name());
    line("uuid", network.uuid());
    line("state", node.get("active").asBoolean() ? "active" : "inactive");
    line("autostart", node.get("autostart").asBoolean() ? "yes" : "no");
    line("kept", node.get("persistent").asBoolean() ? "yes" : "until it stops");
    line("forward", node.get("forward").asText());
    if (!node.get("bridge").isNull()) {
      line("bridge", node.get("bridge").asText());
    }
    if (!node.get("addresses").isEmpty()) {
      line("addresses", addresses(node));
    }
    return ExitStatus.OK.code();
  }

  private void line(String key, Object value) {
    out().printf(Locale.ROOT, "%-10s %s%n", key, Cells.plain(value.toString()));
  }

  /** Addresses of a tree on one line. */
  static String addresses(JsonNode node) {
    List<String> words = new ArrayList<>();
    node.get("addresses").forEach(one -> words.add(one.asText()));
    return String.join(", ", words);
  }

  /** What a network is. */
  static ObjectNode tree(Network network) throws LibvirtException {
    XmlElement description = XmlFile.parse(network.name(), network.xml());
    boolean persistent = network.isPersistent();
    ObjectNode node = Json.object();
    node.put("name", network.name());
    node.put("uuid", network.uuid().toString());
    node.put("active", network.isActive());
    node.put("persistent", persistent);
    node.put("autostart", persistent && network.autostart());
    node.put("bridge", description.attributeAt("bridge", "name"));
    XmlElement forward = description.child("forward");
    node.put("forward", forward == null ? "isolated" : forward.attribute("mode", "nat"));
    ArrayNode addresses = node.putArray("addresses");
    for (XmlElement ip : description.children("ip")) {
      String length = ip.attribute("prefix", ip.attribute("netmask"));
      addresses.add(ip.attribute("address") + (length == null ? "" : "/" + length));
    }
    return node;
  }
}

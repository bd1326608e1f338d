package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.constants.StoragePoolState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.StoragePoolGetInfoRet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward pool info}. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    description = {
      "Tells of a storage pool: its kind, place, state and room.",
      "",
      "  ward pool info images",
      "  ward pool info --xml images",
      ""
    })
final class PoolInfoVerb extends ManageAction {
  @Option(names = "--xml", description = "Its description in libvirt's XML.")
  private boolean xml;

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "NAME", description = "Name or UUID.")
  private String name;

  @Override
  int act(Connection connection) throws LibvirtException {
    StoragePool pool = Lookup.pool(connection, name);
    if (xml) {
      out().print(pool.xml());
      return ExitStatus.OK.code();
    }
    ObjectNode node = tree(pool);
    XmlElement description = XmlFile.parse(pool.name(), pool.xml());
    node.put("type", description.attribute("type"));
    node.put("path", description.textAt("target/path"));
    boolean active = node.get("active").asBoolean();
    if (active) {
      node.put("volumes", pool.volumes().size());
    }
    if (json.asked()) {
      print(node);
      return ExitStatus.OK.code();
    }
    line("name", pool.name());
    line("uuid", pool.uuid());
    line("type", node.get("type").asText());
    line("path", node.get("path").asText());
    line("state", node.get("state").asText());
    line("autostart", node.get("autostart").asBoolean() ? "yes" : "no");
    if (active) {
      line("capacity", DiskSize.text(node.get("capacity").asLong()));
      line("used", DiskSize.text(node.get("allocation").asLong()));
      line("free", DiskSize.text(node.get("available").asLong()));
      line("volumes", node.get("volumes").asInt());
    }
    return ExitStatus.OK.code();
  }

  private void line(String key, Object value) {
    out().printf(Locale.ROOT, "%-10s %s%n", key, Cells.plain(value.toString()));
  }

  /** What can be told of a pool without its description. */
  static ObjectNode tree(StoragePool pool) throws LibvirtException {
    StoragePoolGetInfoRet info = pool.info();
    ObjectNode node = Json.object();
    node.put("name", pool.name());
    node.put("uuid", pool.uuid().toString());
    node.put("state", Words.of(StoragePoolState.of(info.state()), info.state()));
    node.put("active", pool.isActive());
    node.put("persistent", pool.isPersistent());
    node.put("autostart", pool.autostart());
    node.put("capacity", info.capacity());
    node.put("allocation", info.allocation());
    node.put("available", info.available());
    return node;
  }
}

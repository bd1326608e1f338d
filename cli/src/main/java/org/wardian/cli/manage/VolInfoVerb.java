package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.StorageVolType;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.StorageVolGetInfoRet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward vol info}. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    description = {
      "Tells of a volume: its path, format, sizes, and what it stands on.",
      "",
      "  ward vol info images/web.qcow2",
      "  ward vol info --xml /var/lib/images/web.qcow2",
      ""
    })
final class VolInfoVerb extends ManageAction {
  @Option(names = "--xml", description = "Its description in libvirt's XML.")
  private boolean xml;

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "VOLUME", description = "POOL/NAME, or a path on the daemon's host.")
  private String name;

  @Override
  int act(Connection connection) throws LibvirtException {
    StorageVolume volume = Lookup.volume(connection, name);
    if (xml) {
      out().print(volume.xml());
      return ExitStatus.OK.code();
    }
    XmlElement description = XmlFile.parse(volume.name(), volume.xml());
    ObjectNode node = tree(volume);
    node.put("format", description.attributeAt("target/format", "type"));
    node.put("backing", description.textAt("backingStore/path"));
    if (json.asked()) {
      print(node);
      return ExitStatus.OK.code();
    }
    line("volume", volume.pool() + "/" + volume.name());
    line("path", node.get("path").asText());
    line("type", node.get("type").asText());
    if (!node.get("format").isNull()) {
      line("format", node.get("format").asText());
    }
    line("capacity", DiskSize.text(node.get("capacity").asLong()));
    line("on the host", DiskSize.text(node.get("allocation").asLong()));
    if (!node.get("backing").isNull()) {
      line("stands on", node.get("backing").asText());
    }
    return ExitStatus.OK.code();
  }

  private void line(String key, String value) {
    out().printf(Locale.ROOT, "%-12s %s%n", key, Cells.plain(value));
  }

  /** What can be told of a volume without its description. */
  static ObjectNode tree(StorageVolume volume) throws LibvirtException {
    StorageVolGetInfoRet info = volume.info();
    return Json.object()
        .put("pool", volume.pool())
        .put("name", volume.name())
        .put("path", volume.path())
        .put("type", Words.of(StorageVolType.of(info.type()), info.type()))
        .put("capacity", info.capacity())
        .put("allocation", info.allocation());
  }
}

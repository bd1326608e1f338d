package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.remote.NodeGetInfoRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward host}. */
@Command(
    name = "host",
    mixinStandardHelpOptions = true,
    description = {
      "Tells of the daemon's host: its name, processors and memory, and who answers there.",
      "",
      "  ward host",
      "  ward host -c qemu+tls://host/system --json",
      "  ward host --capabilities",
      ""
    })
final class HostVerb extends ManageAction {
  @Option(
      names = "--capabilities",
      description = "What host and hypervisor can do, in libvirt's XML.")
  private boolean capabilities;

  @Option(
      names = "--machine-capabilities",
      description = "What a machine can have there, in libvirt's XML.")
  private boolean machineCapabilities;

  @Mixin private JsonOption json;

  @Override
  void check() {
    if (capabilities && machineCapabilities) {
      throw mistake("--capabilities and --machine-capabilities exclude each other");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException {
    if (capabilities || machineCapabilities) {
      String xml =
          capabilities
              ? connection.capabilities()
              : connection.domainCapabilities(null, null, null, null);
      if (json.asked()) {
        print(Json.object().put("xml", xml));
      } else {
        out().print(xml.endsWith("\n") ? xml : xml + "\n");
      }
      return ExitStatus.OK.code();
    }
    ObjectNode node = tree(connection);
    if (json.asked()) {
      print(node);
    } else {
      print("host", node.get("hostname").asText());
      print("uri", node.get("uri").asText());
      print(
          "hypervisor",
          node.get("hypervisor").asText() + " " + node.get("hypervisorVersion").asText());
      print("daemon", node.get("daemonVersion").asText());
      print(
          "processors",
          String.format(
              Locale.ROOT,
              "%d %s at %d MHz: %d nodes, %d sockets, %d cores, %d threads",
              node.get("processors").asInt(),
              node.get("architecture").asText(),
              node.get("megahertz").asInt(),
              node.get("nodes").asInt(),
              node.get("socketsPerNode").asInt(),
              node.get("coresPerSocket").asInt(),
              node.get("threadsPerCore").asInt()));
      print(
          "memory",
          DiskSize.text(node.get("memory").asLong())
              + (node.has("freeMemory")
                  ? ", " + DiskSize.text(node.get("freeMemory").asLong()) + " free"
                  : ""));
    }
    return ExitStatus.OK.code();
  }

  private static ObjectNode tree(Connection connection) throws LibvirtException {
    NodeGetInfoRet info = connection.nodeInfo();
    ObjectNode node = Json.object();
    node.put("hostname", connection.hostname());
    node.put("uri", connection.uri());
    node.put("hypervisor", connection.type());
    node.put("hypervisorVersion", version(connection.version()));
    node.put("daemonVersion", version(connection.libraryVersion()));
    node.put("architecture", info.model());
    node.put("processors", info.cpus());
    node.put("megahertz", info.mhz());
    node.put("nodes", info.nodes());
    node.put("socketsPerNode", info.sockets());
    node.put("coresPerSocket", info.cores());
    node.put("threadsPerCore", info.threads());
    node.put("memory", info.memory() << 10);
    try {
      node.put(
          "freeMemory",
          connection.call(RemoteProgram.NODE_GET_FREE_MEMORY, Nothing.NOTHING).freeMem());
    } catch (LibvirtException e) {
      if (!Refusals.isUnsupported(e)) {
        throw e;
      }
    }
    return node;
  }

  private static String version(long number) {
    return number / 1_000_000 + "." + number / 1000 % 1000 + "." + number % 1000;
  }

  private void print(String key, String value) {
    out().printf(Locale.ROOT, "%-12s %s%n", key, Cells.plain(value));
  }
}
